"""Exact arithmetic on numbers in Verilog, as `backends.modelgraph.arithmetic` has it on arrays.

Results are wide enough for every value: only casts (`rtl.number`) round or overflow.
"""

from dataclasses import dataclass

from backends.modelgraph.rtl.modules.product import Shape, product
from backends.modelgraph.rtl.number import Number, rescaled, resized
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import VerilogBuilder, constant, signed_bits


@dataclass(frozen=True)
class Constant:
    """The number ``raw * 2**-fractional``."""

    raw: int
    fractional: int = 0


ZERO, ONE, MINUS_ONE = Constant(0), Constant(1), Constant(-1)


def known(code: VerilogBuilder, value: Constant, bits: int = 0) -> Number:
    """Return a constant as a number of at least `bits` bits."""
    bits = max(bits, signed_bits(value.raw))
    return Number(code.wire(bits, constant(value.raw, bits)), bits, value.fractional)


def aligned(code: VerilogBuilder, *numbers: Number) -> list[Number]:
    """Return numbers with a common width and number of fractional bits."""
    fractional = max(number.fractional for number in numbers)
    shifted = [rescaled(code, number, fractional, "TRN") for number in numbers]
    bits = max(number.bits for number in shifted)
    return [resized(code, number, bits) for number in shifted]


def total(code: VerilogBuilder, first: Number, second: Number, sign: str = "+") -> Number:
    """Return the sum, or with sign ``-`` the difference, of two numbers."""
    a, b = aligned(code, first, second)
    bits = a.bits + 1  # for the carry
    left, right = resized(code, a, bits), resized(code, b, bits)
    return Number(code.wire(bits, f"{left.name} {sign} {right.name}"), bits, a.fractional)


def doubled(number: Number) -> Number:
    """Return twice a number, which takes no logic."""
    return Number(number.name, number.bits, number.fractional - 1)


def greater(code: VerilogBuilder, first: Number, second: Number) -> str:
    """Return a one-bit expression: whether the first number is greater."""
    a, b = aligned(code, first, second)
    return f"({a.name} > {b.name})"


def chosen(code: VerilogBuilder, condition: str, first: Number, second: Number) -> Number:
    """Return the first number where a condition holds, else the second."""
    a, b = aligned(code, first, second)
    return Number(code.wire(a.bits, f"{condition} ? {a.name} : {b.name}"), a.bits, a.fractional)


def delayed(code: VerilogBuilder, number: Number, cycles: int) -> Number:
    """Return a number some cycles later."""
    return Number(code.delayed(number.bits, number.name, cycles), number.bits, number.fractional)


def times(
    code: VerilogBuilder, x: Number, factor: Number, pipeline: Pipeline = DSP48E1
) -> tuple[Number, int]:
    """Return the product of two numbers, and the cycles it takes (`rtl.modules.product`)."""
    shape = Shape(x.bits, factor.bits, pipeline)
    name = product(code, x.name, factor.name, shape)
    made = Number(name, x.bits + factor.bits, x.fractional + factor.fractional)
    return made, shape.cycles
