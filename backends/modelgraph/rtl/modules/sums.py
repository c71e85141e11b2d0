"""Registered trees of adders and comparisons, and sums in the firmware's order."""

from collections.abc import Sequence

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.number import Number, cast, rescaled, resized
from backends.modelgraph.rtl.verilog import VerilogBuilder, constant


def levels(terms: int) -> int:
    """Return the levels of an adder tree, which are also its cycles."""
    return max(terms - 1, 0).bit_length()


def tree_sum(code: VerilogBuilder, terms: list[str], bits: int, depth: int) -> str:
    """Return the sum of signed terms modulo 2**bits, exactly `depth` cycles later.

    Every adder has a register behind it: more than 5 ns need, but without them Yosys merges
    adders into carry-save trees, which take a third more look-up tables.

    Args:
        code: module to write to.
        terms: names of the terms, `bits` wide.
        bits: width of the sum.
        depth: cycles, at least `levels(len(terms))`; a single term is delayed for the rest.
    """
    for _ in range(depth):
        pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
        terms = [code.register(bits, " + ".join(pair), "s") for pair in pairs]
    return terms[0] if terms else code.wire(bits, constant(0, bits))


def largest(code: VerilogBuilder, names: list[str], bits: int) -> tuple[str, int]:
    """Return the largest of some signed numbers, and the cycles it takes, one per level."""
    cycles = 0
    while len(names) > 1:
        pairs = [names[i : i + 2] for i in range(0, len(names), 2)]
        names = [
            code.register(bits, f"({p[0]} > {p[-1]}) ? {p[0]} : {p[-1]}", "max") for p in pairs
        ]
        cycles += 1
    return names[0], cycles


_ANY_SHIFT = ("TRN", "RND", "RND_MIN_INF")
"""Rounding modes for which rounding a sum with a rounded number is rounding the other term."""


def accumulated(code: VerilogBuilder, terms: Sequence[Number], to: FixedType) -> tuple[Number, int]:
    """Return the sum of terms, cast to a type after every addition, and the cycles it takes.

    Where every order gives the same, a tree; else one adder after the other, as in the firmware.
    """
    exact = all(term.fractional <= to.fractional for term in terms)
    if (exact or to.rounding in _ANY_SHIFT) and (to.overflow == "WRAP" or _fits(terms, to)):
        return _in_a_tree(code, terms, to), levels(len(terms))
    total = Number(code.wire(1, constant(0, 1)), 1, to.fractional)
    for cycle, term in enumerate(terms):
        waited = code.delayed(term.bits, term.name, cycle)
        value = cast(code, _sum(code, total, Number(waited, term.bits, term.fractional)), to)
        total = Number(code.register(value.bits, value.name, "s"), value.bits, to.fractional)
    return total, len(terms)


def _fits(terms: Sequence[Number], to: FixedType) -> bool:
    """Whether no partial sum can leave the range of a type."""
    unit = 2.0**-to.fractional  # the most that rounding adds to a term
    scales = [2.0**-term.fractional for term in terms]
    low = sum(term.low * scale - unit for term, scale in zip(terms, scales, strict=True))
    high = sum(term.high * scale + unit for term, scale in zip(terms, scales, strict=True))
    return to.low * unit <= low and high <= to.high * unit


def _in_a_tree(code: VerilogBuilder, terms: Sequence[Number], to: FixedType) -> Number:
    rounded = [rescaled(code, term, to.fractional, to.rounding) for term in terms]
    names = [resized(code, number, to.width).name for number in rounded]
    total = tree_sum(code, names, to.width, levels(len(names)))
    if to.signed:
        return Number(total, to.width, to.fractional)
    wide = code.wire(to.width + 1, f"{{1'b0, {total}}}")
    return Number(wide, to.width + 1, to.fractional)


def _sum(code: VerilogBuilder, first: Number, second: Number) -> Number:
    """Return the exact sum of two numbers."""
    fractional = max(first.fractional, second.fractional)
    a, b = (rescaled(code, number, fractional, "TRN") for number in (first, second))
    bits = max(a.bits, b.bits) + 1
    left, right = resized(code, a, bits), resized(code, b, bits)
    return Number(code.wire(bits, f"{left.name} + {right.name}"), bits, fractional)
