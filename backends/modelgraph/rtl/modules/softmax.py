"""Module for the softmax of a vector by two tables, as hls4ml builds it (nnet_activation.h)."""

from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.lookup_table import LookupTable
from backends.modelgraph.rtl.modules.sums import largest
from backends.modelgraph.rtl.modules.tables import rom
from backends.modelgraph.rtl.number import Number, cast, element, pack
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
    code = VerilogBuilder()
    x = [element(code, "x", i, spec.given) for i in range(spec.classes)]
    latency = 0
    if spec.stable:
        x, cycles = _distances(code, x)
        latency += cycles
    found = [_look_up(code, number, spec.exponential, spec.pipeline) for number in x]
    terms = [cast(code, number, spec.accum) for number in found]
    total, cycles = _sum(code, terms, spec.accum)
    inverse, look_up = _look_up(code, total, spec.inverse, spec.pipeline), 2 + spec.pipeline.reads
    waited = [_delayed(code, term, cycles + look_up) for term in terms]
    outputs = [_scaled(code, term, inverse, spec) for term in waited]
    latency += look_up + cycles + look_up + spec.pipeline.cycles  # the sum and the product
    bits = spec.classes * spec.result.width
    return code.module(
        "softmax", [Port("x", spec.classes * spec.given.width)], (bits, pack(outputs, spec.result)),
        latency,
    )  # fmt: skip


def _delayed(code: VerilogBuilder, number: Number, cycles: int) -> Number:
    """Return a number some cycles later."""
    return Number(code.delayed(number.bits, number.name, cycles), number.bits, number.fractional)


def _distances(code: VerilogBuilder, x: list[Number]) -> tuple[list[Number], int]:
    """Return max(x) - x for all x, registered, and the cycles that takes."""
    bits = x[0].bits
    highest, cycles = largest(code, [number.name for number in x], bits)
    waited = [_delayed(code, number, cycles) for number in x]
    distances = [
        Number(code.register(bits + 1, f"{highest} - {n.name}", "far"), bits + 1, n.fractional)
        for n in waited
    ]
    return distances, cycles + 1


def _look_up(
    code: VerilogBuilder, number: Number, table: LookupTable, pipeline: Pipeline
) -> Number:
    """Return the table's entry for a number, two cycles and `Pipeline.reads` later.

    The address is registered, and so is the entry (`rom`).
    """
    contents, kind = [int(value) for value in table.entries.raw], table.kind
    bits = (len(contents) - 1).bit_length()
    at = cast(code, number, table.address)
    name = code.name("address")
    top = f"{at.name}[{table.address.width - 1}:{table.address.width - bits}]"
    code.lines.append(f"reg [{bits - 1}:0] {name};")
    code.lines.append(f"always @(posedge clk) {name} <= {top};")
    value = rom(code, name, contents, kind.width, pipeline.reads)
    if kind.signed:
        return Number(value, kind.width, kind.fractional)
    wide = code.wire(kind.width + 1, f"{{1'b0, {value}}}")
    return Number(wide, kind.width + 1, kind.fractional)


def _sum(code: VerilogBuilder, terms: list[Number], accum: FixedType) -> tuple[Number, int]:
    """Return the sum, and the cycles that takes.

    The tree has the shape of hls4ml's (nnet_common.h, reduce), because every node is cast to
    the accumulator: another order could wrap or saturate elsewhere.
    """
    count = len(terms)
    if count == 1:
        return terms[0], 0
    left = 1 << ((count - 1).bit_length() - 1)
    (a, first), (b, second) = (_sum(code, part, accum) for part in (terms[:left], terms[left:]))
    cycles = max(first, second)
    a, b = _delayed(code, a, cycles - first), _delayed(code, b, cycles - second)
    exact = code.wire(a.bits + 1, f"{a.name} + {b.name}")
    total = cast(code, Number(exact, a.bits + 1, accum.fractional), accum)
    return Number(
        code.register(total.bits, total.name, "sum"), total.bits, accum.fractional
    ), cycles + 1


def _scaled(code: VerilogBuilder, term: Number, inverse: Number, spec: SoftmaxSpec) -> Number:
    """Return the product of a term and the inverse of the sum, `Pipeline.cycles` later."""
    bits = term.bits + inverse.bits
    x, y = term.name, inverse.name
    if spec.pipeline.operands:
        x, y = code.register(term.bits, x, "a"), code.register(inverse.bits, y, "b")
    exact = code.register(bits, f"{x} * {y}", "p")
    exact = code.delayed(bits, exact, spec.pipeline.products)
    return cast(code, Number(exact, bits, term.fractional + inverse.fractional), spec.result)
