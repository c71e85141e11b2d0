"""Importances against functions whose variance is known, and which parameters take part."""

import itertools
import random

import optuna
import pytest

from dse.analysis.columns import Column
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Fidelity
from dse.search.importance import LEAST_POINTS, DependentParameters, importances, varying_axes
from dse.search.optuna_compat import quiet_optuna
from dse.store.queries import StoredMetric, StoredPoint
from dse.study.space import Axis

EVALUATORS = ("fanova", "ped-anova", "mdi")
UP = Column("m", "b", Fidelity.RTL, "", "maximise")
DOWN = Column("m", "b", Fidelity.RTL, "", "minimise")


def point(number, parameters, value=None, fidelity=Fidelity.RTL):
    metric = StoredMetric("m", value, "", "maximise", fidelity, None, None, "b", "t", number)
    return StoredPoint("s", number, parameters, () if value is None else (metric,))


def grid(function, **values):
    rows = itertools.product(*values.values())
    assignments = [dict(zip(values, row, strict=True)) for row in rows]
    return [point(n, given, float(function(**given))) for n, given in enumerate(assignments)]


def shares(points, column=UP, evaluator="fanova", structure=None):
    return importances(
        points, column, varying_axes(points, structure or DependentParameters()), evaluator
    )


def test_shares_are_those_of_the_variance():
    """3 a + b with equal levels: the variances are as 9 to 1."""
    found = shares(grid(lambda a, b, **_: 3 * a + b, a=range(6), b=range(6), c=["x", "y"]))
    assert found == pytest.approx({"a": 0.9, "b": 0.1, "c": 0}, abs=0.02)


def test_a_quarter_of_the_trees_shows_the_same():
    """Against the variances, as the page Parameters draws them."""
    points = grid(lambda a, b, **_: 3 * a + b, a=range(6), b=range(6), c=["x", "y"])
    axes = varying_axes(points, DependentParameters())
    found = importances(points, UP, axes, "fanova", n_trees=16)
    assert found == pytest.approx({"a": 0.9, "b": 0.1, "c": 0}, abs=0.03)


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_shares_sum_to_one_and_do_not_depend_on_luck(evaluator):
    points = grid(lambda a, b: a * a - b, a=range(5), b=[1, 2, 4, 8])
    first = shares(points, evaluator=evaluator)
    random.seed(5)
    assert shares(points, evaluator=evaluator) == first
    assert sum(first.values()) == pytest.approx(1)
    assert first["a"] > first["b"] > 0


def test_the_best_tenth_depends_on_what_is_good():
    points = grid(lambda a, b: 100 * (a == 9) + b / 10, a=range(10), b=range(10))
    best, worst = (shares(points, column, "ped-anova") for column in (UP, DOWN))
    assert best["a"] > 0.9
    assert worst["b"] > 0.9


def test_unordered_values_count_too():
    points = grid(lambda a, b: {"x": 5, "y": 0, "z": 3}[a] + b, a=["x", "y", "z"], b=[0, 0.1, 0.2])
    assert shares(points)["a"] > 0.95


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_what_never_changes_is_moved_by_nothing(evaluator):
    assert shares(grid(lambda **_: 7, a=range(3), b=range(3)), evaluator=evaluator) == {}


def test_only_numbers_of_the_column_count():
    points = grid(lambda a, **_: a, a=range(4), b=range(4))
    failed = [point(90, {"a": 1, "b": 1}), point(91, {"a": 2, "b": 9}, 1e9, Fidelity.CSYNTH)]
    assert shares([*points, *failed])["a"] > 0.95
    few = [*points[: LEAST_POINTS - 1], *failed]
    with pytest.raises(UsageError, match=rf"{LEAST_POINTS - 1} points have m from b"):
        shares(few)
    assert shares(points[:LEAST_POINTS]) == pytest.approx({})


def test_what_varies():
    points = [
        point(0, {"n": 8, "fixed": 1, "text": "b", "some": 1, "flag": True}),
        point(1, {"n": 2, "fixed": 1.0, "text": "a", "flag": False}),
        point(2, {"n": 4.0, "fixed": 1, "text": "b", "some": 2, "flag": True}),
        point(3, {"n": 8.0, "fixed": 1, "text": "b", "some": 2, "flag": True}),
    ]
    assert varying_axes(points, DependentParameters()) == (
        Axis(("n",), ((2,), (4.0,), (8,))),
        Axis(("text",), (("b",), ("a",))),
        Axis(("flag",), ((True,), (False,))),
    )


def test_zipped_parameters_are_one_and_coupled_ones_none():
    text = """\
workload: {name: w}
backends: [b]
space: {name: [z, y, x], bits: [3, 1, 2], half: {coupled: bits / 2}, other: [1, 2]}
zip: [[name, bits]]
"""
    structure = DependentParameters.of(text)
    assert structure == DependentParameters(frozenset({"half"}), (("name", "bits"),))
    rows = [("z", 3), ("y", 1), ("x", 2)]
    points = [
        point(2 * n + other, {"name": a, "bits": b, "half": b / 2, "other": other}, b)
        for n, (a, b) in enumerate(rows)
        for other in (0, 1)
    ]
    axes = varying_axes(points, structure)
    assert axes[0] == Axis(("name", "bits"), (("y", 1), ("x", 2), ("z", 3)))
    found = importances(points, UP, axes, "fanova")
    assert found.keys() == {"name,bits", "other"}
    assert found["name,bits"] > 0.9


@pytest.mark.parametrize("text", ["", "]", "space: {a: {coupled: b}}", "name: s"])
def test_a_text_that_says_nothing(text):
    assert DependentParameters.of(text) == DependentParameters()


def test_optuna_is_as_talkative_as_before():
    before = optuna.logging.get_verbosity()
    with quiet_optuna():
        assert optuna.logging.get_verbosity() == optuna.logging.WARNING
    assert optuna.logging.get_verbosity() == before
    with pytest.raises(KeyError), quiet_optuna():
        raise KeyError
    assert optuna.logging.get_verbosity() == before


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_what_differs_only_where_there_is_no_number_moved_nothing(evaluator):
    points = grid(lambda a, **_: a * a - a, a=range(12), b=[0])
    points += [point(100 + n, {"a": n, "b": 1}) for n in range(12)]  # all of them failed
    assert shares(points, evaluator=evaluator) == {"a": 1, "b": 0}
