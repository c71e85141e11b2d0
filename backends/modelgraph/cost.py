"""Resources and cycles of a layer, and the formulas that layers share.

A layer with weights has ``ceil(nonzero * p / RF)`` multipliers, with RF the reuse factor and p
the rows computed in parallel (hls4ml's multiplier_limit, core_templates.py).

* A multiplier takes DSP slices where its operands have the bits of `SMALLEST_OPERANDS`; else
  look-up tables, about one per bit of the partial products: ``a * b``. A slice covers 26 x 17
  bits (DSP48E2, sign bits aside).
* At RF 1 weights are constants: a power of two takes no multiplier, a zero neither multiplier
  nor adder, and the width of the others is that of the constant. At RF > 1 a multiplier is as
  wide as the widest weight of the layer and reads it from a table; multipliers that read the
  same inputs in the same order share the multiplexer in front.
* Adders take one LUT per bit; an n:1 multiplexer ``ceil((n - 1) / 3)`` per bit (a LUT6 holds
  a 4:1 multiplexer). Outputs that a multiplier serves one after the other share its adder.
* Every adder, accumulator and result is registered: one flip-flop per bit.
* Depth: 1 cycle to select inputs (at RF > 1), 1 for the product, 1 for each level of the
  adder tree, RF to accumulate, RF for every further group of rows, 1 for the result. Interval:
  RF times the number of groups.

The formulas order designs and show trends. They are not synthesis: every number has the
fidelity `estimate`. Ratios to circuits are in docs/results/calibration.md.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from backends.modelgraph.fixed_point import FixedType

SMALLEST_OPERANDS = {"yosys": (2, 2), "vivado": (11, 6)}
"""Bits of the wider and the narrower operand from which on a multiplier takes a DSP slice, by rule.

``yosys``: the values of `synth_xilinx`. ``vivado``: Vivado HLS 2019.2, fitted to a published scan
of bit widths, see docs/results/calibration.md.
"""

_RULE = ContextVar("multipliers", default="vivado")


@contextmanager
def multipliers(rule: str) -> Iterator[None]:
    """Count costs with another rule for DSP slices, a key of `SMALLEST_OPERANDS`."""
    before = _RULE.set(rule)
    try:
        yield
    finally:
        _RULE.reset(before)


DSP_TILE = (26, 17)
"""Magnitude bits of the operands of one DSP48E2 (UG579: 27 x 18 with signs)."""

BRAM_18K_BITS = 18 * 1024
"""Bits of one 18K block RAM (UG573), parity bits included."""


@dataclass(frozen=True)
class Cost:
    """Estimated cost of a layer.

    Args:
        lut: look-up tables.
        ff: flip-flops.
        dsp: DSP slices.
        bram_18k: 18K block RAMs.
        depth: cycles from its input to its output.
        interval: cycles from one inference to the next.
    """

    lut: float = 0.0
    ff: float = 0.0
    dsp: int = 0
    bram_18k: int = 0
    depth: int = 0
    interval: int = 1


def width(variable: Any) -> int:
    """Return the bits of a variable's type."""
    return int(variable.type.precision.width)


def mux(inputs: int, bits: int) -> float:
    """Return the LUTs of a multiplexer of `inputs` words of `bits` bits."""
    return math.ceil(max(inputs - 1, 0) / 3) * bits


def dsp_slices(first_bits: int, second_bits: int) -> int:
    """Return the DSP slices of one multiplier; 0 where it is built of look-up tables.

    Args:
        first_bits: bits of one operand, sign included.
        second_bits: bits of the other operand, sign included.
    """
    wide, narrow = max(first_bits, second_bits), min(first_bits, second_bits)
    least_wide, least_narrow = SMALLEST_OPERANDS[_RULE.get()]
    if wide < least_wide or narrow < least_narrow:
        return 0
    # either way round, whichever takes fewer slices
    return min(
        math.ceil((wide - 1) / a) * math.ceil((narrow - 1) / b)
        for a, b in (DSP_TILE, DSP_TILE[::-1])
    )


def constant_products(data_bits: int, raw: Iterable[int]) -> Cost:
    """Return the cost of registered products of data with constants.

    Args:
        data_bits: bits of the data, sign included.
        raw: the constants as integers; zeros and powers of two take no multiplier.
    """
    lut, ff, dsp = 0.0, 0.0, 0
    for value in raw:
        bits = _odd_part(value).bit_length() + 1
        slices = dsp_slices(data_bits, bits) if bits > _POWER_OF_TWO_BITS else 0
        if bits > _POWER_OF_TWO_BITS and not slices:
            lut += data_bits * bits
        ff += 0 if slices or value == 0 else data_bits + bits
        dsp += slices
    return Cost(lut=lut, ff=ff, dsp=dsp, depth=1)


_POWER_OF_TWO_BITS = 2
"""Bits of an odd part of 1 with a sign; 0 has fewer."""


def _odd_part(value: int) -> int:
    """Return a magnitude without its trailing zero bits, which are only wires."""
    size = abs(value)
    return size // (size & -size) if size else 0


def casts(count: int, given: FixedType, to: FixedType) -> float:
    """Return the LUTs of casts to another type.

    One LUT per bit to add the rounding bit, and one per bit to choose a limit; truncation and
    wrapping are wires.

    Args:
        count: number of casts.
        given: type before.
        to: type after.
    """
    rounds = to.rounding != "TRN" and given.fractional > to.fractional
    scale = 2.0 ** (to.fractional - given.fractional)
    fits = to.low <= given.low * scale and given.high * scale <= to.high
    limits = to.overflow != "WRAP" and not fits
    return float(count * to.width * (rounds + limits))


def no_cost(node: Any) -> Cost:  # noqa: ARG001  (the same for every node)
    """Return the cost of a layer that is nothing but wires."""
    return Cost()
