"""Fixed-point numbers as integers: the semantics of Xilinx ap_fixed on numpy arrays.

A `Tensor` holds integers; its value is ``raw * 2**-fractional``. Arrays are int32 where every
intermediate result fits, else int64, else Python integers (dtype object), so that results are
exact at every width. Rounding and overflow follow UG902/UG1399, "ap_fixed quantization
and overflow modes".
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Raw = NDArray[Any]
"""Integers of dtype int32, int64 or object (Python integers)."""


@dataclass(frozen=True)
class FixedType:
    """ap_(u)fixed<width, integer, rounding, overflow>, or ap_(u)int with integer = width.

    Args:
        width: total bits.
        integer: bits left of the binary point, sign included; negative, or more than `width`,
            where the point is outside the stored bits.
        signed: two's complement; else unsigned.
        rounding: quantisation mode without its ``AP_`` prefix.
        overflow: overflow mode without its ``AP_`` prefix.
    """

    width: int
    integer: int
    signed: bool = True
    rounding: str = "TRN"
    overflow: str = "WRAP"

    @classmethod
    def of(cls, precision: Any) -> "FixedType":
        """Return the type that an hls4ml precision describes.

        An ap_(u)int, also the one-bit type of binary values, truncates towards zero as C's
        integers do, whereas ap_fixed<W, W> truncates downwards.
        """
        from hls4ml.model.types import FixedPrecisionType

        signed = bool(precision.signed)
        if not isinstance(precision, FixedPrecisionType):
            return cls(precision.width, precision.integer, signed, "TRN_ZERO")
        modes = precision.rounding_mode.name, precision.saturation_mode.name
        return cls(precision.width, precision.integer, signed, *modes)

    @property
    def fractional(self) -> int:
        """Bits right of the binary point; negative where the last bit is worth more than 1."""
        return self.width - self.integer

    @property
    def low(self) -> int:
        """Smallest raw value; AP_SAT_SYM leaves out -2**(width - 1), so that low = -high."""
        if not self.signed:
            return 0
        return -self.high if self.overflow == "SAT_SYM" else -(1 << (self.width - 1))

    @property
    def high(self) -> int:
        """Largest raw value."""
        return (1 << (self.width - 1 if self.signed else self.width)) - 1


@dataclass(frozen=True)
class Tensor:
    """Raw integers with a common number of fractional bits."""

    raw: Raw
    fractional: int

    @property
    def values(self) -> NDArray[np.float64]:
        """The numbers as float64; exact for raw values below 2**53."""
        return np.asarray(self.raw, dtype=np.float64) * 2.0**-self.fractional

    @property
    def magnitude(self) -> int:
        """Largest absolute raw value; 0 for an empty tensor."""
        if self.raw.size == 0:
            return 0
        return max(abs(int(self.raw.min())), abs(int(self.raw.max())))


def fitting(raw: Raw, magnitude: int) -> Raw:
    """Return `raw` in the narrowest dtype that holds every integer up to `magnitude`.

    Callers pass the bound of the result that they are about to compute, not that of `raw`, so
    that the computation does not overflow.
    """
    if magnitude < 2**31:
        return raw.astype(np.int32, copy=False)
    if magnitude < 2**63:
        return raw.astype(np.int64, copy=False)
    # int() on every element: `raw` holds floats where `quantise` calls, and astype(object)
    # would keep them
    return np.asarray(np.frompyfunc(int, 1, 1)(raw), dtype=object)


def exact_sum(first: Tensor, second: Tensor) -> Tensor:
    """Return the sum of two tensors whose shapes broadcast; no bit is lost."""
    fractional = max(first.fractional, second.fractional)
    # to the more fractional bits of the two, so nothing is rounded
    left, right = (Tensor(rescale(t, fractional, "TRN"), fractional) for t in (first, second))
    bound = left.magnitude + right.magnitude
    return Tensor(fitting(left.raw, bound) + fitting(right.raw, bound), fractional)


def exact_product(first: Tensor, second: Tensor) -> Tensor:
    """Return the product of two tensors whose shapes broadcast; no bit is lost."""
    bound = max(first.magnitude, 1) * max(second.magnitude, 1)
    product = fitting(first.raw, bound) * fitting(second.raw, bound)
    return Tensor(product, first.fractional + second.fractional)


def cast(tensor: Tensor, to: FixedType) -> tuple[Tensor, int]:
    """Convert to another type as a C++ assignment does: round first, then limit the range.

    Returns:
        The converted tensor, and the number of values that overflowed.
    """
    raw = rescale(tensor, to.fractional, to.rounding)
    lost = overflows(raw, to)
    return Tensor(limit(raw, to) if lost else raw, to.fractional), lost


def rescale(tensor: Tensor, fractional: int, rounding: str) -> Raw:
    """Return raw values rounded to another number of fractional bits, not yet limited to a width.

    More fractional bits are exact. For fewer, ``raw >> shift`` is the floor (AP_TRN, the
    default of ap_fixed); the other modes add one to it where `_round_up` says so.
    """
    shift = tensor.fractional - fractional
    if shift == 0:
        return tensor.raw
    if shift < 0:
        return fitting(tensor.raw, tensor.magnitude << -shift) << -shift
    if shift > 62:  # floor << shift and half, below, would not fit an int64
        tensor = Tensor(tensor.raw.astype(object), tensor.fractional)
    elif shift > 30 and tensor.raw.dtype == np.int32:  # nor an int32
        tensor = Tensor(tensor.raw.astype(np.int64), tensor.fractional)
    floor = tensor.raw >> shift
    if rounding == "TRN":
        return floor
    rest = tensor.raw - (floor << shift)
    half = 1 << (shift - 1)
    return floor + _round_up(rounding, floor, _compare(rest, half), rest > 0, tensor.raw < 0)


def quantise(values: NDArray[np.floating], to: FixedType) -> tuple[Tensor, int]:
    """Convert floating-point numbers, as the constructor of ap_fixed from a double does.

    Returns:
        The tensor, and the number of values that overflowed.
    """
    scaled = np.asarray(values, dtype=np.float64) * 2.0**to.fractional
    floor = np.floor(scaled)
    rest = scaled - floor
    up = _round_up(to.rounding, floor, _compare(rest, 0.5), rest > 0, scaled < 0)
    magnitude = int(np.abs(floor).max(initial=0)) + 1  # rounding may add one
    raw = fitting(floor + up, magnitude)
    return cast(Tensor(raw, to.fractional), to)


def _compare(rest: Raw, half: float) -> Raw:
    """Return -1, 0, 1 for below, at and above the middle between two representable numbers."""
    return (rest > half).astype(np.int8) - (rest < half).astype(np.int8)


def _round_up(mode: str, floor: Raw, side: Raw, inexact: Raw, negative: Raw) -> Raw:
    """Return 1 where the floor has to be raised by one, else 0.

    Args:
        mode: rounding mode.
        floor: numbers rounded down, raw.
        side: result of `_compare`.
        inexact: whether a number lies above its floor.
        negative: whether a number is negative.
    """
    if mode == "TRN":
        return np.zeros(floor.shape, dtype=np.int32)
    if mode == "TRN_ZERO":
        return np.asarray(inexact & negative).astype(np.int32)
    # The RND modes round to the nearest number; they differ only half-way between two
    ties = {
        "RND": np.ones(floor.shape, dtype=bool),
        "RND_MIN_INF": np.zeros(floor.shape, dtype=bool),
        "RND_INF": ~negative.astype(bool),
        "RND_ZERO": negative.astype(bool),
        "RND_CONV": (floor % 2 != 0).astype(bool),
    }[mode]
    return np.asarray((side > 0) | ((side == 0) & ties), dtype=np.int32)


def overflows(raw: Raw, to: FixedType) -> int:
    """Return how many raw values are outside the range of a type."""
    if raw.size == 0 or (int(raw.min()) >= to.low and int(raw.max()) <= to.high):
        return 0
    return int(np.count_nonzero((raw < to.low) | (raw > to.high)))


def limit(raw: Raw, to: FixedType) -> Raw:
    """Return raw values brought into the range of a type by its overflow mode."""
    if to.overflow == "WRAP":
        return _wrap(raw, to)
    if to.overflow == "SAT_ZERO":
        return np.asarray(np.where((raw < to.low) | (raw > to.high), 0, raw))
    return np.asarray(np.clip(raw, to.low, to.high))


def _wrap(raw: Raw, to: FixedType) -> Raw:
    """Return the lowest bits of raw values, read as two's complement where the type is signed."""
    # 1 << width, below, has to fit the dtype as a positive number
    if to.width > 62:
        raw = raw.astype(object)
    elif to.width > 30 and raw.dtype == np.int32:
        raw = raw.astype(np.int64)
    wrapped = raw & ((1 << to.width) - 1)
    return np.asarray(np.where(wrapped > to.high, wrapped - (1 << to.width), wrapped))
