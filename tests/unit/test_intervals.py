"""Intervals, against their definitions written out."""

import numpy as np
import pytest

from dse.analysis.intervals import Interval, central_95, conformal, told_apart


def test_the_central_95_percent_leave_out_a_fortieth_on_either_side() -> None:
    assert central_95(range(401)) == (10.0, 390.0)


@pytest.mark.parametrize(("n", "place"), [(9, 9), (19, 18), (99, 90)])
def test_the_conformal_size_is_the_order_statistic_of_its_definition(n: int, place: int) -> None:
    sizes = np.arange(1.0, n + 1)
    signs = np.where(np.arange(n) % 2, 1, -1)
    assert conformal(np.flip(sizes * signs), 0.9) == place


def test_too_few_errors_give_the_largest() -> None:
    assert conformal([0.1, -0.3, 0.2], 0.9) == 0.3


def test_nine_of_ten_new_errors_are_smaller() -> None:
    draw = np.random.default_rng(0)
    inside = [
        abs(draw.standard_normal()) <= conformal(draw.standard_normal(19), 0.9) for _ in range(4000)
    ]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ((0.9868, 0.9912), (0.9822, 0.9892), False),
        ((0.0, 1.0), (0.2, 0.3), False),  # one inside the other
        ((0.0, 1.0), (1.0, 2.0), False),  # the ends touch
        ((0.0, 1.0), (1.1, 2.0), True),
        ((None, None), (0.0, 1.0), True),  # an exact count
        ((None, None), (None, None), True),
    ],
)
def test_numbers_are_told_apart_where_intervals_do_not_overlap(
    one: Interval, other: Interval, apart: bool
) -> None:
    assert told_apart(one, other) == told_apart(other, one) == apart
