"""Exact arithmetic on numbers in Verilog, as `backends.modelgraph.arithmetic` has it on arrays.

Results are wide enough for every value: only casts (`rtl.number`) round or overflow.
"""

from dataclasses import dataclass

from backends.modelgraph.rtl.modules.product import Shape, product
from backends.modelgraph.rtl.number import Number, rescaled, resized
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


def clipped(code: VerilogBuilder, x: Number, low: int, high: int) -> Number:
    """Return a number limited to a range of integers."""
    for end, sign in ((low, -1), (high, 1)):
        limit = known(code, Constant(end))
        pair = (x, limit) if sign > 0 else (limit, x)
        x = chosen(code, greater(code, *pair), limit, x)
    return x


def delayed(code: VerilogBuilder, number: Number, cycles: int) -> Number:
    """Return a number some cycles later."""
    return Number(code.delayed(number.bits, number.name, cycles), number.bits, number.fractional)


def times(code: VerilogBuilder, x: Number, factor: Number) -> tuple[Number, int]:
    """Return the product of two numbers, and the cycles it takes (`rtl.modules.product`)."""
    shape = Shape(x.bits, factor.bits)
    name = product(code, x.name, factor.name, shape)
    made = Number(name, x.bits + factor.bits, x.fractional + factor.fractional)
    return made, shape.cycles


def quotient(code: VerilogBuilder, n: Number, divisor: int) -> tuple[Number, int]:
    """Return a raw number divided by a positive integer, towards zero, and the cycles it takes.

    A power of two is a shift. Else the magnitude is multiplied by a reciprocal with so many bits
    that the integer part of the product is exact: for n < 2**b and s = b + ceil(log2(divisor)),
    n // divisor is n * (2**s // divisor + 1) >> s (Granlund and Montgomery, 1994).
    """
    shift = (divisor - 1).bit_length()
    if divisor == 1 << shift:
        scaled = Number(n.name, n.bits, shift)
        found = rescaled(code, scaled, 0, "TRN_ZERO")
        return Number(code.register(found.bits, found.name), found.bits, n.fractional), 1
    negative = f"{n.name}[{n.bits - 1}]"
    wide = resized(code, n, n.bits + 1)
    magnitude = code.register(wide.bits, f"{negative} ? -{wide.name} : {wide.name}")
    shift += n.bits
    reciprocal = known(code, Constant((1 << shift) // divisor + 1))
    exact, cycles = times(code, Number(magnitude, wide.bits, 0), reciprocal)
    whole = resized(code, exact, max(exact.bits, shift + 2))
    bits = whole.bits - shift
    size = code.wire(bits, f"{whole.name}[{whole.bits - 1}:{shift}]")
    signed = code.wire(bits, f"{code.delayed(1, negative, 1 + cycles)} ? -{size} : {size}")
    return Number(code.register(bits, signed), bits, n.fractional), cycles + 2
