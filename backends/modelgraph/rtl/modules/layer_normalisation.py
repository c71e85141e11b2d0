"""Module for the layer normalisation of a row, as hls4ml builds it (nnet_layernorm.h)."""

from collections.abc import Sequence
from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.rtl.exact import Constant, delayed, known, times, total
from backends.modelgraph.rtl.modules.functions import line, widest
from backends.modelgraph.rtl.modules.sums import accumulated
from backends.modelgraph.rtl.modules.tables import C_INT_BITS, clipped_address, entry, rom
from backends.modelgraph.rtl.number import Number, cast, element, pack, rescaled, resized
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


@dataclass(frozen=True)
class NormalisationSpec:
    """Types and constants of a layer normalisation.

    Args:
        given: type of the inputs.
        accum: type of sums, mean, differences and squares.
        inverse: 1 / length, in type `accum`.
        table: one over the standard deviation; as many entries as a power of two.
        kind: type of the table's entries.
        per_unit: entries per unit of the variance, a power of two.
        scales: factor of every value of the row.
        biases: what is added to it.
        result: type of the outputs.
    """

    given: FixedType
    accum: FixedType
    inverse: Constant
    table: Tensor
    kind: FixedType
    per_unit: int
    scales: Sequence[Constant]
    biases: Sequence[Constant]
    result: FixedType


def layer_normalisation(spec: NormalisationSpec) -> Module:
    """Return the module: `x` (a row) → `y` (a row)."""
    code, count = VerilogBuilder(), len(spec.scales)
    x = [cast(code, element(code, "x", i, spec.given), spec.accum) for i in range(count)]
    mean, latency = _mean(code, x, spec)
    far = [_difference(code, delayed(code, one, latency), mean, spec.accum) for one in x]
    deviation, cycles = _one_over_deviation(code, far, spec)
    found = [delayed(code, one, cycles) for one in far]
    outputs, more = _scaled(code, found, deviation, spec)
    bits = count * spec.result.width
    y = code.register(bits, pack(outputs, spec.result), "y")
    inputs = [Port("x", count * spec.given.width)]
    # a register behind the differences, one behind the outputs
    return code.module("normal", inputs, (bits, y), latency + 1 + cycles + more + 1)


def _mean(
    code: VerilogBuilder, terms: Sequence[Number], spec: NormalisationSpec
) -> tuple[Number, int]:
    """Return the mean of numbers, and the cycles it takes."""
    found, cycles = accumulated(code, terms, spec.accum)
    exact, more = times(code, found, known(code, spec.inverse))
    return cast(code, exact, spec.accum), cycles + more


def _difference(code: VerilogBuilder, x: Number, mean: Number, accum: FixedType) -> Number:
    """Return a number minus the mean, a cycle later."""
    value = cast(code, total(code, x, mean, "-"), accum)
    return Number(code.register(value.bits, value.name, "far"), value.bits, value.fractional)


def _one_over_deviation(
    code: VerilogBuilder, far: Sequence[Number], spec: NormalisationSpec
) -> tuple[Number, int]:
    """Return one over the standard deviation, looked up, and the cycles it takes."""
    squares, cycles = [], 0
    for one in far:
        exact, cycles = times(code, one, one)
        squares.append(cast(code, exact, spec.accum))
    variance, more = _mean(code, squares, spec)
    found = rom(code, _address(code, variance, spec), _raw(spec.table), spec.kind.width)
    return entry(code, found, spec.kind), cycles + more + 3  # index, clipping, reading


def _address(code: VerilogBuilder, variance: Number, spec: NormalisationSpec) -> str:
    """Return the table's index, an int of C clipped to the table, two cycles later."""
    size, scale = spec.table.raw.size, spec.per_unit.bit_length() - 1
    scaled = Number(variance.name, variance.bits, variance.fractional - scale)
    index = rescaled(code, scaled, 0, "TRN_ZERO")
    # an index of fewer bits than the last entry's could not be compared with it
    bits = min(max(index.bits, size.bit_length() + 1), C_INT_BITS)
    return clipped_address(
        code, code.register(bits, resized(code, index, bits).name, "i"), bits, size
    )


def _scaled(
    code: VerilogBuilder, far: Sequence[Number], deviation: Number, spec: NormalisationSpec
) -> tuple[list[Number], int]:
    """Return differences over the deviation, scaled and shifted, and the cycles that takes."""
    outputs, cycles, bits = [], 0, widest(spec.scales)
    for one, scale, bias in zip(far, spec.scales, spec.biases, strict=True):
        normal, first = times(code, one, deviation)
        exact, second = line(scale, bias, bits)(code, normal)
        outputs.append(cast(code, exact, spec.result))
        cycles = first + second
    return outputs, cycles


def _raw(table: Tensor) -> list[int]:
    return [int(value) for value in table.raw]
