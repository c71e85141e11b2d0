"""Module for the softmax of a vector by two tables, as hls4ml builds it (nnet_activation.h)."""

from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.lookup_table import LookupTable
from backends.modelgraph.rtl.exact import delayed
from backends.modelgraph.rtl.modules.sums import largest
from backends.modelgraph.rtl.modules.tables import address, entry, rom
from backends.modelgraph.rtl.number import Number, element, pack
from backends.modelgraph.rtl.path import Path
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


@dataclass(frozen=True)
class SoftmaxSpec:
    """Types and tables of a softmax.

    Args:
        classes: length of the vector.
        given: type of the inputs.
        stable: whether the first table holds exp(-distance to the maximum); else exp(x).
        exponential: first table.
        accum: type that exponentials are cast to and summed in.
        inverse: second table.
        result: type of the outputs.
        pipeline: where the family wants registers.
    """

    classes: int
    given: FixedType
    stable: bool
    exponential: LookupTable
    accum: FixedType
    inverse: LookupTable
    result: FixedType
    pipeline: Pipeline = DSP48E1


def softmax(spec: SoftmaxSpec) -> Module:
    """Return the module: `x` (classes) → `y` (classes)."""
    path = Path(VerilogBuilder(), spec.pipeline)
    code = path.code
    x = [element(code, "x", i, spec.given) for i in range(spec.classes)]
    if spec.stable:
        x = _distances(path, x)
    found = path.each(lambda own, n: _looked_up(own, n, spec.exponential), x)
    terms = path.each(lambda own, n: own.end(own.cast(n, spec.accum)), found)
    start, (total, cycles) = path.cycles, _sum(code, terms, spec)
    path.cycles += cycles
    inverse = _looked_up(path, total, spec.inverse)
    waited = [path.since(start, term) for term in terms]
    outputs = path.each(lambda own, n: _scaled(own, n, inverse, spec), waited)
    bits = spec.classes * spec.result.width
    inputs = [Port("x", spec.classes * spec.given.width)]
    return code.module("softmax", inputs, (bits, pack(outputs, spec.result)), path.cycles)


def _distances(path: Path, x: list[Number]) -> list[Number]:
    """Return max(x) - x for all x, registered."""
    highest, cycles = largest(path.code, x, path.pipeline)
    waited = [delayed(path.code, number, cycles) for number in x]
    path.cycles += cycles
    return path.each(lambda own, n: own.end(own.sum(highest, n, "-")), waited)


def _looked_up(path: Path, number: Number, table: LookupTable) -> Number:
    """Return the table's entry for a number.

    The address is registered, and so is the entry (`rom`).
    """
    code, contents = path.code, [int(value) for value in table.entries.raw]
    bits = (len(contents) - 1).bit_length()
    at = path.cast(number, table.address)
    top = f"{at.name}[{table.address.width - 1}:{table.address.width - bits}]"
    value = rom(code, address(path, bits, top), contents, table.kind.width, path.pipeline.reads)
    path.cycles += 1 + path.pipeline.reads
    return entry(code, value, table.kind)


def _sum(code: VerilogBuilder, terms: list[Number], spec: SoftmaxSpec) -> tuple[Number, int]:
    """Return the sum, and the cycles that takes.

    The tree has the shape of hls4ml's (nnet_common.h, reduce), because every node is cast to
    the accumulator: another order could wrap or saturate elsewhere.
    """
    count = len(terms)
    if count == 1:
        return terms[0], 0
    left = 1 << ((count - 1).bit_length() - 1)
    (a, first), (b, second) = (_sum(code, part, spec) for part in (terms[:left], terms[left:]))
    cycles = max(first, second)
    path = Path(code, spec.pipeline)
    both = path.sum(delayed(code, a, cycles - first), delayed(code, b, cycles - second))
    total = path.end(path.cast(both, spec.accum))
    return total, cycles + path.cycles


def _scaled(path: Path, term: Number, inverse: Number, spec: SoftmaxSpec) -> Number:
    """Return the product of a term and the inverse of the sum."""
    return path.end(path.cast(path.product(term, inverse), spec.result))
