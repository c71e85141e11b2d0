"""Modules for activations by look-up table, one element at a time.

The index into a table is computed as in hls4ml (nnet_activation.h). There it is an int of C.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import Constant, delayed, known
from backends.modelgraph.rtl.modules.functions import Function
from backends.modelgraph.rtl.number import Number, element, pack, rescaled, resized
from backends.modelgraph.rtl.path import Path, negative
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, constant, listed

C_INT_BITS = 32
"""Bits of an int of C; an index that needs more wraps."""


def rom(
    code: VerilogBuilder, address: str, contents: Sequence[int], bits: int, more: int = 0
) -> str:
    """Declare a table with a registered read, and return the name of what is read.

    The register makes it a synchronous ROM, which Yosys can map to block RAM where it is large.

    Args:
        code: module to write to.
        address: name of the address.
        contents: raw entries.
        bits: width of an entry.
        more: registers behind that of the read.
    """
    memory, result = code.name("rom"), code.name("q")
    code.lines.append(f"reg [{bits - 1}:0] {memory} [0:{len(contents) - 1}];")
    mask = (1 << bits) - 1
    entries = [f"{memory}[{i}] = {bits}'h{v & mask:x};" for i, v in enumerate(contents)]
    code.lines.append(f"initial begin {listed(entries, ' ')} end")
    code.lines.append(f"reg signed [{bits - 1}:0] {result};")
    code.lines.append(f"always @(posedge clk) {result} <= {memory}[{address}];")
    return code.delayed(bits, result, more)


@dataclass(frozen=True)
class TableSpec:
    """An activation by table, of one element.

    Args:
        given: type of the input.
        result: type of the output.
        contents: raw outputs by index, in type `result`; their number is a power of two.
        per_unit: entries per unit of the input, a power of two.
        pipeline: where the family wants registers.
    """

    given: FixedType
    result: FixedType
    contents: Sequence[int]
    per_unit: int
    pipeline: Pipeline = DSP48E1

    def read(self, path: Path, address: str) -> Number:
        """Return what is at an address, behind the table's registers."""
        reads = self.pipeline.reads
        path.cycles, path.spent = path.cycles + 1 + reads, 0.0
        name = rom(path.code, address, self.contents, self.result.width, reads)
        return entry(path.code, name, self.result)


def table_activation(kind: str, spec: TableSpec) -> Module:
    """Return a module that looks up one element in a table over a symmetric range.

    The index is value * per_unit, truncated towards zero, plus half the size.

    Args:
        kind: name of the function.
        spec: types and table.
    """
    path = Path(VerilogBuilder(), spec.pipeline)
    x = element(path.code, "x", 0, spec.given)
    index = centred_address(path, x, spec.per_unit.bit_length() - 1, len(spec.contents))
    output = spec.result.width, pack([spec.read(path, index)], spec.result)
    return path.code.module(kind, [Port("x", spec.given.width)], output, path.cycles)


def centred_cycles(given: FixedType, per_unit: int, size: int) -> int:
    """Return the latency of a `table_activation`, without its contents."""
    path, bits = Path(VerilogBuilder()), given.width if given.signed else given.width + 1
    x = Number("x", bits, given.fractional)
    centred_address(path, x, per_unit.bit_length() - 1, size)
    return path.cycles + 1


