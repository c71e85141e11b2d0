"""Modules for casts, ReLU, holding registers and wires that nothing reads."""

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.number import element, pack
from backends.modelgraph.rtl.path import Path, together
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


def convert(
    count: int,
    given: FixedType,
    to: FixedType,
    *,
    rectify: bool = False,
    pipeline: Pipeline = DSP48E1,
) -> Module:
    """Return a module that casts `count` numbers, after a ReLU if `rectify`.

    It has no registers where the cast is mere wires, and one behind it where it takes logic.
    """
    code = VerilogBuilder()
    found = []
    for i in range(count):
        path, x = Path(code, pipeline), element(code, "x", i, given)
        made = path.relu(x, to) if rectify else path.cast(x, to)
        found.append((path, path.end(made)))
    done, latency = together(code, found)
    bits = count * to.width
    return code.module("cast", [Port("x", count * given.width)], (bits, pack(done, to)), latency)


def hold(bits: int, cycles: int, interval: int) -> Module:
    """Return a module that delays `bits` wires, with one register for every `interval` cycles.

    Data is stable for `interval` cycles, so a chain of ceil(cycles / interval) registers will
    do, each enabled once per inference. Counted back from the output, every register takes its
    input `interval` cycles before the next one does.
    """
    code = VerilogBuilder()
    count = -(-cycles // interval)
    enables = {
        f"take{stage}": cycles - 1 - (count - 1 - stage) * interval for stage in range(count)
    }
    value = "x"
    for stage in range(count):
        value = code.register(bits, value, "h", f"take{stage}" if interval > 1 else "")
    return code.module(
        "hold", [Port("x", bits)], (bits, value), cycles, enables if interval > 1 else {}
    )


def unread(bits: int) -> Module:
    """Return a module whose input no synthesis removes, though nothing reads it; its output is 0.

    Yosys and Vivado keep a wire with the attribute `keep`, and so what drives it.
    """
    code = VerilogBuilder()
    code.lines.append(f'(* keep = "true" *) wire [{bits - 1}:0] kept = x;')
    return code.module("unread", [Port("x", bits)], (1, "1'b0"), 0)
