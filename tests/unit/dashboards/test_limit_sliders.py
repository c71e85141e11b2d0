"""Sliders of limits have round ends, steps and marks, in the unit that people read."""

import math
from fractions import Fraction
from itertools import pairwise

import pandas as pd
import pytest

from dashboards.limit_sliders import limit_slider, marks, round_ends
from dashboards.quantities import Quantity

LATENCY = (1e6, Quantity("b.latency_ns", "latency", "ms"))
LUT = (1.0, Quantity("b.lut", "LUT"))
RANGES = (
    (2137301.77, 8787412.3),
    (137.0, 8220.0),
    (0.682517, 0.941023),
    (-3.0, 5.0),
    (480.0, 480.0),
    (0.0, 0.0),
    (1e15, 1e15 + 1),
    (1e-9, 3e-9),
    (-1e300, 1e300),
    (1.0, 1e6),
)


def ends_of(low: float, high: float) -> tuple[float, float, float]:
    found = round_ends(low, high)
    assert found
    return found


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_ends_hold_all_values_and_are_multiples_of_the_step(low: float, high: float) -> None:
    first, last, step = ends_of(low, high)
    assert first <= low <= high <= last
    assert first < last
    exact = [Fraction(repr(number)) for number in (first, last, step)]
    n_steps = (exact[1] - exact[0]) / exact[2]
    assert n_steps.denominator == 1
    assert 80 <= n_steps <= 202
    assert (exact[0] / exact[2]).denominator == 1
    assert f"{step:e}"[0] in "125"


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_marks_are_round_and_few(low: float, high: float) -> None:
    first, last, _ = ends_of(low, high)
    found = marks(first, last, 1.0)
    places = [float(place) for place in found]
    assert all(first <= place <= last for place in places)
    assert len(places) <= 6
    apart = [after - before for before, after in pairwise(places)]
    assert apart == pytest.approx([apart[0]] * len(apart)) if apart else len(places) == 1


def test_a_time_is_in_milliseconds_and_its_values_in_nanoseconds() -> None:
    slider = limit_slider("limit.b.latency_ns", pd.Series([2137301.77, 8.8e6]), None, LATENCY)
    assert slider is not None
    assert (slider.min, slider.max, slider.step) == (2.1e6, 8.8e6, 5e4)
    assert slider.value == [2.1e6, 8.8e6]
    assert slider.id["default"] == "2100000.0..8800000.0"
    assert slider.marks == {f"{n}000000.0": str(n) for n in (4, 6, 8)}
    assert slider.tooltip["template"] == "{value} ms"
    assert slider.tooltip["transform"] == "dse_divided.1000000"
    assert not slider.allow_direct_input  # the fields would have nanoseconds


def test_a_count_is_as_it_is() -> None:
    slider = limit_slider("limit.b.lut", pd.Series([137.0, 8220.0]), (200.0, 1000.0), LUT)
    assert slider is not None
    assert slider.value == [200.0, 1000.0]
    assert slider.tooltip["template"] == "{value}"
    assert slider.marks == {
        "2000.0": "2,000",
        "4000.0": "4,000",
        "6000.0": "6,000",
        "8000.0": "8,000",
    }


def test_long_texts_are_fewer() -> None:
    assert list(marks(0.0, 1e6, 1.0).values()) == ["0", "500,000", "1,000,000"]
    assert list(marks(0.0, 1e6, 1e3).values()) == ["0", "500", "1,000"]


def test_values_that_are_not_finite_have_no_place() -> None:
    values = pd.Series([math.nan, math.inf, 3.0, 5.0])
    slider = limit_slider("limit.b.lut", values, None, LUT)
    assert slider is not None
    assert (slider.min, slider.max) == (3, 5)
    assert limit_slider("limit.b.lut", pd.Series([math.inf, math.nan]), None, LUT) is None


def test_an_end_that_is_left_out_stands_at_its_border() -> None:
    slider = limit_slider("limit.b.lut", pd.Series([137.0, 8220.0]), (200.0, math.inf), LUT)
    assert slider is not None
    assert slider.value == [200.0, slider.max]


def test_whole_numbers_have_whole_steps() -> None:
    slider = limit_slider("limit.b.lut", pd.Series([2.0, 8.0]), None, LUT)
    assert slider is not None
    assert (slider.min, slider.max, slider.step) == (2, 8, 1)


def test_numbers_that_only_arithmetic_tells_apart_are_one() -> None:
    first, last, step = ends_of(0.3, 0.1 + 0.2)
    assert first <= 0.3
    assert last > 0.31
    assert step > 1e-4


def test_no_end_is_minus_zero() -> None:
    assert not any("-0.0" in repr(end) for end in ends_of(-0.0, 1.0))


@pytest.mark.parametrize("values", [(5e-324, 5e-324), (1.79e308, 1.79e308), (-1.79e308, 1.79e308)])
def test_what_floating_point_cannot_divide_has_no_slider(values: tuple[float, float]) -> None:
    slider = limit_slider("limit.b.lut", pd.Series(values), None, LUT)
    assert slider is None or slider.step


def test_marks_that_are_close_differ() -> None:
    found = list(marks(0.98762, 0.98771, 1.0).values())
    assert len(found) == len(set(found))
