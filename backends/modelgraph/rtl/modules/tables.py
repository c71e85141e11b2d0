"""Modules for activations by look-up table (sigmoid, tanh), one element at a time."""

from collections.abc import Sequence

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.number import Number, element
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, constant


def rom(code: VerilogBuilder, address: str, contents: Sequence[int], bits: int) -> str:
    """Declare a table with a registered read, and return the name of what is read.

    The register makes it a synchronous ROM, which Yosys can map to block RAM where it is large.

    Args:
        code: module to write to.
        address: name of the address.
        contents: raw entries.
        bits: width of an entry.
    """
    memory, result = code.name("rom"), code.name("q")
    code.lines.append(f"reg [{bits - 1}:0] {memory} [0:{len(contents) - 1}];")
    mask = (1 << bits) - 1
    fill = " ".join(f"{memory}[{i}] = {bits}'h{v & mask:x};" for i, v in enumerate(contents))
    code.lines.append(f"initial begin {fill} end")
    code.lines.append(f"reg signed [{bits - 1}:0] {result};")
    code.lines.append(f"always @(posedge clk) {result} <= {memory}[{address}];")
    return result


def table_activation(
    kind: str, given: FixedType, result: FixedType, contents: Sequence[int], per_unit: int
) -> Module:
    """Return a module that looks up one element in a table over a symmetric range.

    The index is value * per_unit, truncated towards zero, plus half the size, as in hls4ml
    (nnet_activation.h). 3 cycles: scaling, clipping, reading.

    Args:
        kind: name of the function.
        given: type of the input.
        result: type of the output.
        contents: raw outputs by index, in type `result`; their number is a power of two.
        per_unit: entries per unit of the input, a power of two.
    """
    code = VerilogBuilder()
    x = element(code, "x", 0, given)
    address = _address(code, x, per_unit.bit_length() - 1, len(contents))
    value = rom(code, address, contents, result.width)
    return code.module(kind, [Port("x", given.width)], (result.width, value), latency=3)


def _address(code: VerilogBuilder, x: Number, scale_bits: int, size: int) -> str:
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
    address_bits = size.bit_length() - 1
    bits = max(bits, address_bits) + 2  # the sum with half the size must not overflow
    index = code.register(bits, code.wire(bits, index), "i")
    middle = code.wire(bits, f"{index} + {constant(size // 2, bits)}")
    last = constant(size - 1, bits)
    clipped = code.wire(
        bits,
        f"({middle}[{bits - 1}]) ? {constant(0, bits)} : ({middle} > {last}) ? {last} : {middle}",
    )
    name = code.name("address")
    code.lines.append(f"reg [{address_bits - 1}:0] {name};")
    code.lines.append(f"always @(posedge clk) {name} <= {clipped}[{address_bits - 1}:0];")
    return name
