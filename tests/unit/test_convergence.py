"""Hypervolume by number of points, against the front of every beginning of the sequence."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.analysis import convergence
from dse.analysis.convergence_figure import figure
from dse.analysis.front import front_mask
from dse.analysis.hypervolume import box_of, hypervolume

START = datetime(2026, 1, 1, tzinfo=UTC)
DIRECTIONS = ("maximise", "minimise", "minimise")


def when(second):
    return START + timedelta(seconds=second)


@given(
    st.integers(1, 3).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 5), min_size=n, max_size=n), min_size=1, max_size=12
        )
    ),
    st.data(),
)
def test_every_step_is_the_front_of_the_points_so_far(values, data):
    table = np.array(values, dtype=float)
    directions = DIRECTIONS[: table.shape[1]]
    box = box_of(table, directions)
    sequence = data.draw(st.permutations(range(len(table))))
    failed = data.draw(st.sets(st.integers(0, 11)).filter(lambda f: not f >= set(sequence)))
    counting = [n for n in range(len(table)) if n not in failed]
    ordered = [(when(t), number) for t, number in enumerate(sequence)]
    with patch.object(convergence, "_CHUNK", 3):
        found = convergence.converge(counting, box.costs(table[counting]), ordered)
    for n, step in enumerate(found, 1):
        so_far = [number for number in sequence[:n] if number in counting]
        mask = front_mask(table[so_far], directions)
        assert (step.n_evaluated, step.point, step.at) == (n, sequence[n - 1], when(n - 1))
        assert step.n_front == mask.sum()
        assert step.entered == (step.point in counting and bool(mask[-1]))
        assert step.hypervolume == pytest.approx(hypervolume(table[so_far], box))
    assert len(found) == len(table)


def test_a_point_counts_when_the_last_evaluation_it_needs_has_ended():
    finishes = {
        0: {"a": when(9), "b": when(1), "other": when(50)},
        1: {"a": when(2), "b": when(3)},
        2: {"a": when(1)},
        3: {"a": when(2), "b": when(3)},
    }
    assert convergence.order(finishes, {"a", "b"}) == [(when(3), 1), (when(3), 3), (when(9), 0)]
    assert [n for _, n in convergence.order(finishes, {"a"})] == [2, 1, 3, 0]
    assert convergence.order({}, {"a"}) == []


def test_the_figure_shows_every_step_and_marks_what_entered():
    table = np.array([[0.5, 5.0], [0.4, 6.0], [0.9, 7.0]])
    box = box_of(table, DIRECTIONS[:2])
    ordered = [(when(n), n) for n in (4, 5, 6)]
    steps = convergence.converge([4, 5, 6], box.costs(table), ordered)
    page = figure("s", steps, "of a box")
    curve, marks = page.data
    assert list(curve.x) == [1, 3]  # level in between
    assert list(curve.y) == [steps[0].hypervolume, steps[2].hypervolume]
    assert list(marks.x) == [1, 3]
    assert [row[0] for row in marks.customdata] == [4, 6]
    assert page.layout.yaxis.rangemode == "tozero"
