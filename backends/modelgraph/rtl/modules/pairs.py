"""Modules of two inputs: element-wise operations, and dot products.

`backends.modelgraph.layers.merge` has the same operations on arrays.
"""

from collections.abc import Callable, Mapping

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.modules.sums import accumulated
from backends.modelgraph.rtl.number import Number, element, pack
from backends.modelgraph.rtl.path import Path, together
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder

Operation = Callable[[Path, Number, Number], Number]
"""Writes a function of two numbers along a path; returns its exact value."""


def _average(path: Path, a: Number, b: Number) -> Number:
    twice = path.sum(a, b)
    return Number(twice.name, twice.bits, twice.fractional + 1)


OPERATIONS: Mapping[str, Operation] = {
    "add": Path.sum,
    "subtract": lambda path, a, b: path.sum(a, b, "-"),
    "multiply": Path.product,
    "average": _average,
    "maximum": Path.larger,
    "minimum": lambda path, a, b: path.if_above(b, a, a, b),
}
"""Operations by hls4ml's name."""


def merged(
    operation: str,
    count: int,
    types: tuple[FixedType, FixedType],
    to: FixedType,
    pipeline: Pipeline = DSP48E1,
) -> Module:
    """Return a module of `count` operations, exact before the cast: `a`, `b` → `y`.

    A register follows the cast; a product has its own before it.
    """
    code, found = VerilogBuilder(), []
    for i in range(count):
        path = Path(code, pipeline)
        a, b = (element(code, bus, i, kind) for bus, kind in zip("ab", types, strict=True))
        found.append((path, path.cast(OPERATIONS[operation](path, a, b), to)))
    numbers, cycles = together(code, found)
    y = code.register(count * to.width, pack(numbers, to), "y")
    inputs = [Port(bus, count * kind.width) for bus, kind in zip("ab", types, strict=True)]
    return code.module(operation, inputs, (count * to.width, y), cycles + 1)


def dot_product(
    count: int,
    types: tuple[FixedType, FixedType],
    accum: FixedType,
    to: FixedType,
    *,
    cast_products: bool,
    pipeline: Pipeline = DSP48E1,
) -> Module:
    """Return a module of the dot product of two vectors: `a`, `b` → `y`.

    Args:
        count: length of the vectors.
        types: of their elements.
        accum: type of the sum, to which it is cast after every addition.
        to: type of the result.
        cast_products: whether products are cast to the type of the sum before they are added.
        pipeline: where the family wants registers.
    """
    code, found = VerilogBuilder(), []
    for i in range(count):
        path = Path(code, pipeline)
        a, b = (element(code, bus, i, kind) for bus, kind in zip("ab", types, strict=True))
        exact = path.product(a, b)
        found.append((path, path.end(path.cast(exact, accum)) if cast_products else exact))
    terms, cycles = together(code, found)
    total, more = accumulated(code, terms, accum, pipeline)
    path = Path(code, pipeline)
    y = code.register(to.width, pack([path.cast(total, to)], to), "y")
    inputs = [Port(bus, count * kind.width) for bus, kind in zip("ab", types, strict=True)]
    return code.module("dot", inputs, (to.width, y), cycles + more + path.cycles + 1)
