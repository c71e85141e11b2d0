"""Modules for casts, ReLU, sums of two tensors, and holding registers."""

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.number import Number, cast, element, pack, relu, rescaled, resized
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


def convert(count: int, given: FixedType, to: FixedType, *, rectify: bool = False) -> Module:
    """Return a module without registers that casts `count` numbers, after a ReLU if `rectify`."""
    code = VerilogBuilder()
    numbers = [element(code, "x", i, given) for i in range(count)]
    done = [relu(code, n, to) if rectify else cast(code, n, to) for n in numbers]
    bits = count * to.width
    return code.module("cast", [Port("x", count * given.width)], (bits, pack(done, to)), 0)


def add(
    count: int, first: FixedType, second: FixedType, to: FixedType, *, subtract: bool = False
) -> Module:
    """Return a module of `count` sums or differences, exact before the cast: `a`, `b` → `y`."""
    code = VerilogBuilder()
    fractional = max(first.fractional, second.fractional)
    sign, kind_of_sum = ("-", "subtract") if subtract else ("+", "add")
    sums = []
    for i in range(count):
        a, b = (
            rescaled(code, element(code, bus, i, kind), fractional, "TRN")
            for bus, kind in (("a", first), ("b", second))
        )
        bits = max(a.bits, b.bits) + 1  # for the carry
        left, right = resized(code, a, bits), resized(code, b, bits)
        total = code.wire(bits, f"{left.name} {sign} {right.name}")
        sums.append(cast(code, Number(total, bits, fractional), to))
    y = code.register(count * to.width, pack(sums, to), "y")
    inputs = [Port("a", count * first.width), Port("b", count * second.width)]
    return code.module(kind_of_sum, inputs, (count * to.width, y), 1)


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
