"""Points that are given out once."""

from itertools import product

import numpy as np
import pytest

from dse.search.candidates import CandidateGenerator
from dse.study.space import Space
from dse.study.validate import parse_study

HEAD = "workload: {name: w}\nbackends: [b]\n"
SQUARE = "space: {a: {range: {start: 0, stop: 9}}, b: {range: {start: 0, stop: 9}}}\n"
HALF = SQUARE + "constraints: [a + b <= 9]\n"


def space(text):
    return Space(parse_study(HEAD + text))


def unseen(text, known=(), seed=1):
    return CandidateGenerator(space(text), known, np.random.default_rng(seed))


def everywhere(kind, chooser, count):
    return list(chooser.draw_random(count) if kind == "any" else chooser.draw_sobol(count, 3, 0))


@pytest.mark.parametrize("kind", ["any", "spread"])
def test_all_points_once_and_then_no_more(kind):
    found = everywhere(kind, unseen(HALF), 1000)
    assert sorted(found) == [(a, b) for a, b in product(range(10), range(10)) if a + b <= 9]


@pytest.mark.parametrize("kind", ["any", "spread"])
def test_known_points_are_left_out(kind):
    known = [(a, b) for a, b in product(range(10), range(10)) if a < 8]
    found = everywhere(kind, unseen(SQUARE, known), 1000)
    assert sorted(found) == [(a, b) for a, b in product((8, 9), range(10))]


def test_spread_fills_the_space_more_evenly_than_chance():
    """16 points of a Sobol sequence in 2-D: one in each of the 16 squares."""
    found = everywhere("spread", unseen("space: {a: {range: {start: 0, stop: 63}}, b: {range: "
                                        "{start: 0, stop: 63}}}\n"), 16)  # fmt: skip
    assert len({(a // 16, b // 16) for a, b in found}) == 16


def test_spread_goes_on_where_it_was():
    whole = list(unseen(SQUARE).draw_sobol(20, 3, 0))
    first = list(unseen(SQUARE).draw_sobol(8, 3, 0))
    rest = list(unseen(SQUARE, first).draw_sobol(12, 3, 8))
    assert first == whole[:8]
    assert len(set(first) | set(rest)) == 20


def test_near_is_near_and_new():
    chooser = unseen(SQUARE, [(4, 4)])
    ring = [chooser.near((4, 4)) for _ in range(4)]
    assert {abs(a - 4) + abs(b - 4) for a, b in ring} <= {1, 2}
    assert len(set(ring)) == 4
    assert (4, 4) not in ring


def test_near_finds_a_far_point_where_nothing_else_is_left():
    known = [rows for rows in product(range(10), range(10)) if rows != (9, 9)]
    chooser = unseen(SQUARE, known)
    assert chooser.near((0, 0)) == (9, 9)
    assert chooser.near((0, 0)) is None


def test_a_space_without_a_choice_has_one_point():
    chooser = unseen("space: {a: 1}\n")
    assert everywhere("spread", chooser, 3) == [(0,)]
    assert everywhere("spread", unseen("space: {}\n"), 3) == [()]


def test_what_constraints_forbid_is_not_taken():
    assert not unseen(HALF).take((9, 9))
    chooser = unseen(HALF)
    assert chooser.take((0, 9))
    assert not chooser.take((0, 9))
