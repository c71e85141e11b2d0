"""The network behind registers of its inputs, so that every path of it has a clock at both ends."""

from backends.modelgraph.rtl.circuit import TOP, Circuit, output_port
from backends.modelgraph.rtl.verilog import Port

HARNESS = "registered"
"""Name of its module."""

CYCLES = 1
"""Cycles that it adds to the latency."""


def harness(circuit: Circuit) -> str:
    """Return the Verilog of a module with the ports of the network, one cycle later.

    nextpnr times no path that begins at a port. The outputs of a network come from registers.
    """
    inputs = [Port("rst", 1), Port("valid_in", 1)]
    inputs += [Port(signal.bus, signal.bits) for signal in circuit.inputs]
    ports = [f"input wire [{port.bits - 1}:0] {port.name}" for port in inputs]
    head = ["input wire clk", *ports, "output wire valid_out"]
    leaving = [Port(output_port(n), signal.bits) for n, signal in enumerate(circuit.outputs)]
    head += [f"output wire [{port.bits - 1}:0] {port.name}" for port in leaving]
    body = [f"reg [{port.bits - 1}:0] r_{port.name};" for port in inputs]
    body += [f"always @(posedge clk) r_{port.name} <= {port.name};" for port in inputs]
    given = ", ".join(f".{port.name}(r_{port.name})" for port in inputs)
    taken = ", ".join(f".{port.name}({port.name})" for port in (Port("valid_out", 1), *leaving))
    body += [f"{TOP} core (.clk(clk), {given}, {taken});"]
    inside = "\n  ".join(body)
    return f"module {HARNESS} (\n  {', '.join(head)}\n);\n  {inside}\nendmodule\n"
