"""Fixed-point numbers as integers: the semantics of Xilinx ap_fixed on numpy arrays.

A `Tensor` holds integers; its value is ``raw * 2**-fractional``. Arrays are int32 or int64
where every intermediate fits, and Python integers (dtype object) where none does, so that
every width is exact. Rounding and overflow follow UG902/UG1399, "ap_fixed quantization
and overflow modes".
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Raw = NDArray[Any]


@dataclass(frozen=True)
class FixedType:
    """ap_(u)fixed<width, integer, rounding, overflow>, or ap_(u)int with integer = width."""

    width: int
    integer: int
    signed: bool = True
    rounding: str = "TRN"
    overflow: str = "WRAP"

    @classmethod
    def of(cls, precision: Any) -> "FixedType":
        """From an hls4ml precision."""
        modes = precision.rounding_mode.name, precision.saturation_mode.name
        return cls(precision.width, precision.integer, bool(precision.signed), *modes)

    @property
    def fractional(self) -> int:
        """Bits right of the point; may be negative."""
        return self.width - self.integer

    @property
    def low(self) -> int:
        """Smallest raw value; symmetric saturation gives up the lowest one."""
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
        """The numbers they stand for."""
        return np.asarray(self.raw, dtype=np.float64) * 2.0**-self.fractional

    @property
    def magnitude(self) -> int:
        """Largest absolute raw value."""
        if self.raw.size == 0:
            return 0
        return max(abs(int(self.raw.min())), abs(int(self.raw.max())))


def fitting(raw: Raw, magnitude: int) -> Raw:
    """`raw` in the narrowest dtype that holds every integer up to `magnitude`."""
    if magnitude < 2**31:
        return raw.astype(np.int32, copy=False)
    if magnitude < 2**63:
        return raw.astype(np.int64, copy=False)
    return np.asarray(np.frompyfunc(int, 1, 1)(raw), dtype=object)


def cast(tensor: Tensor, to: FixedType) -> tuple[Tensor, int]:
    """Convert as a C++ assignment does; also the number of values that did not fit."""
    raw = rescale(tensor, to.fractional, to.rounding)
    lost = overflows(raw, to)
    return Tensor(limit(raw, to) if lost else raw, to.fractional), lost


def rescale(tensor: Tensor, fractional: int, rounding: str) -> Raw:
    """Raw values with another number of fractional bits, not yet limited to a width."""
    shift = tensor.fractional - fractional
    if shift == 0:
        return tensor.raw
    if shift < 0:
        return fitting(tensor.raw, tensor.magnitude << -shift) << -shift
    if shift > 62:
        tensor = Tensor(tensor.raw.astype(object), tensor.fractional)
    floor = tensor.raw >> shift
    if rounding == "TRN":
        return floor
    rest = tensor.raw - (floor << shift)
    half = 1 << (shift - 1)
    return floor + _round_up(rounding, floor, _compare(rest, half), rest > 0, tensor.raw < 0)


def quantise(values: NDArray[np.floating], to: FixedType) -> tuple[Tensor, int]:
    """Convert floating-point numbers; also the number of values that did not fit."""
    scaled = np.asarray(values, dtype=np.float64) * 2.0**to.fractional
    floor = np.floor(scaled)
    rest = scaled - floor
    up = _round_up(to.rounding, floor, _compare(rest, 0.5), rest > 0, scaled < 0)
    magnitude = int(np.abs(floor).max(initial=0)) + 1
    raw = fitting(floor + up, magnitude)
    return cast(Tensor(raw, to.fractional), to)


def _compare(rest: Raw, half: float) -> Raw:
    """-1, 0, 1 for below, at and above the middle between two representable numbers."""
    return (rest > half).astype(np.int8) - (rest < half).astype(np.int8)


def _round_up(mode: str, floor: Raw, side: Raw, inexact: Raw, negative: Raw) -> Raw:
    """Where to add one to the floor, by rounding mode."""
    if mode == "TRN":
        return np.zeros(floor.shape, dtype=np.int32)
    if mode == "TRN_ZERO":
        return np.asarray(inexact & negative).astype(np.int32)
    ties = {
        "RND": np.ones(floor.shape, dtype=bool),
        "RND_MIN_INF": np.zeros(floor.shape, dtype=bool),
        "RND_INF": ~negative.astype(bool),
        "RND_ZERO": negative.astype(bool),
        "RND_CONV": (floor % 2 != 0).astype(bool),
    }[mode]
    return np.asarray((side > 0) | ((side == 0) & ties), dtype=np.int32)


def overflows(raw: Raw, to: FixedType) -> int:
    """How many raw values are outside the type."""
    if raw.size == 0 or (int(raw.min()) >= to.low and int(raw.max()) <= to.high):
        return 0
    return int(np.count_nonzero((raw < to.low) | (raw > to.high)))


def limit(raw: Raw, to: FixedType) -> Raw:
    """Bring raw values into the range of the type, by its overflow mode."""
    if to.overflow == "WRAP":
        return _wrap(raw, to)
    if to.overflow == "SAT_ZERO":
        return np.asarray(np.where((raw < to.low) | (raw > to.high), 0, raw))
    return np.asarray(np.clip(raw, to.low, to.high))


def _wrap(raw: Raw, to: FixedType) -> Raw:
    if to.width > 62:
        raw = raw.astype(object)
    elif to.width > 30 and raw.dtype == np.int32:
        raw = raw.astype(np.int64)
    wrapped = raw & ((1 << to.width) - 1)
    return np.asarray(np.where(wrapped > to.high, wrapped - (1 << to.width), wrapped))
