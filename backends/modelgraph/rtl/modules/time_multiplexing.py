"""Modules for rows that share instances in turn: count groups, select a row, store its result."""

from backends.modelgraph.rtl.modules.graph import multiplexer
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


def group_counter(groups: int, interval: int) -> Module:
    """Return a module that counts the group in work, one every `interval` cycles from `start` on.

    Its outputs are 0 in the cycle of `start` itself: a multiplexer stands in front of the
    counting registers. After the last group it counts on; its value is not used then.
    """
    code = VerilogBuilder()
    bits, wait_bits = max((groups - 1).bit_length(), 1), max((interval - 1).bit_length(), 1)
    code.lines += [
        f"reg [{bits - 1}:0] group = 0;",
        f"reg [{wait_bits - 1}:0] waited = 0;",
        f"wire [{bits - 1}:0] now = start ? {bits}'d0 : group;",
        f"wire [{wait_bits - 1}:0] since = start ? {wait_bits}'d0 : waited;",
        f"wire last = since == {wait_bits}'d{interval - 1};",
        f"always @(posedge clk) waited <= last ? {wait_bits}'d0 : since + {wait_bits}'d1;",
        f"always @(posedge clk) group <= last ? now + {bits}'d1 : now;",
    ]
    return code.module("groups", [], (bits, "now"), 0, {"start": 0})


def choose_row(groups: int, bits: int) -> Module:
    """Return a module that selects a row, a cycle later: `x` (groups rows), `group` → `y`."""
    code = VerilogBuilder()
    rows = [f"x[{(i + 1) * bits - 1}:{i * bits}]" for i in range(groups)]
    index_bits = max((groups - 1).bit_length(), 1)
    y = multiplexer(code, rows, "group", index_bits, bits)
    return code.module("row", [Port("x", groups * bits), Port("group", index_bits)], (bits, y), 1)


def take(bits: int) -> Module:
    """Return a module of one register that takes its input when `take` is set."""
    code = VerilogBuilder()
    y = code.register(bits, "x", "t", "take")
    return code.module("take", [Port("x", bits)], (bits, y), 1, {"take": 0})
