"""Module of one pool of a stream: the largest or the mean of some numbers.

As hls4ml's nnet_pooling_stream.h computes it: every number is cast to the accumulator type first,
and so is every sum of two in a tree.
"""

from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import quotient
from backends.modelgraph.rtl.modules.sums import levels
from backends.modelgraph.rtl.number import Number, cast, element, pack
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

    def combined(self, code: VerilogBuilder, left: Number, right: Number) -> Number:
        """Return the larger of two numbers, or their sum in the accumulator type."""
        if self.largest:
            bits = left.bits
            name = code.wire(bits, f"{left.name} > {right.name} ? {left.name} : {right.name}")
            return Number(name, bits, left.fractional)
        bits = left.bits + 1
        total = code.wire(bits, f"{left.name} + {right.name}")
        return cast(code, Number(total, bits, left.fractional), self.accum)

    def finished(self, code: VerilogBuilder, total: Number) -> tuple[Number, int]:
        """Return the result from the largest number or the sum, and the cycles that takes."""
        value, cycles = (total, 0) if self.largest else quotient(code, total, self.count)
        made = cast(code, value, self.result)
        return Number(code.register(made.bits, made.name), made.bits, made.fractional), cycles + 1


def split(count: int) -> int:
    """Return how many of `count` numbers the left half of hls4ml's reduction tree has."""
    return int(1 << ((count - 1).bit_length() - 1))


def pool(spec: PoolSpec) -> Module:
    """Return the module of one pool: `x` (count numbers) → `y`."""
    code, depth = VerilogBuilder(), levels(spec.count)
    numbers = [cast(code, element(code, "x", i, spec.given), spec.accum) for i in range(spec.count)]
    total = _reduced(code, spec, numbers, depth)
    result, cycles = spec.finished(code, total)
    inputs = [Port("x", spec.count * spec.given.width)]
    output = (spec.result.width, pack([result], spec.result))
    return code.module("pool", inputs, output, depth + cycles)


def finish_pool(spec: PoolSpec) -> Module:
    """Return the module that makes the result of one number of type accum: `x` → `y`."""
    code = VerilogBuilder()
    result, cycles = spec.finished(code, element(code, "x", 0, spec.accum))
    output = (spec.result.width, pack([result], spec.result))
    return code.module("pooled", [Port("x", spec.accum.width)], output, cycles)


def _reduced(code: VerilogBuilder, spec: PoolSpec, numbers: list[Number], depth: int) -> Number:
    """Return the largest or the sum of numbers, `depth` cycles later."""
    first = numbers[0]
    if len(numbers) == 1:
        name = code.delayed(first.bits, first.name, depth)
        return Number(name, first.bits, first.fractional)
    middle = split(len(numbers))
    left = _reduced(code, spec, numbers[:middle], depth - 1)
    right = _reduced(code, spec, numbers[middle:], depth - 1)
    made = spec.combined(code, left, right)
    return Number(code.register(made.bits, made.name), made.bits, made.fractional)
