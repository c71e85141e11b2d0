"""Simulate a streamed network: positions go in at their pace, and every output has its cycle."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.rtl.circuit import TOP, output_port
from backends.modelgraph.rtl.stream.circuit import Flow, StreamCircuit
from backends.modelgraph.rtl.stream.timing import Times
from backends.openhls import simulate
from backends.openhls.simulate import Simulated
from backends.openhls.testbench import OUTPUTS, hexadecimal, numbers, quantised_bits, written
from dse.contracts.errors import EvaluationError, FailureKind

_DEFECT = "this is a defect of dse: please report it"

RESET = 4
"""Cycles of the reset."""


def simulate_stream(
    circuit: StreamCircuit,
    text: str,
    inputs: Mapping[str, NDArray[Any]],
    folder: Path,
    cache: Path,
) -> Simulated:
    """Simulate a streamed network on samples back to back; the files stay in `folder`.

    Args:
        circuit: circuit that `text` was written from, for as many inferences as there are samples.
        text: Verilog of the network.
        inputs: inputs by name, first axis samples.
        folder: folder for sources, stimuli, outputs and the log.
        cache: shared cache folder.

    Raises:
        EvaluationError: there is no simulator, it failed, outputs are missing, or one comes in
            another cycle than in a network that never stalls, or an input has to wait.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / simulate.NETWORK).write_text(text)
    (folder / simulate.TESTBENCH).write_text(testbench(circuit))
    for flow in circuit.inputs:
        bits = quantised_bits(inputs[flow.source], flow.type)
        rows = bits.reshape(-1, flow.bits)
        (folder / stimuli_of(flow)).write_text(hexadecimal(rows))
    for port in _ports(circuit):
        (folder / outputs_of(port)).unlink(missing_ok=True)  # of an earlier try
    simulate.run(folder, cache)
    return _checked(circuit, folder)


def _ports(circuit: StreamCircuit) -> list[str]:
    """Return the names of the outputs' ports."""
    return [output_port(number) for number in range(len(circuit.outputs))]


def outputs_of(port: str) -> str:
    """Return the name of the file with the positions that leave a port, one a line."""
    return OUTPUTS if port == "out" else f"{port}.txt"


def stimuli_of(flow: Flow) -> str:
    """Return the name of the file with the positions of an input, one a line."""
    return f"{flow.source}.hex"


def testbench(circuit: StreamCircuit) -> str:
    """Return a testbench that sends positions at the pace of their input.

    It writes cycle and value of every position that leaves the network, a file for each output,
    at the end of the first how many cycles inputs had to wait, and gives up 64 cycles after the
    last position is due.
    """
    expected = sum(len(times) for times in circuit.arrivals)
    outputs = list(zip(_ports(circuit), circuit.outputs, strict=True))
    wires = "\n  ".join(
        f"wire {port}_valid; wire [{flow.bits - 1}:0] {port}; integer file_{port};"
        for port, flow in outputs
    )
    opened = "\n    ".join(
        f'file_{port} = $fopen("{outputs_of(port)}", "w");' for port, _ in outputs
    )
    seen = "\n    ".join(
        f"if ({port}_valid) begin\n      {written(flow.bits, port)}\n"
        "      seen = seen + 1;\n    end"
        for port, flow in outputs
    )
    closed = " ".join(f"$fclose(file_{port});" for port, _ in outputs)
    parts = [_sender(circuit, flow) for flow in circuit.inputs]
    declared = "\n  ".join(part[0] for part in parts)
    loaded = "\n    ".join(part[1] for part in parts)
    sent = "\n    ".join(part[2] for part in parts)
    ports = "".join(
        f", .in_{f.source}(given_{f.source}), .in_{f.source}_valid(valid_{f.source}),"
        f" .in_{f.source}_ready(ready_{f.source})"
        for f in circuit.inputs
    )
    ports += "".join(
        f", .{port}_ready(1'b1), .{port}_valid({port}_valid), .{port}({port})"
        for port in _ports(circuit)
    )
    last = _first_cycle(circuit) + max(int(times[-1]) for times in circuit.arrivals) + 64
    return f"""`timescale 1ns/1ps
module testbench;
  reg clk = 0, rst = 1;
  {wires}
  integer cycle = 0, seen = 0, waited = 0;
  {declared}
  {TOP} dut (.clk(clk), .rst(rst){ports});
  always #1 clk = ~clk;
  initial begin
    {loaded}
    {opened}
  end
  always @(negedge clk) begin
    {seen}
    if (seen == {expected} || cycle > {last}) begin
      $fwrite(file_out, "%0d waited\\n", waited);
      {closed}
      $finish;
    end
    cycle = cycle + 1;
    rst = cycle < {RESET};
    {sent}
  end
endmodule
"""


