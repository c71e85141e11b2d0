"""Modules for the softmax implementations `argmax` and `legacy` of hls4ml (nnet_activation.h)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import ONE, ZERO, delayed, known
from backends.modelgraph.rtl.modules.sums import accumulated, largest
from backends.modelgraph.rtl.modules.tables import as_index, centred_address, clipped_address, rom
from backends.modelgraph.rtl.number import Number, element, pack
from backends.modelgraph.rtl.path import Path
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


def argmax(classes: int, given: FixedType, to: FixedType, pipeline: Pipeline = DSP48E1) -> Module:
    """Return the module that gives 1 for the first of the largest inputs, 0 for the others."""
    path = Path(VerilogBuilder(), pipeline)
    code = path.code
    x = [element(code, "x", i, given) for i in range(classes)]
    highest, cycles = largest(code, x, pipeline)
    waited = [delayed(code, number, cycles) for number in x]
    hits = path.each(lambda own, n: own.end(_equal(own, n, highest)), waited)
    firsts = [
        "".join([hit.name, *(f" & ~{other.name}" for other in hits[:index])])
        for index, hit in enumerate(hits)
    ]
    bits = [Number(code.wire(1, first, "first"), 1, 0) for first in firsts]
    path.spent = path.pipeline.delays.gate(classes)
    one, zero = known(code, ONE), known(code, ZERO)
    found = path.each(lambda own, hit: own.cast(own.choice(hit, one, zero), to), bits)
    y = code.register(classes * to.width, pack(found, to), "y")
    inputs = [Port("x", classes * given.width)]
    return code.module("argmax", inputs, (classes * to.width, y), cycles + path.cycles + 1)


def _equal(path: Path, first: Number, second: Number) -> Number:
    """Return whether two numbers of one type are equal, as a bit."""
    path.spent += path.pipeline.delays.gate(2 * first.bits)
    return Number(path.code.wire(1, f"{first.name} == {second.name}", "hit"), 1, 0)


@dataclass(frozen=True)
class LegacySpec:
    """Types and tables of the implementation `legacy`.

    Args:
        classes: length of the vector.
        given: type of the inputs.
        accum: type of the exponentials and of their sum, which wraps.
        result: type of the outputs, and so of the inverses.
        exponentials: raw entries by difference of two inputs.
        inverses: raw entries by sum.
        per_unit: entries of the first table per unit of a difference.
        sum_bits: binary logarithm of the range of the second table.
        pipeline: where the family wants registers.
    """

    classes: int
    given: FixedType
    accum: FixedType
    result: FixedType
    exponentials: Sequence[int]
    inverses: Sequence[int]
    per_unit: int
    sum_bits: int
    pipeline: Pipeline = DSP48E1


def legacy(spec: LegacySpec) -> Module:
    """Return the module of 1 / sum(exp(x_j - x_i)) over all j: `x` → `y`."""
    code = VerilogBuilder()
    x = [element(code, "x", i, spec.given) for i in range(spec.classes)]
    found, latency = [], 0
    for own in x:
        path = Path(code, spec.pipeline)
        others = [other for other in x if other is not own]
        terms = path.each(partial(_exponential, spec=spec, own=own), others)
        value, cycles = accumulated(code, [known(code, ONE), *terms], spec.accum, spec.pipeline)
        path.cycles += cycles
        found.append(_inverse(path, spec, value))
        latency = path.cycles
    bits = spec.classes * spec.result.width
    packed = "{" + ", ".join(reversed(found)) + "}"
    inputs = [Port("x", spec.classes * spec.given.width)]
    return code.module("softmax_legacy", inputs, (bits, packed), latency)


def _exponential(path: Path, other: Number, *, spec: LegacySpec, own: Number) -> Number:
    """Return exp(other - own), looked up."""
    difference, scale = path.sum(other, own, "-"), spec.per_unit.bit_length() - 1
    index = centred_address(path, difference, scale, len(spec.exponentials))
    accum, reads = spec.accum, path.pipeline.reads
    path.cycles += 1 + reads
    value = rom(path.code, index, spec.exponentials, accum.width, reads)
    return Number(value, accum.width, accum.fractional)


def _inverse(path: Path, spec: LegacySpec, value: Number) -> str:
    """Return 1 / value, looked up."""
    size, reads = len(spec.inverses), path.pipeline.reads
    scale = size.bit_length() - 1 - spec.sum_bits
    scaled = Number(value.name, value.bits, value.fractional - scale)
    index = as_index(path, path.rounded(scaled, 0, "TRN_ZERO"), size)
    at = clipped_address(path, index, size)
    path.cycles += 1 + reads
    return rom(path.code, at, spec.inverses, spec.result.width, reads)
