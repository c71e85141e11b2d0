"""Module for the layer normalisation of a row, as hls4ml builds it (nnet_layernorm.h)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.rtl.exact import Constant, known
from backends.modelgraph.rtl.modules.functions import line, widest
from backends.modelgraph.rtl.modules.sums import accumulated
from backends.modelgraph.rtl.modules.tables import as_index, clipped_address, entry, rom
from backends.modelgraph.rtl.number import Number, element, pack
from backends.modelgraph.rtl.path import Path, together
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
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
        pipeline: where the family wants registers.
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
    pipeline: Pipeline = DSP48E1


def layer_normalisation(spec: NormalisationSpec) -> Module:
    """Return the module: `x` (a row) → `y` (a row)."""
    code, count = VerilogBuilder(), len(spec.scales)
    path, accum = Path(code, spec.pipeline), spec.accum
    given = [element(code, "x", i, spec.given) for i in range(count)]
    x = path.each(lambda own, n: own.end(own.cast(n, accum)), given)
    start, mean = path.cycles, _mean(path, x, spec)
    waited = [path.since(start, one) for one in x]
    far = path.each(lambda own, n: own.end(own.cast(own.sum(n, mean, "-"), accum)), waited)
    start, deviation = path.cycles, _one_over_deviation(path, far, spec)
    outputs = _scaled(path, [path.since(start, one) for one in far], deviation, spec)
    bits = count * spec.result.width
    y = code.register(bits, pack(outputs, spec.result), "y")
    inputs = [Port("x", count * spec.given.width)]
    return code.module("normal", inputs, (bits, y), path.cycles + 1)


def _mean(path: Path, terms: Sequence[Number], spec: NormalisationSpec) -> Number:
    """Return the mean of numbers, behind a register if it takes logic."""
    found, cycles = accumulated(path.code, terms, spec.accum, spec.pipeline)
    path.cycles += cycles
    exact = path.product(found, known(path.code, spec.inverse))
    return path.end(path.cast(exact, spec.accum))


def _one_over_deviation(path: Path, far: Sequence[Number], spec: NormalisationSpec) -> Number:
    """Return one over the standard deviation, looked up."""
    squares = path.each(lambda own, n: own.end(own.cast(own.product(n, n), spec.accum)), far)
    variance = _mean(path, squares, spec)
    size, scale = spec.table.raw.size, spec.per_unit.bit_length() - 1
    scaled = Number(variance.name, variance.bits, variance.fractional - scale)
    index = as_index(path, path.rounded(scaled, 0, "TRN_ZERO"), size)
    at, reads = clipped_address(path, index, size), spec.pipeline.reads
    path.cycles += 1 + reads
    return entry(path.code, rom(path.code, at, _raw(spec.table), spec.kind.width, reads), spec.kind)


def _scaled(
    path: Path, far: Sequence[Number], deviation: Number, spec: NormalisationSpec
) -> list[Number]:
    """Return differences over the deviation, scaled and shifted."""
    found, bits = [], widest(spec.scales)
    for one, scale, bias in zip(far, spec.scales, spec.biases, strict=True):
        own = replace(path)
        exact = line(scale, bias, bits)(own, own.product(one, deviation))
        found.append((own, own.cast(exact, spec.result)))
    outputs, path.cycles = together(path.code, found)
    return outputs


def _raw(table: Tensor) -> list[int]:
    return [int(value) for value in table.raw]
