"""Modules for the softmax implementations `argmax` and `legacy` of hls4ml (nnet_activation.h)."""

from collections.abc import Sequence
from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import ONE, ZERO, chosen, delayed, known, total
from backends.modelgraph.rtl.modules.sums import accumulated, largest
from backends.modelgraph.rtl.modules.tables import centred_address, clipped_address, rom
from backends.modelgraph.rtl.number import Number, cast, element, pack, rescaled, resized
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


def argmax(classes: int, given: FixedType, to: FixedType) -> Module:
    """Return the module that gives 1 for the first of the largest inputs, 0 for the others."""
    code = VerilogBuilder()
    x = [element(code, "x", i, given) for i in range(classes)]
    name, cycles = largest(code, [number.name for number in x], x[0].bits)
    waited = [delayed(code, number, cycles).name for number in x]
    hits = [code.name("hit") for _ in waited]
    found = []
    for index, (hit, number) in enumerate(zip(hits, waited, strict=True)):
        code.lines.append(f"wire {hit} = {number} == {name};")
        earlier = "".join(f" & ~{other}" for other in hits[:index])
        value = chosen(code, f"({hit}{earlier})", known(code, ONE), known(code, ZERO))
        found.append(cast(code, value, to))
    y = code.register(classes * to.width, pack(found, to), "y")
    inputs = [Port("x", classes * given.width)]
    return code.module("argmax", inputs, (classes * to.width, y), cycles + 1)


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
    """

    classes: int
    given: FixedType
    accum: FixedType
    result: FixedType
    exponentials: Sequence[int]
    inverses: Sequence[int]
    per_unit: int
    sum_bits: int


def legacy(spec: LegacySpec) -> Module:
    """Return the module of 1 / sum(exp(x_j - x_i)) over all j: `x` → `y`."""
    code = VerilogBuilder()
    x = [element(code, "x", i, spec.given) for i in range(spec.classes)]
    found, cycles = [], 0
    for own in x:
        others = [_exponential(code, spec, other, own) for other in x if other is not own]
        terms = [known(code, ONE), *others]
        value, cycles = accumulated(code, terms, spec.accum)
        found.append(_inverse(code, spec, value))
    bits = spec.classes * spec.result.width
    packed = "{" + ", ".join(reversed(found)) + "}"
    inputs = [Port("x", spec.classes * spec.given.width)]
    # look-up of the exponential, sum, look-up of the inverse
    return code.module("softmax_legacy", inputs, (bits, packed), 3 + cycles + 3)


def _exponential(code: VerilogBuilder, spec: LegacySpec, other: Number, own: Number) -> Number:
    """Return exp(other - own), looked up, three cycles later."""
    difference = total(code, other, own, "-")
    scale = spec.per_unit.bit_length() - 1
    address = centred_address(code, difference, scale, len(spec.exponentials))
    value = rom(code, address, spec.exponentials, spec.accum.width)
    return Number(value, spec.accum.width, spec.accum.fractional)


def _inverse(code: VerilogBuilder, spec: LegacySpec, value: Number) -> str:
    """Return 1 / value, looked up, three cycles later."""
    size = len(spec.inverses)
    scale = size.bit_length() - 1 - spec.sum_bits
    index = rescaled(code, Number(value.name, value.bits, value.fractional - scale), 0, "TRN_ZERO")
    index = resized(code, index, max(index.bits, size.bit_length() + 1))
    kept = code.register(index.bits, index.name, "i")
    return rom(
        code, clipped_address(code, kept, index.bits, size), spec.inverses, spec.result.width
    )
