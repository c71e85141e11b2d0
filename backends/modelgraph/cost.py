"""Resources and cycles of a layer, and the formulas that layers share.

Conventions: W bits of a type; E, N rows; multipliers of a weighted layer are
``ceil(nonzero * p / RF)`` with p rows side by side (hls4ml: multiplier_limit).

* A multiplier takes DSP slices where its wider operand has at least 11 and its narrower at
  least 6 bits, else look-up tables: about one per bit of partial product,
  ``a * b``. Slices tile 26 x 17 bits (DSP48E2, sign bits aside).
* At RF 1 weights are constants: zeros and powers of two take no multiplier, zeros no adder
  either, and the width of the others is that of the constant. At RF > 1 a multiplier is as
  wide as the widest weight of the layer and reads it from a table; multipliers that read the
  same inputs in the same order share the multiplexer in front.
* Adders take one LUT per bit; an n:1 multiplexer ``ceil((n - 1) / 3)`` per bit (LUT6).
  Where a multiplier serves several outputs one after the other they share its adder.
* Every adder, accumulator and result is registered: one flip-flop per bit.
* Depth: 1 cycle to choose inputs (at RF > 1), 1 for the product, 1 for each level of the
  adder tree, RF to reuse, RF for every further group of rows, 1 to leave. Interval: RF
  times the groups.

They order designs and show trends. They are not synthesis: every number carries the
fidelity `estimate`.
"""

import math
from dataclasses import dataclass
from typing import Any

DSP_WIDE_BITS, DSP_NARROW_BITS = 11, 6
"""Operand widths from which on Vivado HLS 2019.2 takes a DSP slice; see docs/calibration.md."""

DSP_TILE = (26, 17)
"""Magnitude bits of the operands of one DSP48E2 (UG579: 27 x 18 with signs)."""

BRAM_18K_BITS = 18 * 1024


@dataclass(frozen=True)
class Cost:
    """Resources of a layer, cycles from its input to its output, and its interval."""

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
    """Return the LUTs of a multiplexer."""
    return math.ceil(max(inputs - 1, 0) / 3) * bits


def dsp_slices(first_bits: int, second_bits: int) -> int:
    """Return the DSP slices of one multiplier; 0 where it is built of look-up tables."""
    wide, narrow = max(first_bits, second_bits), min(first_bits, second_bits)
    if wide < DSP_WIDE_BITS or narrow < DSP_NARROW_BITS:
        return 0
    return min(
        math.ceil((wide - 1) / a) * math.ceil((narrow - 1) / b)
        for a, b in (DSP_TILE, DSP_TILE[::-1])
    )


def no_cost(node: Any) -> Cost:  # noqa: ARG001  (the same for every node)
    """Return the cost of wires."""
    return Cost()