def _first_cycle(circuit: StreamCircuit) -> int:
    """Return the cycle in which the first position is sent."""
    return RESET + circuit.lead


def _sender(circuit: StreamCircuit, flow: Flow) -> tuple[str, str, str]:
    """Return declarations, initialisation and step of what sends an input."""
    name, count = flow.source, circuit.inferences * flow.positions
    pace, pause = circuit.pace(flow), circuit.interval - circuit.pace(flow) * (flow.positions - 1)
    declared = (
        f"reg [{flow.bits - 1}:0] memory_{name} [0:{count - 1}];"
        f" reg [{flow.bits - 1}:0] given_{name}; reg valid_{name} = 0; wire ready_{name};"
        f" integer sent_{name} = 0, due_{name} = {_first_cycle(circuit)};"
    )
    loaded = f'$readmemh("{stimuli_of(flow)}", memory_{name});'
    step = f"""valid_{name} = 0;
    if (cycle >= due_{name} && sent_{name} < {count} && !ready_{name}) waited = waited + 1;
    if (cycle >= due_{name} && sent_{name} < {count} && ready_{name}) begin
      given_{name} = memory_{name}[sent_{name}];
      valid_{name} = 1;
      sent_{name} = sent_{name} + 1;
      due_{name} = due_{name} + ((sent_{name} % {flow.positions} == 0) ? {pause} : {pace});
    end"""
    return declared, loaded, step


def _checked(circuit: StreamCircuit, folder: Path) -> Simulated:
    """Return outputs, latency and interval.

    Raises:
        EvaluationError: outputs are missing, or a position left in another cycle than it should.
    """
    lines = {port: _lines(folder / outputs_of(port)) for port in _ports(circuit)}
    waited = int(lines["out"].pop()[0])
    cycles = []
    for written_lines, due in zip(lines.values(), circuit.arrivals, strict=True):
        found = np.array([int(cycle) for cycle, _ in written_lines], dtype=np.int64)
        cycles.append(found - _first_cycle(circuit))
        _check_cycles(cycles[-1], due)
    if waited:
        message = f"inputs wait {waited} cycles for a FIFO"
        raise EvaluationError(FailureKind.TOOL_FAILED, message, hint=_DEFECT)
    values = [
        _values(positions, flow, circuit.inferences)
        for positions, flow in zip(lines.values(), circuit.outputs, strict=True)
    ]
    # the cycle of the last position of every inference, the latest of the outputs
    ends = np.max([c.reshape(circuit.inferences, -1)[:, -1] for c in cycles], axis=0)
    interval = int(ends[1] - ends[0]) if len(ends) > 1 else circuit.interval
    return Simulated(tuple(values), int(ends[0]), interval)


def _lines(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text().splitlines()]


def _check_cycles(cycles: Times, due: Times) -> None:
    """Compare when positions left with when they should.

    Raises:
        EvaluationError: a position is missing, early or late.
    """
    if len(cycles) != len(due):
        message = f"the simulation gave {len(cycles)} positions, not {len(due)}"
        raise EvaluationError(FailureKind.TOOL_FAILED, message)
    late = np.flatnonzero(cycles != due)
    if len(late):
        message = (
            f"{len(late)} positions leave in other cycles than in a stream that never stalls, "
            f"first position {late[0]}: in cycle {cycles[late[0]]}, not {due[late[0]]}"
        )
        raise EvaluationError(FailureKind.TOOL_FAILED, message, hint=_DEFECT)


def _values(lines: list[list[str]], flow: Flow, inferences: int) -> NDArray[np.float64]:
    """Return what left a port, (inferences, elements), as numbers."""
    raw = [numbers(int(text, 16), flow.features, flow.type) for _, text in lines]
    values = np.array(raw, dtype=np.float64) * 2.0**-flow.type.fractional
    return values.reshape(inferences, -1)
