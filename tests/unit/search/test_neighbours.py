"""Neighbours of designs: what lies along an axis, and what an exchange keeps."""

import numpy as np

from dse.search.neighbours import Neighbours, swaps
from dse.search.widths import widths_of
from dse.study.space import Space
from dse.study.validate import parse_study

LENGTHS = np.array([3, 1, 4, 2])
GROUPS = [[0, 2], [3]]
START = np.array([1, 0, 3, 0])


def neighbours():
    return Neighbours(LENGTHS, [True, True, True, False], GROUPS, np.random.default_rng(0))


def test_along_axes_are_all_points_that_differ_in_one():
    every = np.array(list(np.ndindex(*LENGTHS)))
    near = every[(every != START).sum(axis=1) == 1]
    assert sorted(neighbours().along_axes(START)) == sorted(map(tuple, near.tolist()))


def test_exchanges_keep_the_sum_of_their_kind():
    found = set(neighbours().exchanges(START))
    assert found == {(2, 0, 2, 0)}  # the last row of axis 2 has none above it


def test_changes_by_chance_stay_in_the_space():
    found = np.array(list(neighbours().by_chance(np.array([START, START]), 200)))
    assert len(found) == 200
    assert ((found >= 0) & (found < LENGTHS)).all()
    assert len(set(map(tuple, found.tolist()))) > 10


def test_swaps_give_two_widths_the_bits_of_each_other():
    text = (
        "workload: {name: w}\nbackends: [b]\nspace:\n"
        "  layers.a.bits: [2, 4, 6, 8]\n  layers.a.reuse_factor: [2, 4, 6, 8]\n"
        "  layers.b.bits: [10, 8, 6, 4]\n  layers.c.bits: [3, 8, 16]\n"
    )
    space = Space(parse_study(text))
    start = np.array([1, 3, 2, 1])  # 4, 8, 6 and 8 bits at a reuse factor of 8
    found = [space.at(rows) for rows in swaps(space.axes, widths_of(space.axes), start)]
    bits = [[point[f"layers.{one}.bits"] for one in "abc"] for point in found]
    assert bits == [[6, 4, 8]]  # 4 bits are none of c's, nor 6
    assert [point["layers.a.reuse_factor"] for point in found] == [8]
