"""Promotion against picking by hand, one at a time, with volumes counted on a grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.search.promotion import promoted

BOTH = ("minimise", "minimise")
pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)


def dominated(one, others):
    return any(a <= one[0] and b <= one[1] and (a, b) != one for a, b in others)


def area(points, corner):
    """Cells of a fine grid that some point dominates."""
    x = np.linspace(0, corner[0], 60, endpoint=False)
    y = np.linspace(0, corner[1], 60, endpoint=False)
    grid = np.zeros((60, 60), dtype=bool)
    for a, b in points:
        grid |= (x[:, None] >= a) & (y[None, :] >= b)
    return grid.sum()


@settings(max_examples=60, deadline=None)
@given(points=pairs)
def test_front_by_front(points):
    order = promoted(np.array(points, dtype=float), BOTH, len(points))
    assert sorted(order) == list(range(len(points)))
    left = list(points)
    for index in order:
        assert not dominated(points[index], left), "a point of a later front came first"
        left.remove(points[index])


@settings(max_examples=60, deadline=None)
@given(points=pairs, count=st.integers(0, 14))
def test_no_more_than_asked(points, count):
    values = np.array(points, dtype=float)
    assert promoted(values, BOTH, count) == promoted(values, BOTH, len(points))[:count]


def test_in_a_front_those_first_that_alone_dominate_most():
    front = [(0.0, 10.0), (1.0, 6.0), (5.0, 5.0), (6.0, 1.0), (10.0, 0.0)]
    order = promoted(np.array(front), BOTH, 5)
    corner = (11.0, 11.0)  # the worst of both, a tenth of the span further
    alone = [area(front, corner) - area(front[:i] + front[i + 1 :], corner) for i in range(5)]
    assert order[0] == int(np.argmax(alone))
    assert order[-1] == int(np.argmin(alone))


@pytest.mark.parametrize("directions", [("maximise", "minimise"), ("minimise", "maximise")])
def test_directions(directions):
    values = np.array([[1.0, 1.0], [2.0, 2.0], [1.0, 2.0], [2.0, 1.0]])
    best = {("maximise", "minimise"): 3, ("minimise", "maximise"): 2}[directions]
    assert promoted(values, directions, 1) == [best]


def test_one_metric_and_no_points():
    assert promoted(np.array([[3.0], [1.0], [2.0]]), ("minimise",), 2) == [1, 2]
    assert promoted(np.zeros((0, 2)), BOTH, 3) == []


def test_of_equal_points_one_stands_for_all():
    knee, ends = (1.0, 1.0), [(0.9, 10.0), (10.0, 0.9)]
    assert promoted(np.array([knee, knee, *ends]), BOTH, 2)[0] == 0
    assert promoted(np.array([knee, knee, *ends]), BOTH, 4)[-1] == 1
