"""ap_fixed semantics against exact rational arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.modelgraph.fixed_point import FixedType, Tensor, cast, quantise

ROUNDING = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
OVERFLOW = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")


def rounded(value: Fraction, mode: str) -> int:
    """Definitions of UG1399, written with exact fractions."""
    down, up = math.floor(value), math.ceil(value)
    if mode == "TRN":
        return down
    if mode == "TRN_ZERO":
        return math.trunc(value)
    if value - down != Fraction(1, 2):
        return math.floor(value + Fraction(1, 2))
    return {
        "RND": up,
        "RND_MIN_INF": down,
        "RND_INF": up if value > 0 else down,
        "RND_ZERO": down if value > 0 else up,
        "RND_CONV": down if down % 2 == 0 else up,
    }[mode]


def limited(raw: int, width: int, signed: bool, mode: str) -> int:
    low, high = (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if signed else (0, 2**width - 1)
    if mode == "SAT_SYM" and signed:
        low = -high
    if low <= raw <= high:
        return raw
    if mode == "WRAP":
        wrapped = raw % 2**width
        return wrapped - 2**width if signed and wrapped > high else wrapped
    if mode == "SAT_ZERO":
        return 0
    return high if raw > high else low


types = st.builds(
    FixedType,
    width=st.integers(1, 40),
    integer=st.integers(-4, 44),
    signed=st.booleans(),
    rounding=st.sampled_from(ROUNDING),
    overflow=st.sampled_from(OVERFLOW),
)


@pytest.mark.parametrize("mode", ROUNDING)
@pytest.mark.parametrize("dtype", [np.int32, np.int64, object])
@pytest.mark.parametrize("shift", [30, 31, 32, 40, 62, 70])
def test_more_bits_are_dropped_than_the_integers_have(mode: str, dtype: type, shift: int) -> None:
    """Tiny values in a narrow integer type, as a product of two fine types can leave them."""
    raw = [-(2**31), -(2**30), -1, 0, 1, 2**30, 2**31 - 1]
    tensor = Tensor(np.array(raw, dtype=dtype), shift)
    found, _ = cast(tensor, FixedType(8, 8, rounding=mode))
    assert found.raw.tolist() == [rounded(Fraction(value, 2**shift), mode) for value in raw]


@given(st.lists(st.integers(-(2**50), 2**50), min_size=1), st.integers(-8, 40), types)
def test_cast_is_exact(raw: list[int], fractional: int, to: FixedType) -> None:
    result, lost = cast(Tensor(np.array(raw, dtype=np.int64), fractional), to)
    shifted = [
        rounded(Fraction(r) / Fraction(2) ** (fractional - to.fractional), to.rounding) for r in raw
    ]
    expected = [limited(r, to.width, to.signed, to.overflow) for r in shifted]
    assert [int(r) for r in result.raw] == expected
    range_of = "SAT_SYM" if to.overflow == "SAT_SYM" else "SAT"
    assert lost == sum(r != limited(r, to.width, to.signed, range_of) for r in shifted)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1), types)
def test_quantise_is_exact(values: list[float], to: FixedType) -> None:
    result, _ = quantise(np.array(values), to)
    scaled = [Fraction(v) * Fraction(2) ** to.fractional for v in values]
    expected = [limited(rounded(s, to.rounding), to.width, to.signed, to.overflow) for s in scaled]
    assert [int(r) for r in result.raw] == expected


@pytest.mark.parametrize(("value", "mode", "expected"), [
    (1.25, "RND", 1.5), (-1.25, "RND", -1.0), (-1.25, "TRN", -1.5), (-1.25, "TRN_ZERO", -1.0),
    (1.25, "RND_CONV", 1.0), (1.75, "RND_CONV", 2.0),
])  # fmt: skip
def test_documented_examples(value: float, mode: str, expected: float) -> None:
    """Examples of UG902, ap_fixed<3, 2> with one fractional bit."""
    result, _ = quantise(np.array([value]), FixedType(4, 3, rounding=mode, overflow="SAT"))
    assert result.values[0] == expected
