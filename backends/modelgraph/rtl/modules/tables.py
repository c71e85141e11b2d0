"""Modules for activations by look-up table, one element at a time.

The index into a table is computed as in hls4ml (nnet_activation.h). There it is an int of C.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import Constant, chosen, delayed, known, total
from backends.modelgraph.rtl.modules.functions import Function
from backends.modelgraph.rtl.number import Number, cast, element, pack, rescaled, resized
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
        reads: registers behind the read; see `Pipeline`.
    """

    given: FixedType
    result: FixedType
    contents: Sequence[int]
    per_unit: int
    reads: int = 0

    @property
    def latency(self) -> int:
        """Cycles: scaling, clipping, reading, and the registers behind it."""
        return 3 + self.reads

    def read(self, code: VerilogBuilder, address: str) -> str:
        """Return what is at an address, in the table's own register."""
        return rom(code, address, self.contents, self.result.width, self.reads)


def table_activation(kind: str, spec: TableSpec) -> Module:
    """Return a module that looks up one element in a table over a symmetric range.

    The index is value * per_unit, truncated towards zero, plus half the size.

    Args:
        kind: name of the function.
        spec: types and table.
    """
    code = VerilogBuilder()
    x = element(code, "x", 0, spec.given)
    value = spec.read(
        code, centred_address(code, x, spec.per_unit.bit_length() - 1, len(spec.contents))
    )
    output = spec.result.width, value
    return code.module(kind, [Port("x", spec.given.width)], output, spec.latency)


def centred_address(code: VerilogBuilder, x: Number, scale_bits: int, size: int) -> str:
    """Return the index into the table, clipped to its ends, two cycles later.

    Args:
        code: module to write to.
        x: the input.
        scale_bits: binary logarithm of the entries per unit of the input.
        size: number of entries.
    """
    shift = x.fractional - scale_bits
    if shift > 0:
        # >>> rounds down; 2**shift - 1 added to negative numbers makes that towards zero
        bits = max(x.bits, shift) + 1
        nearer_zero = constant((1 << shift) - 1, bits)
        wide = code.wire(bits, x.name)
        moved = code.wire(
            bits, f"{wide} + ({wide}[{bits - 1}] ? {nearer_zero} : {constant(0, bits)})"
        )
        index = code.wire(bits, f"{moved} >>> {shift}")
    else:
        bits = x.bits - shift
        index = code.wire(bits, f"{{{x.name}, {-shift}'d0}}" if shift else x.name)
    wraps, address_bits = bits > C_INT_BITS, size.bit_length() - 1
    if wraps:
        index, bits = code.wire(C_INT_BITS, f"{index}[{C_INT_BITS - 1}:0]"), C_INT_BITS
    else:
        bits = max(bits, address_bits) + 2  # the sum with half the size must not overflow
    index = code.register(bits, code.wire(bits, index), "i")
    middle = code.wire(bits, f"{index} + {constant(size // 2, bits)}")
    return clipped_address(code, middle, bits, size)


def clipped_address(code: VerilogBuilder, middle: str, bits: int, size: int, low: int = 0) -> str:
    """Return an index clipped to a table's ends, a cycle later.

    Args:
        code: module to write to.
        middle: name of the index.
        bits: its width.
        size: number of entries, a power of two.
        low: entry for negative indices.
    """
    address_bits, last = size.bit_length() - 1, constant(size - 1, bits)
    clipped = code.wire(
        bits,
        f"({middle}[{bits - 1}]) ? {constant(low, bits)} : ({middle} > {last}) ? {last} : {middle}",
    )
    name = code.name("address")
    code.lines.append(f"reg [{address_bits - 1}:0] {name};")
    code.lines.append(f"always @(posedge clk) {name} <= {clipped}[{address_bits - 1}:0];")
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
    code, result = VerilogBuilder(), spec.result
    x, size = element(code, "x", 0, spec.given), len(spec.contents)
    low = 0 if first_below else size - 1
    found = spec.read(code, _distance(code, x, spec.per_unit, size, low))
    value, cycles = positive(code, x)
    latency = max(cycles, spec.latency)
    other = cast(code, delayed(code, value, latency - cycles), result)
    looked_up = delayed(code, entry(code, found, result), latency - spec.latency)
    negative = code.delayed(1, f"{x.name}[{x.bits - 1}]", latency)
    y = chosen(code, negative, looked_up, other)
    done = code.register(result.width, pack([y], result), "y")
    return code.module(kind, [Port("x", spec.given.width)], (result.width, done), latency + 1)


def _distance(code: VerilogBuilder, x: Number, per_unit: int, size: int, low: int) -> str:
    """Return the index of a negative number, clipped to the table's ends, two cycles later."""
    opposite = total(code, known(code, Constant(0)), x, "-")
    scaled = Number(opposite.name, opposite.bits, opposite.fractional - per_unit.bit_length() + 1)
    index = rescaled(code, scaled, 0, "TRN")
    # an index of fewer bits than the last entry's could not be compared with it
    bits = min(max(index.bits, size.bit_length() + 1), C_INT_BITS)
    index = resized(code, index, bits)
    return clipped_address(code, code.register(bits, index.name, "i"), bits, size, low)


def entry(code: VerilogBuilder, name: str, kind: FixedType) -> Number:
    """Return a table's entry as a number; unsigned ones get a sign bit."""
    if kind.signed:
        return Number(name, kind.width, kind.fractional)
    wide = code.wire(kind.width + 1, f"{{1'b0, {name}}}")
    return Number(wide, kind.width + 1, kind.fractional)
