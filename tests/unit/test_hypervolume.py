"""Hypervolume against counting cells, sampling, and the definition of contributions."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.analysis.front import front_mask
from dse.analysis.hypervolume import Box, box_of, contributions, hypervolume

SIDE = 5


def tables(n_metrics):
    row = st.lists(st.integers(0, SIDE + 1), min_size=n_metrics, max_size=n_metrics)
    return st.lists(row, min_size=1, max_size=8)


grids = st.integers(1, 4).flatmap(tables)


def cells(values, maximise):
    """Share of unit cells of [0, SIDE]^n that a point dominates, one cell after the other."""
    n_metrics = len(values[0])
    costs = [[SIDE - v if up else v for v, up in zip(row, maximise, strict=True)] for row in values]
    inside = sum(
        any(all(c <= x for c, x in zip(row, cell, strict=True)) for row in costs)
        for cell in itertools.product(range(SIDE), repeat=n_metrics)
    )
    return inside / SIDE**n_metrics


@given(grids, st.integers(0, 15))
def test_volume_is_the_share_of_cells(values, signs):
    maximise = [bool(signs >> index & 1) for index in range(len(values[0]))]
    values = [
        [v - 1 if up else v for v, up in zip(row, maximise, strict=True)] for row in values
    ]  # some points are worse than the reference, none is better than the ideal
    box = Box(
        tuple(SIDE if up else 0 for up in maximise), tuple(0 if up else SIDE for up in maximise)
    )
    found = hypervolume(np.array(values, dtype=float), box)
    assert found == pytest.approx(cells(values, maximise))


def test_volume_of_many_points_is_what_sampling_finds():
    generator = np.random.default_rng(5)
    values = generator.normal([0.9, 5e4, 300], [0.05, 1e4, 100], (40, 3))
    directions = ("maximise", "minimise", "minimise")
    box = box_of(values, directions)
    low, high = np.minimum(box.ideal, box.reference), np.maximum(box.ideal, box.reference)
    samples = generator.uniform(low, high, (100_000, 3))
    sign = np.array([-1, 1, 1])
    dominated = ((values * sign)[:, None] <= (samples * sign)[None]).all(axis=2).any(axis=0)
    assert hypervolume(values, box) == pytest.approx(dominated.mean(), abs=0.006)


def test_two_metrics_by_hand():
    values = np.array([[0.9, 300.0], [0.8, 100.0], [0.6, 400.0], [0.7, 350.0]])
    box = box_of(values, ("maximise", "minimise"))
    assert box == Box((0.9, 100.0), (0.6, 400.0))
    # (0.3 × 100 + 0.2 × 300 - 0.2 × 100) of 0.3 × 300
    assert hypervolume(values, box) == pytest.approx(70 / 90)


@given(grids, st.integers(0, 15))
def test_the_box_spans_all_points_and_a_better_set_has_no_less(values, signs):
    table = np.array(values, dtype=float)
    directions = [
        "maximise" if signs >> index & 1 else "minimise" for index in range(table.shape[1])
    ]
    box = box_of(table, directions)
    costs = box.costs(table)
    assert costs.min() >= 0
    assert costs.max() <= 1
    volumes = [hypervolume(table[:n], box) for n in range(len(table) + 1)]
    assert volumes[0] == 0
    assert np.diff(volumes).min() >= -1e-12
    assert volumes[-1] <= 1 + 1e-12
    assert hypervolume(table[front_mask(table, directions)], box) == pytest.approx(volumes[-1])


@given(st.integers(1, 3).flatmap(tables))
def test_contributions_are_what_the_front_loses(values):
    table = np.unique(np.array(values, dtype=float), axis=0)
    directions = ["minimise"] * table.shape[1]
    box = box_of(table, directions, margin=0.1)
    kept = front_mask(table, directions)
    front = table[kept]
    whole = hypervolume(front, box)
    lost = [
        whole - hypervolume(np.delete(front, index, axis=0), box) for index in range(len(front))
    ]
    found = contributions(table, box)
    assert found[kept] == pytest.approx(np.array(lost), abs=1e-12)
    assert (found[~kept] == 0).all()


def test_equal_points_contribute_nothing():
    values = np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0], [3.0, 3.0]])
    box = box_of(values, ("minimise", "minimise"))
    assert contributions(values, box) == pytest.approx([0, 0, 1 / 4, 0])


def test_with_a_margin_the_ends_of_the_front_count():
    values = np.array([[0.0, 10.0], [10.0, 0.0]])
    directions = ("minimise", "minimise")
    assert contributions(values, box_of(values, directions)).tolist() == [0, 0]
    wider = box_of(values, directions, margin=0.1)
    assert wider == Box((0, 0), (11, 11))
    assert contributions(values, wider) == pytest.approx([10 / 121, 10 / 121])


def test_a_reference_replaces_the_worst_where_it_is_given():
    values = np.array([[0.9, 300.0], [0.8, 100.0]])
    box = box_of(values, ("maximise", "minimise"), {0: 0.5}, margin=0.5)
    assert box == Box((0.9, 100.0), (0.5, 400.0))
    assert box_of(values, ("maximise", "minimise"), {1: 101.0}).reference == (0.8, 101.0)


@pytest.mark.parametrize(
    ("index", "value", "best"), [(0, 0.95, 0.9), (1, 99.0, 100.0), (1, 100, 100.0)]
)
def test_a_reference_that_nothing_reaches_is_refused(index, value, best):
    values = np.array([[0.9, 300.0], [0.8, 100.0]])
    with pytest.raises(ValueError, match=f"better than {value:g}; the best is {best:g}"):
        box_of(values, ("maximise", "minimise"), {index: value})


def test_a_metric_that_is_the_same_everywhere_does_not_matter():
    values = np.array([[0.9, 7.0], [0.8, 7.0], [0.4, 7.0]])
    box = box_of(values, ("maximise", "minimise"))
    assert hypervolume(values, box) == 1
    assert hypervolume(values[1:], box) == pytest.approx(0.8)
    assert hypervolume(values[:, :1], box_of(values[:, :1], ("maximise",))) == 1


def test_points_beyond_the_ideal_exceed_the_box():
    box = Box((0.0, 0.0), (1.0, 1.0))
    assert hypervolume(np.array([[-1.0, 0.0]]), box) == 2
