"""Fixed-point values in Verilog: slices of a bus, casts with rounding and overflow.

The semantics are those of `backends.modelgraph.fixed_point`; tests/integration/test_casts.py
compares the two for all modes.

All values are signed: one unsigned operand makes a whole Verilog expression unsigned (IEEE
1364-2005, 5.5.1), so unsigned numbers get a sign bit of zero instead.
"""

from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.verilog import VerilogBuilder, constant, listed


@dataclass(frozen=True)
class Number:
    """A signed Verilog value that stands for ``value * 2**-fractional``.

    Args:
        name: Verilog name.
        bits: width, sign included.
        fractional: fractional bits; may be negative.
    """

    name: str
    bits: int
    fractional: int

    @property
    def low(self) -> int:
        """Smallest raw value that fits."""
        return -(1 << (self.bits - 1))

    @property
    def high(self) -> int:
        """Largest raw value that fits."""
        return (1 << (self.bits - 1)) - 1


def element(code: VerilogBuilder, bus: str, index: int, of: FixedType) -> Number:
    """Return element `index` of a packed bus of numbers of one type."""
    part = f"{bus}[{(index + 1) * of.width - 1}:{index * of.width}]"
    if of.signed:
        return Number(code.wire(of.width, part, "x"), of.width, of.fractional)
    return Number(code.wire(of.width + 1, f"{{1'b0, {part}}}", "x"), of.width + 1, of.fractional)


def pack(numbers: list[Number], of: FixedType) -> str:
    """Return the expression of a packed bus, element 0 in the lowest bits."""
    return f"{{{listed([f'{n.name}[{of.width - 1}:0]' for n in reversed(numbers)])}}}"


def resized(code: VerilogBuilder, value: Number, bits: int) -> Number:
    """Return a value cut to its lowest `bits` bits, or sign-extended to `bits`."""
    if bits == value.bits:
        return value
    part = value.name if bits > value.bits else f"{value.name}[{bits - 1}:0]"
    return Number(code.wire(bits, part), bits, value.fractional)


def cast(code: VerilogBuilder, value: Number, to: FixedType) -> Number:
    """Return a value as a C++ assignment to type `to` gives it; a bit wider if `to` is unsigned."""
    return limited(code, rescaled(code, value, to.fractional, to.rounding), to)


def rescaled(code: VerilogBuilder, value: Number, fractional: int, rounding: str) -> Number:
    """Return a value rounded to another number of fractional bits, not yet limited to a width."""
    if fractional >= value.fractional:
        return finer(code, value, fractional)
    floor, up = floored(code, value, fractional, rounding)
    return raised(code, floor, up)


def finer(code: VerilogBuilder, value: Number, fractional: int) -> Number:
    """Return a value with zeros below its last bit, up to a number of fractional bits."""
    zeros = fractional - value.fractional
    if zeros == 0:
        return value
    name = code.wire(value.bits + zeros, f"{{{value.name}, {zeros}'d0}}")
    return Number(name, value.bits + zeros, fractional)


def floored(
    code: VerilogBuilder, value: Number, fractional: int, rounding: str
) -> tuple[Number, Number | None]:
    """Return the largest number of fewer fractional bits that a value reaches, and one bit.

    The bit says whether it has to be raised by one; None where that never happens.
    """
    shift = value.fractional - fractional
    # at least the sign bit has to remain above the dropped bits
    value = resized(code, value, max(value.bits, shift + 1))
    bits = value.bits - shift
    floor = Number(code.wire(bits, f"{value.name}[{value.bits - 1}:{shift}]"), bits, fractional)
    if rounding == "TRN":
        return floor, None
    return floor, Number(code.wire(1, _round_up(value, shift, rounding), "up"), 1, fractional)


def raised(code: VerilogBuilder, floor: Number, up: Number | None) -> Number:
    """Return what `floored` has divided into two."""
    if up is None:
        return floor
    bits = floor.bits
    # Sign-extended by hand: Verilator 5.006 simulates $signed() in this place wrongly
    wide = f"{{{floor.name}[{bits - 1}], {floor.name}}}"
    name = code.wire(bits + 1, f"{wide} + {{{bits}'d0, {up.name}}}")
    return Number(name, bits + 1, floor.fractional)


def _round_up(value: Number, shift: int, rounding: str) -> str:
    """Return a one-bit expression: whether the floor has to be raised by one.

    `half` is the highest dropped bit; `below` whether any bit under it is set. Together they
    compare the dropped part with one half.
    """
    half, negative = f"{value.name}[{shift - 1}]", f"{value.name}[{value.bits - 1}]"
    odd = f"{value.name}[{shift}]"
    below = f"(|{value.name}[{shift - 2}:0]) | " if shift > 1 else ""
    ties = {
        "RND": "1'b1",
        "RND_MIN_INF": "1'b0",
        "RND_INF": f"~{negative}",
        "RND_ZERO": negative,
        "RND_CONV": odd,
    }
    if rounding == "TRN_ZERO":
        return f"({negative} & (|{value.name}[{shift - 1}:0]))"
    return f"({half} & ({below}{ties[rounding]}))"


def limited(code: VerilogBuilder, value: Number, to: FixedType) -> Number:
    """Return a value brought into the range of `to` by its overflow mode."""
    bits = to.width if to.signed else to.width + 1
    if fits(value, to):  # no logic
        return resized(code, value, bits)
    if to.overflow == "WRAP":
        kept = resized(code, value, to.width)
        if to.signed:
            return kept
        return Number(code.wire(bits, f"{{1'b0, {kept.name}}}"), bits, value.fractional)
    low, high = (0, 0) if to.overflow == "SAT_ZERO" else (to.low, to.high)
    return ends(code, value, to, constant(low, bits), constant(high, bits))


def fits(value: Number, to: FixedType) -> bool:
    """Whether every value is in the range of a type."""
    return to.low <= value.low and value.high <= to.high


def ends(code: VerilogBuilder, value: Number, to: FixedType, low: str, high: str) -> Number:
    """Return a value, or what stands for those below and above the range of a type.

    A value is in range where all bits above are equal: that takes fewer look-up tables than two
    comparisons, and no carry chain.
    """
    bits = to.width if to.signed else to.width + 1
    wide = resized(code, value, max(value.bits, bits + 1)).name
    top = max(value.bits, bits + 1) - 1
    above = f"{wide}[{top - 1}:{bits - 1}]"
    below = f"~&{above}"
    if not to.signed:
        below = "1'b1"
    elif to.overflow == "SAT_SYM":  # the lowest number is out of range
        below += f" | ~|{wide}[{bits - 2}:0]" if bits > 1 else " | 1'b1"
    under = code.wire(1, f"{wide}[{top}] & ({below})", "under")
    over = code.wire(1, f"~{wide}[{top}] & (|{above})", "over")
    inner = code.wire(bits, f"{wide}[{bits - 1}:0]")
    name = code.wire(bits, f"{under} ? {low} : {over} ? {high} : {inner}")
    return Number(name, bits, value.fractional)


def rectified(code: VerilogBuilder, value: Number) -> Number:
    """Return max(value, 0)."""
    sign, zero = f"{value.name}[{value.bits - 1}]", constant(0, value.bits)
    name = code.wire(value.bits, f"{sign} ? {zero} : {value.name}", "relu")
    return Number(name, value.bits, value.fractional)
