"""Neighbours of designs: what lies along an axis, and what an exchange keeps."""

import numpy as np

from dse.search.neighbours import Neighbours

LENGTHS = np.array([3, 1, 4, 2])
GROUPS = [[0, 2], [3]]
START = np.array([1, 0, 3, 0])


def neighbours():
    return Neighbours(LENGTHS, [True, True, True, False], GROUPS, np.random.default_rng(0))


def test_along_axes_are_all_points_that_differ_in_one():
    every = np.array(list(np.ndindex(*LENGTHS)))
    near = every[(every != START).sum(axis=1) == 1]
    assert sorted(neighbours().along_axes(START)) == sorted(map(tuple, near.tolist()))


def test_exchanges_are_of_one_or_two_rows_of_any_two_axes():
    every = np.array(list(np.ndindex(*LENGTHS)))
    steps = every - START
    up, down = (steps > 0).sum(axis=1), (steps < 0).sum(axis=1)
    near = every[(up == 1) & (down == 1) & (abs(steps).max(axis=1) <= 2)]
    assert sorted(neighbours().exchanges(START)) == sorted(map(tuple, near.tolist()))
    assert (2, 0, 1, 0) in neighbours().exchanges(START)


def test_changes_by_chance_stay_in_the_space():
    found = np.array(list(neighbours().by_chance(np.array([START, START]), 200)))
    assert len(found) == 200
    assert ((found >= 0) & (found < LENGTHS)).all()
    assert len(set(map(tuple, found.tolist()))) > 10