def centred_address(path: Path, x: Number, scale_bits: int, size: int) -> str:
    """Return the registered index into a table, clipped to its ends.

    Args:
        path: way from the input, which ends behind the register.
        x: the input.
        scale_bits: binary logarithm of the entries per unit of the input.
        size: number of entries.
    """
    code, address_bits = path.code, size.bit_length() - 1
    index = path.rounded(Number(x.name, x.bits, x.fractional - scale_bits), 0, "TRN_ZERO")
    if index.bits > C_INT_BITS:
        half = known(code, Constant(size // 2), C_INT_BITS)
        (index,) = path.step(path.pipeline.delays.chain(C_INT_BITS), index)
        index = resized(code, index, C_INT_BITS)
        middle = code.wire(C_INT_BITS, f"{index.name} + {half.name}")
        return clipped_address(path, Number(middle, C_INT_BITS, 0), size)
    # half the size more turns the highest of the bits that are left
    index = path.cast(index, FixedType(address_bits, address_bits, overflow="SAT"))
    rest = f", {index.name}[{address_bits - 2}:0]" if address_bits > 1 else ""
    return address(path, address_bits, f"{{~{index.name}[{address_bits - 1}]{rest}}}")


def clipped_address(path: Path, index: Number, size: int, low: int = 0) -> str:
    """Return a registered index, clipped to a table's ends.

    Args:
        path: way to the index, which ends behind the register.
        index: the index.
        size: number of entries, a power of two.
        low: entry for negative indices.
    """
    bits = size.bit_length() - 1
    to = FixedType(bits, bits, signed=False, overflow="SAT")
    ends = (constant(value, bits + 1) for value in (low, size - 1))
    clipped = path.replaced(index, to, *ends)
    return address(path, bits, f"{clipped.name}[{bits - 1}:0]")


def address(path: Path, bits: int, value: str) -> str:
    """Return the register of an address, where a path ends."""
    name = path.code.name("address")
    path.code.lines.append(f"reg [{bits - 1}:0] {name};")
    path.code.lines.append(f"always @(posedge clk) {name} <= {value};")
    path.cycles, path.spent = path.cycles + 1, 0.0
    return name


def row_table(given: FixedType, to: FixedType, rows: Sequence[Sequence[int]]) -> Module:
    """Return a module that reads a row of a table: index `x` → `y`, a cycle later.

    Args:
        given: type of the index, of which the integer part counts.
        to: type of the entries.
        rows: raw entries; an index of no row gives any.
    """
    code, bits = VerilogBuilder(), len(rows[0]) * to.width
    mask = (1 << to.width) - 1
    contents = [
        sum((value & mask) << (place * to.width) for place, value in enumerate(row)) for row in rows
    ]
    index = rescaled(code, element(code, "x", 0, given), 0, "TRN")
    index = resized(code, index, max(len(rows).bit_length(), 1))
    # numbers are signed in the code: without this the upper half of the rows would be negative
    value = rom(code, f"$unsigned({index.name})", contents, bits)
    return code.module("row_table", [Port("x", given.width)], (bits, value), 1)


def negative_table(kind: str, spec: TableSpec, positive: Function, *, first_below: bool) -> Module:
    """Return a module that looks up negative numbers in a table, and computes the others.

    The index is -x * per_unit, truncated; entry 0 belongs to 0.

    Args:
        kind: name of the function.
        spec: types and table.
        positive: function of numbers that are not negative.
        first_below: whether an index that wrapped to a negative one takes the first entry, or
            the last.
    """
    code, result, size = VerilogBuilder(), spec.result, len(spec.contents)
    x, low = element(code, "x", 0, spec.given), 0 if first_below else size - 1
    path, other = Path(code, spec.pipeline), Path(code, spec.pipeline)
    found = spec.read(path, _distance(path, x, spec.per_unit, size, low))
    value = other.end(other.cast(positive(other, x), result))
    last = max(path.cycles, other.cycles)
    found, value = (delayed(code, n, last - p.cycles) for p, n in ((path, found), (other, value)))
    path.cycles = last
    y = path.choice(path.since(0, negative(code, x)), found, value)
    done = code.register(result.width, pack([y], result), "y")
    inputs = [Port("x", spec.given.width)]
    return code.module(kind, inputs, (result.width, done), path.cycles + 1)


def _distance(path: Path, x: Number, per_unit: int, size: int, low: int) -> str:
    """Return the registered index of a negative number, clipped to the table's ends."""
    opposite = path.sum(known(path.code, Constant(0)), x, "-")
    scaled = Number(opposite.name, opposite.bits, opposite.fractional - per_unit.bit_length() + 1)
    index = path.rounded(scaled, 0, "TRN")
    return clipped_address(path, as_index(path, index, size), size, low)


def as_index(path: Path, index: Number, size: int) -> Number:
    """Return an index as an int of C, with bits enough to be compared with a table's size."""
    bits = min(max(index.bits, size.bit_length() + 1), C_INT_BITS)
    return resized(path.code, index, bits)


def entry(code: VerilogBuilder, name: str, kind: FixedType) -> Number:
    """Return a table's entry as a number; unsigned ones get a sign bit."""
    if kind.signed:
        return Number(name, kind.width, kind.fractional)
    wide = code.wire(kind.width + 1, f"{{1'b0, {name}}}")
    return Number(wide, kind.width + 1, kind.fractional)
