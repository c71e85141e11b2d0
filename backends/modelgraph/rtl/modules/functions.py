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
    doubled,
    known,
)
from backends.modelgraph.rtl.number import Number, element, pack
from backends.modelgraph.rtl.path import Path, negative, together
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, signed_bits

Function = Callable[[Path, Number], Number]
"""Writes a function of a number along a path; returns its exact value."""


def mapped(
    kind: str,
    given: FixedType,
    to: FixedType,
    functions: Sequence[Function],
    pipeline: Pipeline = DSP48E1,
) -> Module:
    """Return a module that applies a function to each number of a row: `x` → `y`.

    The values are cast and registered.

    Args:
        kind: name of the functions.
        given: type of the inputs.
        to: type of the outputs.
        functions: one for every number.
        pipeline: where the family wants registers.
    """
    code, count = VerilogBuilder(), len(functions)
    found = []
    for index, function in enumerate(functions):
        path = Path(code, pipeline)
        exact = function(path, element(code, "x", index, given))
        found.append((path, path.cast(exact, to)))
    numbers, cycles = together(code, found)
    y = code.register(count * to.width, pack(numbers, to), "y")
    inputs = [Port("x", count * given.width)]
    return code.module(kind, inputs, (count * to.width, y), cycles + 1)


def bounded(low: int, high: int) -> Function:
    """Return x limited to a range of integers."""
    return lambda path, x: path.clipped(x, low, high)


def above(threshold: Constant) -> Function:
    """Return x where it is above a threshold, else 0."""

    def function(path: Path, x: Number) -> Number:
        zero = known(path.code, ZERO)
        return path.beyond(x, threshold, below=False, yes=x, no=zero)

    return function


def sloped(slope: Constant, bits: int = 0) -> Function:
    """Return x where it is positive, else x times a slope of at least `bits` bits."""

    def function(path: Path, x: Number) -> Number:
        start = path.cycles
        falling = path.product(x, known(path.code, slope, bits))
        same = path.since(start, x)
        return path.choice(negative(path.code, same), falling, same)

    return function


def line(scale: Constant, bias: Constant, bits: int = 0) -> Function:
    """Return x times a scale of at least `bits` bits, plus a bias."""

    def function(path: Path, x: Number) -> Number:
        scaled = path.product(x, known(path.code, scale, bits))
        return path.sum(scaled, known(path.code, bias))

    return function


def hard_sigmoid(slope: Constant, shift: Constant) -> Function:
    """Return x times a slope plus a shift, limited to 0 … 1."""
    return lambda path, x: path.clipped(line(slope, shift)(path, x), 0, 1)


def hard_tanh(slope: Constant, shift: Constant) -> Function:
    """Return twice the hard sigmoid, minus 1."""

    def function(path: Path, x: Number) -> Number:
        value = hard_sigmoid(slope, shift)(path, x)
        return path.sum(doubled(value), known(path.code, ONE), "-")

    return function


def sign(below: Constant) -> Function:
    """Return 1 for 0 and above, else another constant."""

    def function(path: Path, x: Number) -> Number:
        code = path.code
        return path.choice(negative(code, x), known(code, below), known(code, ONE))

    return function


def ternary(given: FixedType) -> Function:
    """Return -1, 0 or 1 by twice the input, which may overflow the type of the input."""

    def function(path: Path, x: Number) -> Number:
        code = path.code
        one, zero, minus = (known(code, number) for number in (ONE, ZERO, MINUS_ONE))
        twice = path.cast(doubled(x), given)
        start = path.cycles
        lower = path.beyond(twice, MINUS_ONE, below=False, yes=zero, no=minus)
        return path.beyond(path.since(start, twice), ONE, below=False, yes=one, no=lower)

    return function


def widest(constants: Sequence[Constant]) -> int:
    """Return the bits that hold every one of some constants."""
    return signed_bits(*(constant.raw for constant in constants))
