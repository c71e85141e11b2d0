"""Module of one pool of a stream: the largest or the mean of some numbers.

As hls4ml's nnet_pooling_stream.h computes it: every number is cast to the accumulator type first,
and so is every sum of two in a tree.
"""

from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import delayed
from backends.modelgraph.rtl.number import Number, element, pack
from backends.modelgraph.rtl.path import Path, quotient
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


@dataclass(frozen=True)
class PoolSpec:
    """Size and types of a pool.

    Args:
        count: numbers of the pool.
        largest: whether the largest is wanted, else the mean.
        given: type of the numbers.
        accum: type in which they are compared or added.
        result: type of the result.
    """

    count: int
    largest: bool
    given: FixedType
    accum: FixedType
    result: FixedType

    def combined(self, path: Path, left: Number, right: Number) -> Number:
        """Return the larger of two numbers, or their sum in the accumulator type."""
        if self.largest:
            return path.larger(left, right)
        return path.cast(path.sum(left, right), self.accum)

    def finished(self, path: Path, total: Number) -> Number:
        """Return the result from the largest number or the sum, registered."""
        value = total if self.largest else quotient(path, total, self.count)
        made = path.register(path.cast(value, self.result))
        path.cycles, path.spent = path.cycles + 1, 0.0
        return made


def split(count: int) -> int:
    """Return how many of `count` numbers the left half of hls4ml's reduction tree has."""
    return int(1 << ((count - 1).bit_length() - 1))


def pool(spec: PoolSpec) -> Module:
    """Return the module of one pool: `x` (count numbers) → `y`."""
    path = Path(VerilogBuilder())
    numbers = [element(path.code, "x", i, spec.given) for i in range(spec.count)]
    terms = path.each(lambda own, n: own.end(own.cast(n, spec.accum)), numbers)
    total, cycles = _reduced(path.code, spec, terms)
    path.cycles += cycles
    result = spec.finished(path, total)
    inputs = [Port("x", spec.count * spec.given.width)]
    output = (spec.result.width, pack([result], spec.result))
    return path.code.module("pool", inputs, output, path.cycles)


def finish_pool(spec: PoolSpec) -> Module:
    """Return the module that makes the result of one number of type accum: `x` → `y`."""
    path = Path(VerilogBuilder())
    result = spec.finished(path, element(path.code, "x", 0, spec.accum))
    output = (spec.result.width, pack([result], spec.result))
    return path.code.module("pooled", [Port("x", spec.accum.width)], output, path.cycles)


def _reduced(code: VerilogBuilder, spec: PoolSpec, numbers: list[Number]) -> tuple[Number, int]:
    """Return the largest or the sum of numbers, and the cycles that takes."""
    if len(numbers) == 1:
        return numbers[0], 0
    middle = split(len(numbers))
    (left, first), (right, second) = (
        _reduced(code, spec, part) for part in (numbers[:middle], numbers[middle:])
    )
    cycles, path = max(first, second), Path(code)
    left, right = delayed(code, left, cycles - first), delayed(code, right, cycles - second)
    made = path.end(spec.combined(path, left, right))
    return made, cycles + path.cycles
