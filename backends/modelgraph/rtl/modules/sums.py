"""The largest and the sum of some numbers, by registered trees or in the firmware's order."""

from collections.abc import Sequence

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import delayed
from backends.modelgraph.rtl.modules.trees import levels, tree_sum
from backends.modelgraph.rtl.number import Number, resized
from backends.modelgraph.rtl.path import Path, together
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import VerilogBuilder, constant


def largest(
    code: VerilogBuilder, numbers: list[Number], pipeline: Pipeline = DSP48E1
) -> tuple[Number, int]:
    """Return the largest of some numbers of one type, and the cycles it takes.

    A level of comparisons has a register behind it, and one between comparison and choice where
    the numbers are wide.
    """
    cycles = 0
    while len(numbers) > 1:
        found = []
        for place in range(0, len(numbers), 2):
            path, (first, *second) = Path(code, pipeline), numbers[place : place + 2]
            made = path.end(path.larger(first, second[0])) if second else first
            found.append((path, made))
        numbers, more = together(code, found)
        cycles += more
    return numbers[0], cycles


_ANY_SHIFT = ("TRN", "RND", "RND_MIN_INF")
"""Rounding modes for which rounding a sum with a rounded number is rounding the other term."""


def accumulated(
    code: VerilogBuilder, terms: Sequence[Number], to: FixedType, pipeline: Pipeline = DSP48E1
) -> tuple[Number, int]:
    """Return the sum of terms, cast to a type after every addition, and the cycles it takes.

    Where every order gives the same, a tree; else one adder after the other, as in the firmware.
    """
    exact = all(term.fractional <= to.fractional for term in terms)
    if (exact or to.rounding in _ANY_SHIFT) and (to.overflow == "WRAP" or _fits(terms, to)):
        return _in_a_tree(code, terms, to, pipeline)
    total, cycles = Number(code.wire(1, constant(0, 1)), 1, to.fractional), 0
    for term in terms:
        path = Path(code, pipeline)
        total = path.register(path.cast(path.sum(total, delayed(code, term, cycles)), to))
        cycles += path.cycles + 1
    return total, cycles


def _fits(terms: Sequence[Number], to: FixedType) -> bool:
    """Whether no partial sum can leave the range of a type."""
    unit = 2.0**-to.fractional  # the most that rounding adds to a term
    scales = [2.0**-term.fractional for term in terms]
    low = sum(term.low * scale - unit for term, scale in zip(terms, scales, strict=True))
    high = sum(term.high * scale + unit for term, scale in zip(terms, scales, strict=True))
    return to.low * unit <= low and high <= to.high * unit


def _in_a_tree(
    code: VerilogBuilder, terms: Sequence[Number], to: FixedType, pipeline: Pipeline
) -> tuple[Number, int]:
    found = []
    for term in terms:
        path = Path(code, pipeline)
        found.append((path, path.end(path.rounded(term, to.fractional, to.rounding))))
    rounded, cycles = together(code, found)
    names = [resized(code, number, to.width).name for number in rounded]
    total = tree_sum(code, names, to.width, levels(len(names)))
    cycles += levels(len(names))
    if to.signed:
        return Number(total, to.width, to.fractional), cycles
    wide = code.wire(to.width + 1, f"{{1'b0, {total}}}")
    return Number(wide, to.width + 1, to.fractional), cycles
