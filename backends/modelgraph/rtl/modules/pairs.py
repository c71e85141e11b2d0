"""Modules of two inputs: element-wise operations, and dot products.

`backends.modelgraph.layers.merge` has the same operations on arrays.
"""

from collections.abc import Callable, Mapping

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import chosen, greater, times, total
from backends.modelgraph.rtl.modules.sums import accumulated
from backends.modelgraph.rtl.number import Number, cast, element, pack
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder

Operation = Callable[[VerilogBuilder, Number, Number], tuple[Number, int]]
"""Writes a function of two numbers; returns its exact value, and the cycles it takes."""


def _add(code: VerilogBuilder, a: Number, b: Number) -> tuple[Number, int]:
    return total(code, a, b), 0


def _subtract(code: VerilogBuilder, a: Number, b: Number) -> tuple[Number, int]:
    return total(code, a, b, "-"), 0


def _average(code: VerilogBuilder, a: Number, b: Number) -> tuple[Number, int]:
    twice = total(code, a, b)
    return Number(twice.name, twice.bits, twice.fractional + 1), 0


def _maximum(code: VerilogBuilder, a: Number, b: Number) -> tuple[Number, int]:
    return chosen(code, greater(code, a, b), a, b), 0


def _minimum(code: VerilogBuilder, a: Number, b: Number) -> tuple[Number, int]:
    return chosen(code, greater(code, b, a), a, b), 0


OPERATIONS: Mapping[str, Operation] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": times,
    "average": _average,
    "maximum": _maximum,
    "minimum": _minimum,
}
"""Operations by hls4ml's name."""


def merged(
    operation: str, count: int, first: FixedType, second: FixedType, to: FixedType
) -> Module:
    """Return a module of `count` operations, exact before the cast: `a`, `b` → `y`.

    A register follows the cast; a product has its own before it.
    """
    code, found, cycles = VerilogBuilder(), [], 0
    for i in range(count):
        a, b = element(code, "a", i, first), element(code, "b", i, second)
        exact, cycles = OPERATIONS[operation](code, a, b)
        found.append(cast(code, exact, to))
    y = code.register(count * to.width, pack(found, to), "y")
    inputs = [Port("a", count * first.width), Port("b", count * second.width)]
    return code.module(operation, inputs, (count * to.width, y), cycles + 1)


def dot_product(
    count: int,
    types: tuple[FixedType, FixedType],
    accum: FixedType,
    to: FixedType,
    *,
    cast_products: bool,
) -> Module:
    """Return a module of the dot product of two vectors: `a`, `b` → `y`.

    Args:
        count: length of the vectors.
        types: of their elements.
        accum: type of the sum, to which it is cast after every addition.
        to: type of the result.
        cast_products: whether products are cast to the type of the sum before they are added.
    """
    code, terms, cycles = VerilogBuilder(), [], 0
    for i in range(count):
        a, b = (element(code, bus, i, kind) for bus, kind in zip("ab", types, strict=True))
        exact, cycles = times(code, a, b)
        terms.append(cast(code, exact, accum) if cast_products else exact)
    found, more = accumulated(code, terms, accum)
    y = code.register(to.width, pack([cast(code, found, to)], to), "y")
    inputs = [Port(bus, count * kind.width) for bus, kind in zip("ab", types, strict=True)]
    return code.module("dot", inputs, (to.width, y), cycles + more + 1)
