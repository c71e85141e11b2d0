"""The encoding of a space for Optuna, and the way back."""

from itertools import product

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, IntDistribution

from dse.search.encoding import (
    axis_name,
    distributions,
    from_trial,
    indices,
    is_ordered,
    to_trial,
)
from dse.study.models import Study
from dse.study.space import Axis, Space
from dse.study.validate import parse_study

HEAD = "workload: {name: w}\nbackends: [b]\n"
MIXED = """\
space:
  bits: {range: {start: 8, stop: 14, step: 2}}
  integer: {coupled: bits / 2}
  strategy: [latency, resource, unrolled]
  clock: 5.0
  low: [1, 2, 3]
  high: [x, y, z]
zip:
  - [low, high]
"""


def space(text):
    return Space(parse_study(HEAD + text))


def axis(*values):
    return Axis(("p",), tuple((value,) for value in values))


def test_an_axis_in_order_is_whole_numbers_any_other_a_choice_of_rows():
    assert distributions(space(MIXED)) == {
        "bits": IntDistribution(0, 3),
        "strategy": CategoricalDistribution((0, 1, 2)),
        "low,high": IntDistribution(0, 2),
    }


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        ([1, 2, 4, 8], True),
        ([0.5, 0.25, -3], True),
        ([3, 1, 2], False),
        (["a", "b", "c"], False),
        (["a", "b"], True),
        ([False, True], True),
        ([True, 2, 3], False),
        ([1, 2, None], False),
        ([None, 1, 2], False),
        ([{"a": 1}, {"a": 2}, {"a": 3}], False),
        ([7], True),
    ],
)
def test_order(values, ordered):
    assert is_ordered(axis(*values)) is ordered


def test_one_parameter_in_order_is_enough_for_zipped_ones():
    names, texts, mixed = ("a", "b"), ("x", "y", "z"), (2, 3, 1)
    assert is_ordered(Axis(names, tuple(zip(texts, (1, 2, 3), strict=True))))
    assert not is_ordered(Axis(names, tuple(zip(texts, mixed, strict=True))))


def test_a_space_without_a_choice_has_no_distributions():
    fixed = space("space: {a: 1, b: [x]}\n")
    assert distributions(fixed) == {}
    assert to_trial(fixed, (0, 0)) == {}
    assert from_trial(fixed, {}) == (0, 0)
    assert indices(fixed, {"a": 1, "b": "x"}) == (0, 0)
    assert indices(space(""), {}) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"bits": 9},
        {"bits": "8"},
        {"integer": 5},
        {"clock": 4.0},
        {"high": "z"},
        {"strategy": None},
        {"more": 1},
    ],
)
def test_points_of_another_space_have_no_indices(change):
    mixed = space(MIXED)
    point = mixed.at((0, 1, 0, 0))
    assert indices(mixed, point) == (0, 1, 0, 0)
    assert indices(mixed, point | change) is None


def test_a_missing_parameter_is_another_space():
    mixed = space(MIXED)
    point = mixed.at((0, 1, 0, 0))
    assert [indices(mixed, {k: v for k, v in point.items() if k != name}) for name in point] == [
        None
    ] * len(point)


def test_whole_numbers_and_mappings_in_another_order_are_the_same_values():
    found = space("space: {a: [1, 2], b: [{x: 1, y: 2}, {x: 3, y: 4}]}\n")
    assert indices(found, {"b": {"y": 4, "x": 3}, "a": 2.0}) == (1, 1)
    assert indices(found, {"b": {"y": 4, "x": 3}, "a": True}) is None


values = st.one_of(
    st.integers(-5, 5),
    st.floats(-2, 2, allow_nan=False),
    st.booleans(),
    st.none(),
    st.sampled_from(["x", "y", "true", "1"]),
    st.lists(st.integers(0, 2), max_size=2),
)


@st.composite
def spaces(draw):
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True))
    study = parse_study(HEAD)
    domains = {n: draw(st.lists(values, min_size=1, max_size=4)) for n in names}
    lengths = {len(domain) for domain in domains.values()}
    given = {"name": "s", "workload": {"name": "w"}, "backends": ["b"], "space": domains}
    if len(names) > 1 and len(lengths) == 1:
        given["zip"] = [names[:2]]
    return Space(Study.model_validate(given, context=(study.source, study.base)))


@settings(max_examples=60, deadline=None)
@given(spaces())
def test_every_point_comes_back_from_its_indices_and_its_trial(found):
    everywhere = list(product(*(range(len(axis.rows)) for axis in found.axes)))
    for rows in everywhere:
        assert indices(found, found.at(rows)) == rows
        assert from_trial(found, to_trial(found, rows)) == rows
    assert len(everywhere) == found.raw_size


@settings(max_examples=60, deadline=None)
@given(spaces(), st.data())
def test_trials_and_distributions_fit(found, data):
    rows = tuple(data.draw(st.integers(0, len(axis.rows) - 1)) for axis in found.axes)
    trial = optuna.trial.create_trial(
        params=to_trial(found, rows), distributions=distributions(found), value=0.0
    )
    assert from_trial(found, trial.params) == rows
    assert [len(a.rows) > 1 for a in found.axes] == [
        axis_name(a) in trial.params for a in found.axes
    ]


def test_what_a_sampler_asks_is_a_point_of_the_space():
    mixed = space(MIXED)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1, n_startup_trials=5))
    seen = set()
    for _ in range(30):
        trial = study.ask(distributions(mixed))
        point = mixed.at(from_trial(mixed, trial.params))
        rows = indices(mixed, point)
        assert rows == from_trial(mixed, trial.params)
        seen.add(rows)
        study.tell(trial, (point["bits"] - 12) ** 2)
    assert len(seen) > 5
    assert mixed.at(from_trial(mixed, study.best_params))["bits"] == 12
