"""Functions of one number, and the module that applies them to the numbers of a row.

A function with several constants, such as the slopes of a PReLU, has one for every number of the
row. `backends.modelgraph.activation_functions` has the same functions on arrays.
"""

from collections.abc import Callable, Sequence

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import (
    MINUS_ONE,
    ONE,
    ZERO,
    Constant,
    chosen,
    clipped,
    delayed,
    doubled,
    greater,
    known,
    times,
    total,
)
from backends.modelgraph.rtl.number import Number, cast, element, pack
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, signed_bits

Function = Callable[[VerilogBuilder, Number], tuple[Number, int]]
"""Writes a function of a number; returns its exact value, and the cycles it takes."""


def mapped(kind: str, given: FixedType, to: FixedType, functions: Sequence[Function]) -> Module:
    """Return a module that applies a function to each number of a row: `x` → `y`.

    The values are cast and registered, one cycle after the functions.

    Args:
        kind: name of the functions.
        given: type of the inputs.
        to: type of the outputs.
        functions: one for every number; all take the same cycles.
    """
    code, count = VerilogBuilder(), len(functions)
    found, cycles = [], 0
    for index, function in enumerate(functions):
        exact, cycles = function(code, element(code, "x", index, given))
        found.append(cast(code, exact, to))
    y = code.register(count * to.width, pack(found, to), "y")
    inputs = [Port("x", count * given.width)]
    return code.module(kind, inputs, (count * to.width, y), cycles + 1)


def bounded(low: int, high: int) -> Function:
    """Return x limited to a range of integers."""
    return lambda code, x: (clipped(code, x, low, high), 0)


def above(threshold: Constant) -> Function:
    """Return x where it is above a threshold, else 0."""

    def function(code: VerilogBuilder, x: Number) -> tuple[Number, int]:
        condition = greater(code, x, known(code, threshold))
        return chosen(code, condition, x, known(code, ZERO)), 0

    return function


def sloped(slope: Constant, bits: int = 0) -> Function:
    """Return x where it is positive, else x times a slope of at least `bits` bits."""

    def function(code: VerilogBuilder, x: Number) -> tuple[Number, int]:
        falling, cycles = times(code, x, known(code, slope, bits))
        same = delayed(code, x, cycles)
        return chosen(code, greater(code, same, known(code, ZERO)), same, falling), cycles

    return function


def line(scale: Constant, bias: Constant, bits: int = 0) -> Function:
    """Return x times a scale of at least `bits` bits, plus a bias."""

    def function(code: VerilogBuilder, x: Number) -> tuple[Number, int]:
        scaled, cycles = times(code, x, known(code, scale, bits))
        return total(code, scaled, known(code, bias)), cycles

    return function


def hard_sigmoid(slope: Constant, shift: Constant) -> Function:
    """Return x times a slope plus a shift, limited to 0 … 1."""

    def function(code: VerilogBuilder, x: Number) -> tuple[Number, int]:
        value, cycles = line(slope, shift)(code, x)
        return clipped(code, value, 0, 1), cycles

    return function


def hard_tanh(slope: Constant, shift: Constant) -> Function:
    """Return twice the hard sigmoid, minus 1."""

    def function(code: VerilogBuilder, x: Number) -> tuple[Number, int]:
        value, cycles = hard_sigmoid(slope, shift)(code, x)
        return total(code, doubled(value), known(code, ONE), "-"), cycles

    return function


def sign(negative: Constant) -> Function:
    """Return 1 for 0 and above, else another constant."""

    def function(code: VerilogBuilder, x: Number) -> tuple[Number, int]:
        return chosen(code, f"{x.name}[{x.bits - 1}]", known(code, negative), known(code, ONE)), 0

    return function


def ternary(given: FixedType) -> Function:
    """Return -1, 0 or 1 by twice the input, which may overflow the type of the input."""

    def function(code: VerilogBuilder, x: Number) -> tuple[Number, int]:
        twice, one, minus = cast(code, doubled(x), given), known(code, ONE), known(code, MINUS_ONE)
        lower = chosen(code, greater(code, twice, minus), known(code, ZERO), minus)
        return chosen(code, greater(code, twice, one), one, lower), 0

    return function


def widest(constants: Sequence[Constant]) -> int:
    """Return the bits that hold every one of some constants."""
    return signed_bits(*(constant.raw for constant in constants))
