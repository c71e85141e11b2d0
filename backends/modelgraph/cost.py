"""Resources and cycles of a layer, and the formulas that layers share.

A layer with weights has ``ceil(nonzero * p / RF)`` multipliers, with RF the reuse factor and p
the rows computed in parallel (hls4ml's multiplier_limit, core_templates.py).

* A multiplier takes DSP slices by a rule of `backends.modelgraph.slice_rules`, as in circuits of
  `open`, else look-up tables, about one per bit of the partial products: ``a * b``. A slice covers
  26 x 17 bits (DSP48E2, sign bits aside).
* At RF 1 weights are constants: a power of two takes no multiplier, one of two signed digits an
  adder, a zero neither multiplier nor adder, and the width of the others is that of the
  constant. At RF > 1 a multiplier is as wide as the widest weight of the layer and reads it from
  a table; multipliers that read the same inputs in the same order share the multiplexer in front.
* Adders take one LUT per bit; an n:1 multiplexer ``ceil((n - 1) / 3)`` per bit (a LUT6 holds
  a 4:1 multiplexer), and a table of n weights ``ceil(n / 64)`` for each bit, unless another
  bit's is equal. Parts of Lattice and Gowin have LUT4s: ``n - 1`` and ``ceil(n / 16)``. Outputs
  that a multiplier serves one after the other share its adder.
* Every adder, accumulator and result is registered: one flip-flop per bit.
* Depth: 1 cycle to select inputs (at RF > 1), 1 for the product, 1 for each level of the
  adder tree, RF to accumulate, RF for every further group of rows, 1 for the result. Interval:
  RF times the number of groups.

The formulas order designs and show trends. They are not synthesis: every number has the
fidelity `estimate`. Ratios to circuits are in docs/results/calibration.md.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.slice_rules import RULES, least_bits
from backends.modelgraph.vendor_hls.multipliers import (
    ADDED_DIGITS,
    operand_widths,
    signed_digits,
)
from backends.modelgraph.vendor_hls.tools import NEWEST

_RULE = ContextVar("multipliers", default=NEWEST.name)


_PACE = ContextVar("pace", default=1)

_TABLE: ContextVar[int] = ContextVar("table", default=6)


@contextmanager
def _during(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    """Give a variable a value for a while."""
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)


def multipliers(rule: str) -> AbstractContextManager[None]:
    """Count costs with another rule for DSP slices, a key of `RULES`."""
    return _during(_RULE, rule)


def look_up_tables(inputs: int) -> AbstractContextManager[None]:
    """Count costs in look-up tables of so many inputs: 6, or 4."""
    return _during(_TABLE, inputs)


def table_luts(entries: int) -> int:
    """Return the LUTs of one bit of a table of constants."""
    inputs: int = _TABLE.get()
    return math.ceil(entries / (1 << inputs))


def different_tables(tables: int, entries: int) -> float:
    """Return how many of some random one-bit tables are different and not constant, on average.

    Equal ones are built once. Of two entries there are two, of eight 254. Weights are not random:
    the upper bits of small ones are equal, and pruned ones are zero, so that there are fewer.

    Args:
        tables: one for every bit of the weights that multipliers choose from.
        entries: of each, two or more.
    """
    if entries >= _MANY_ENTRIES:
        return float(tables)
    possible = 2.0**entries - 2
    varying = tables * possible / (possible + 2)
    return possible * -math.expm1(varying * math.log1p(-1 / possible))


_MANY_ENTRIES = 32
"""Entries of one-bit tables of which no two are equal, as far as this matters."""


def pace(interval: int) -> AbstractContextManager[None]:
    """Count costs in a network that takes an inference every `interval` cycles."""
    return _during(_PACE, interval)


def network_interval() -> int:
    """Return the cycles between two inferences of the network that a layer is a part of."""
    return _PACE.get()


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

    def lasting(self, cycles: int, bits: int) -> "Cost":
        """Return the cost with so many cycles, and registers of some bits for every further one."""
        return replace(self, ff=self.ff + (cycles - self.depth) * bits, depth=cycles)


def width(variable: Any) -> int:
    """Return the bits of a variable's type."""
    return int(variable.type.precision.width)


def mux(inputs: int, bits: int) -> float:
    """Return the LUTs of a multiplexer of `inputs` words of `bits` bits.

    A LUT6 holds a 4:1 multiplexer, a LUT4 one of 2:1.
    """
    return math.ceil(max(inputs - 1, 0) / (3 if _TABLE.get() > 4 else 1)) * bits


def dsp_slices(first_bits: int, second_bits: int, *, constant: bool = False) -> int:
    """Return the DSP slices of one multiplier; 0 where it is built of look-up tables.

    Args:
        first_bits: bits of one operand, sign included.
        second_bits: bits of the other operand, sign included; see `constant_bits` for a constant.
        constant: whether the second operand is one.
    """
    wide, narrow = max(first_bits, second_bits), min(first_bits, second_bits)
    rule = RULES[_RULE.get()]
    least = LEAST_OF_YOSYS if rule is None else SLICE_BITS if constant else least_bits(rule)
    if narrow < least or (rule is not None and wide < rule.least_data_bits):
        return 0
    # either way round, whichever takes fewer slices
    return min(
        math.ceil((wide - 1) / a) * math.ceil((narrow - 1) / b)
        for a, b in (DSP_TILE, DSP_TILE[::-1])
    )


def constant_bits(raw: Any) -> NDArray[np.int64]:
    """Return the bits of constants as operands, in the shape of the raw constants.

    Trailing zeros are dropped, because a shift is only wires; a sign bit is added to the
    others. 0 stands for a zero, 1 for a power of two: neither takes a multiplier. 2 stands for two
    signed digits, whose product is an adder. Operands that take a slice have at least `SLICE_BITS`,
    the others fewer.
    """
    values = np.asarray(raw).astype(np.int64)
    sizes = np.abs(values)
    odd = np.where(sizes == 0, 0, sizes // np.maximum(sizes & -sizes, 1))
    lengths = np.ceil(np.log2(odd + 1.0)).astype(np.int64)
    rule = RULES[_RULE.get()]
    if rule is None:
        return np.where(odd > 1, lengths + 1, lengths)
    wide = operand_widths(values) >= rule.least_constant_bits
    several = np.where(
        wide, np.maximum(lengths + 1, SLICE_BITS), np.minimum(lengths + 1, SLICE_BITS - 1)
    )
    more = np.where(signed_digits(values) > ADDED_DIGITS, several, ADDED_DIGITS)
    return np.where(odd > 1, more, lengths)


LEAST_OF_YOSYS = 2
"""Bits of the narrowest operand that `synth_xilinx` puts into a slice."""

SLICE_BITS = 6
"""Bits of the narrowest constant operand of a slice, as `constant_bits` counts them."""


def constant_products(data_bits: int, raw: Iterable[int]) -> Cost:
    """Return the cost of registered products of data with constants.

    Args:
        data_bits: bits of the data, sign included.
        raw: the constants as integers; zeros and powers of two take no multiplier.
    """
    lut, ff, dsp = 0.0, 0.0, 0
    for value in raw:
        bits = _odd_part(value).bit_length() + 1
        size = int(constant_bits(value))
        slices = dsp_slices(data_bits, size, constant=True)
        if size > 1 and not slices:
            lut += data_bits * size
        ff += 0 if slices or value == 0 else data_bits + bits
        dsp += slices
    return Cost(lut=lut, ff=ff, dsp=dsp, depth=1)


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
