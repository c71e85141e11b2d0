"""A testbench in plain Verilog with its stimuli, for Verilator, Icarus, XSim or Questa."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType, quantise
from backends.modelgraph.rtl.circuit import TOP, Circuit, Signal, output_port

INPUTS, OUTPUTS = "inputs.hex", "outputs.txt"
"""Files that the testbench reads and writes, in the folder of the simulation."""


def testbench(circuit: Circuit, samples: int) -> str:
    """Return a testbench that sends samples back to back and writes valid outputs.

    It sends a line of `inputs.hex` every `circuit.interval` cycles, the first in cycle
    `FIRST_CYCLE` after a reset of 4 cycles, and writes cycle and value of every valid output to
    `outputs.txt`. Signals change at the falling edge, so none races with the clock of the
    circuit. It gives up 64 cycles after the last output is due.
    """
    bits, out_bits = (_bits(signals) for signals in (circuit.inputs, circuit.outputs))
    ports, position = [], 0
    for signal in circuit.inputs:
        ports.append(f".{signal.bus}(given[{position + signal.bits - 1}:{position}])")
        position += signal.bits
    position = 0
    for number, signal in enumerate(circuit.outputs):
        ports.append(f".{output_port(number)}(out[{position + signal.bits - 1}:{position}])")
        position += signal.bits
    return f"""`timescale 1ns/1ps
module testbench;
  reg clk = 0, rst = 1, valid_in = 0;
  reg [{bits - 1}:0] memory [0:{samples - 1}];
  reg [{bits - 1}:0] given;
  wire valid_out;
  wire [{out_bits - 1}:0] out;
  integer cycle = 0, sent = 0, seen = 0, file_out;
  {TOP} dut (.clk(clk), .rst(rst), .valid_in(valid_in), {", ".join(ports)},
    .valid_out(valid_out));
  always #1 clk = ~clk;
  initial begin
    $readmemh("{INPUTS}", memory);
    file_out = $fopen("{OUTPUTS}", "w");
  end
  always @(negedge clk) begin
    if (valid_out) begin
      {written(out_bits)}
      seen = seen + 1;
    end
    if (seen == {samples} || cycle > {samples * circuit.interval + circuit.latency + 64}) begin
      $fclose(file_out);
      $finish;
    end
    cycle = cycle + 1;
    rst = cycle < 4;
    valid_in = 0;
    if (cycle >= 8 && (cycle - 8) % {circuit.interval} == 0 && sent < {samples}) begin
      given = memory[sent];
      valid_in = 1;
      sent = sent + 1;
    end
  end
endmodule
"""


def _bits(signals: Sequence[Signal]) -> int:
    return sum(signal.bits for signal in signals)


_WRITABLE_BITS = 8192
"""Most bits of an argument of $fwrite that Verilator takes."""


def written(bits: int, port: str = "out") -> str:
    """Return the Verilog that writes cycle and value of a port, the highest part first."""
    file = f"file_{port}"
    if bits <= _WRITABLE_BITS:
        return f'$fwrite({file}, "%0d %h\\n", cycle + 1, {port});'
    ends = [*range(0, bits, _WRITABLE_BITS), bits]
    parts = [f"{port}[{high - 1}:{low}]" for low, high in pairwise(ends)]
    calls = [f'$fwrite({file}, "%h", {part});' for part in reversed(parts)]
    first, last = f'$fwrite({file}, "%0d ", cycle + 1);', f'$fwrite({file}, "\\n");'
    return "\n      ".join([first, *calls, last])


FIRST_CYCLE = 8
"""Cycle in which the testbench sends the first input."""


def stimuli(circuit: Circuit, inputs: Mapping[str, NDArray[Any]]) -> str:
    """Return the text of `inputs.hex`: a line per sample, the first input in the lowest bits.

    Args:
        circuit: circuit with the input ports.
        inputs: inputs by name, first axis samples.
    """
    columns = [
        quantised_bits(inputs[signal.bus.removeprefix("in_")], signal.type)
        for signal in circuit.inputs
    ]
    return hexadecimal(np.concatenate(columns, axis=1))


def hexadecimal(rows: NDArray[np.uint8]) -> str:
    """Return bits (lines, bits), lowest first, as text for $readmemh."""
    # $readmemh wants the highest digit first, so bytes are filled from the lowest and reversed
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 8)))
    packed = np.packbits(padded, axis=1, bitorder="little")[:, ::-1]
    return "\n".join(row.tobytes().hex() for row in packed) + "\n"


def quantised_bits(values: NDArray[Any], kind: FixedType) -> NDArray[np.uint8]:
    """Return the bits of quantised values, (samples, bits), lowest first."""
    raw = quantise(np.asarray(values, dtype=np.float32), kind)[0].raw.astype(np.int64)
    flat = raw.reshape(len(raw), -1, 1)
    return ((flat >> np.arange(kind.width)) & 1).astype(np.uint8).reshape(len(raw), -1)


Read = tuple[NDArray[np.int64], tuple[NDArray[np.float64], ...]]


def read_outputs(folder: Path, circuit: Circuit) -> Read:
    """Read the cycle of every sample, and the outputs, each (samples, elements), as numbers."""
    lines = [line.split() for line in (folder / OUTPUTS).read_text().splitlines()]
    cycles = np.array([int(cycle) for cycle, _ in lines], dtype=np.int64)
    packed = [int(text, 16) for _, text in lines]
    found = []
    for signal in circuit.outputs:
        found.append(_elements(packed, signal))
        packed = [number >> signal.bits for number in packed]
    return cycles, tuple(found)


def _elements(packed: Sequence[int], signal: Signal) -> NDArray[np.float64]:
    """Return a signal (samples, elements) from numbers with it in their lowest bits."""
    count = signal.rows * signal.features
    raw = np.array([numbers(number, count, signal.type) for number in packed], dtype=np.float64)
    return raw.reshape(len(packed), count) * 2.0**-signal.type.fractional


def numbers(packed: int, count: int, kind: FixedType) -> list[int]:
    """Return the raw numbers of a packed bus, element 0 in its lowest bits."""
    mask = (1 << kind.width) - 1
    values = [(packed >> (kind.width * i)) & mask for i in range(count)]
    return [v - (1 << kind.width) if kind.signed and v > kind.high else v for v in values]
