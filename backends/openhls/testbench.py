"""A testbench in plain Verilog with its stimuli, for Verilator, Icarus, XSim or Questa."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType, quantise
from backends.modelgraph.rtl.circuit import TOP, Circuit

INPUTS, OUTPUTS = "inputs.hex", "outputs.txt"
"""Files that the testbench reads and writes, in the folder of the simulation."""


def testbench(circuit: Circuit, samples: int) -> str:
    """Return a testbench that sends samples back to back and writes valid outputs.

    It sends a line of `inputs.hex` every `circuit.interval` cycles, the first in cycle
    `FIRST_CYCLE` after a reset of 4 cycles, and writes cycle and value of every valid output to
    `outputs.txt`. Signals change at the falling edge, so none races with the clock of the
    circuit. It gives up 64 cycles after the last output is due.
    """
    assert circuit.output is not None  # noqa: S101  (only finished circuits are tested)
    bits = sum(signal.bits for signal in circuit.inputs)
    ports, position = [], 0
    for signal in circuit.inputs:
        ports.append(f".{signal.bus}(given[{position + signal.bits - 1}:{position}])")
        position += signal.bits
    return f"""`timescale 1ns/1ps
module testbench;
  reg clk = 0, rst = 1, valid_in = 0;
  reg [{bits - 1}:0] memory [0:{samples - 1}];
  reg [{bits - 1}:0] given;
  wire valid_out;
  wire [{circuit.output.bits - 1}:0] out;
  integer cycle = 0, sent = 0, seen = 0, file;
  {TOP} dut (.clk(clk), .rst(rst), .valid_in(valid_in), {", ".join(ports)},
    .valid_out(valid_out), .out(out));
  always #1 clk = ~clk;
  initial begin
    $readmemh("{INPUTS}", memory);
    file = $fopen("{OUTPUTS}", "w");
  end
  always @(negedge clk) begin
    if (valid_out) begin
      {written(circuit.output.bits)}
      seen = seen + 1;
    end
    if (seen == {samples} || cycle > {samples * circuit.interval + circuit.output.time + 64}) begin
      $fclose(file);
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


_WRITABLE_BITS = 8192
"""Most bits of an argument of $fwrite that Verilator takes."""


def written(bits: int) -> str:
    """Return the Verilog that writes cycle and value of an output, the highest part first."""
    if bits <= _WRITABLE_BITS:
        return '$fwrite(file, "%0d %h\\n", cycle + 1, out);'
    ends = [*range(0, bits, _WRITABLE_BITS), bits]
    parts = [f"out[{high - 1}:{low}]" for low, high in pairwise(ends)]
    calls = [f'$fwrite(file, "%h", {part});' for part in reversed(parts)]
    return "\n      ".join(['$fwrite(file, "%0d ", cycle + 1);', *calls, '$fwrite(file, "\\n");'])


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


def read_outputs(folder: Path, circuit: Circuit) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Read the cycle of every output, and the outputs (samples, elements) as numbers."""
    assert circuit.output is not None  # noqa: S101
    kind, count = circuit.output.type, circuit.output.rows * circuit.output.features
    lines = [line.split() for line in (folder / OUTPUTS).read_text().splitlines()]
    cycles = np.array([int(cycle) for cycle, _ in lines], dtype=np.int64)
    raw = np.array([numbers(int(text, 16), count, kind) for _, text in lines], dtype=np.float64)
    return cycles, raw.reshape(len(lines), count) * 2.0**-kind.fractional


def numbers(packed: int, count: int, kind: FixedType) -> list[int]:
    """Return the raw numbers of a packed bus, element 0 in its lowest bits."""
    mask = (1 << kind.width) - 1
    values = [(packed >> (kind.width * i)) & mask for i in range(count)]
    return [v - (1 << kind.width) if kind.signed and v > kind.high else v for v in values]
