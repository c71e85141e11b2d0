"""The `search` section of a study file."""

import pytest
from toy import REGISTRY

from dse.contracts.errors import StudyError
from dse.study.models import Limit
from dse.study.validate import bind, parse_study

HEAD = "workload: {name: toy}\nspace: {bits: [1, 2]}\nbackends: [square, wide]\n"
OBJECTIVES = "objectives: [latency_ns]\n"
STEPS = "{backends: [square]}, {backends: [wide], keep: 0.5}"
LIMITED = "search: {{ladder: [{{backends: [square]{}}}, {{backends: [wide]{}}}]}}"
AGAIN = OBJECTIVES + "search: {{{}, ladder: [{}, {{backends: [token]}}]}}\n"
"""Limits of the search and a first step, before a step of another backend."""


def bound(text):
    head = HEAD.replace("wide]", "wide, token]") if "token" in text else HEAD
    return bind(parse_study(head + text), REGISTRY).study.search


WRONG = [
    ("search: {method: tpe}", "search", "needs a budget", "points: 100"),
    ("search: {budget: {points: 4}}", "search", "a grid is run as a whole", "budget"),
    ("search: {batch: 4}", "search", "a grid is run as a whole", "batch"),
    ("search: {method: tpe, budget: {points: 0}}", "search.budget.points", "1", ""),
    ("search: {method: tpe, budget: {hours: 0}}", "search.budget.hours", "above zero", ""),
    ("search: {method: tpe, budget: {points: 9}}", "search", "tpe needs objectives", "objectives:"),
    ("search: {method: tpe, budget: {points: 9}, seed: -1}", "search.seed", "0", ""),
    (
        OBJECTIVES + "search: {method: random, budget: {points: 2}, limits: {lutt: {max: 3}}}",
        "search.limits.lutt",
        "no metric",
        "'lut'",
    ),
    (
        OBJECTIVES + "search: {method: random, budget: {points: 2}, limits: {wode.lut: {max: 3}}}",
        "search.limits.wode.lut",
        "'wode' is no backend of this study",
        "'wide'",
    ),
    (
        OBJECTIVES + "search: {method: random, limits: {lut: {}}}",
        "search.limits.lut",
        "min or max",
        "",
    ),
    (
        OBJECTIVES + "search: {method: random, limits: {lut: {min: 3, max: 2}}}",
        "search.limits.lut",
        "above",
        "",
    ),
    (OBJECTIVES + "search: {ladder: [{backends: [square]}]}", "search.ladder", "runs wide", ""),
    (
        OBJECTIVES + "search: {ladder: [{backends: [square, widde]}, {backends: [wide]}]}",
        "search.ladder.0.backends.1",
        "'widde' is no backend of this study",
        "did you mean 'wide'",
    ),
    (
        OBJECTIVES + "search: {ladder: [{backends: [square, wide]}, {backends: [wide]}]}",
        "search.ladder.1.backends.0",
        "twice",
        "",
    ),
    (
        OBJECTIVES + "search: {ladder: [{backends: [square, wide], keep: 0.5}]}",
        "search.ladder.0.keep",
        "the first step evaluates all points",
        "budget",
    ),
    (
        OBJECTIVES + LIMITED.format(", limits: {lutt: {max: 3}}", ""),
        "search.ladder.0.limits.lutt",
        "no metric",
        "'lut'",
    ),
    (
        OBJECTIVES + LIMITED.format(", limits: {lut: {}}", ""),
        "search.ladder.0.limits.lut",
        "min or max",
        "",
    ),
    (
        OBJECTIVES + LIMITED.format("", ", limits: {lut: {max: 3}}"),
        "search.ladder.1.limits",
        "no step chooses from the results of the last one",
        "search: {limits:",
    ),
    (
        OBJECTIVES + LIMITED.format(", limits: {wide.lut: {max: 3}}", ""),
        "search.ladder.0.limits.wide.lut",
        "no backend up to this step gives 'lut'",
        "latency_ns",
    ),
    (
        OBJECTIVES + "search: {ladder: [{backends: [square, wide], limits: {lut: {max: 3}}}]}",
        "search.ladder.0.limits",
        "no step chooses from the results of the last one",
        "search: {limits:",
    ),
    ("search: {start: 4}", "search", "a grid is run as a whole", "start"),
    (OBJECTIVES + "search: {limits: {lutt: {max: 3}}}", "search.limits.lutt", "lutt", "lut"),
    (OBJECTIVES + f"search: {{ladder: [{STEPS.replace('0.5', 'true')}]}}", "keep", "True", ""),
    (f"search: {{ladder: [{STEPS}]}}", "search", "a ladder needs objectives", "objectives:"),
    (OBJECTIVES + f"search: {{ladder: [{STEPS.replace('0.5', '0')}]}}", "search.ladder", "0", ""),
]


@pytest.mark.parametrize(("text", "place", "says", "hint"), WRONG)
def test_mistakes_have_their_place(text, place, says, hint):
    with pytest.raises(StudyError) as caught:
        bound(text + "\n")
    assert place in caught.value.where
    assert says in caught.value.message
    assert hint in f"{caught.value.message} {caught.value.hint}"


def test_a_good_section():
    search = bound(
        OBJECTIVES + "search: {method: nsga2, seed: 3, batch: 8, budget: {points: 10, hours: 1.5, "
        f"licence_hours: 2}}, limits: {{lut: {{max: 9}}}}, ladder: [{STEPS}]}}\n"
    )
    assert (search.method, search.seed, search.batch, search.budget.hours) == ("nsga2", 3, 8, 1.5)
    assert [rung.keep for rung in search.rungs(["square", "wide"])] == [1.0, 0.5]
    assert bound("").rungs(["a", "b"])[0].backends == ("a", "b")


def test_limits_of_a_step_replace_those_of_the_search():
    first = "{backends: [square, wide], limits: {lut: {min: 2}, latency_ns: {max: 7}}}"
    limits = "limits: {lut: {max: 9}, latency_cycles: {max: 5}}"
    search = bound(AGAIN.format(limits, first))
    both = [{k: (v.min, v.max) for k, v in search.limits_of(s).items()} for s in search.ladder]
    assert both[0] == {"lut": (2, None), "latency_ns": (None, 7), "latency_cycles": (None, 5)}
    assert both[1] == {"lut": (None, 9), "latency_cycles": (None, 5)}
    assert search.every_limit.keys() == both[0].keys()


@pytest.mark.parametrize(
    ("of_search", "of_step", "spelling"),
    [
        (["latency_ns"], ["square.latency_ns"], "latency_ns"),
        (["square.latency_ns"], ["latency_ns"], "square.latency_ns"),
        (["square.latency_ns"], ["square.latency_ns.estimate"], "square.latency_ns"),
        # a backend that has not run: its metric is taken from one that has
        (["token.lut"], ["wide.lut"], "token.lut"),
        (["lut", "wide.lut"], ["lut"], "wide.lut"),
        (["lut"], ["wide.lut", "lut"], ""),
        (["square.lut"], ["wide.lut"], ""),
        (["lut_pct"], ["lut"], ""),
        (["token.lut"], ["token.lut"], ""),
    ],
)
def test_a_limit_of_a_step_has_the_name_that_it_replaces(of_search, of_step, spelling):
    names = [
        "limits: {" + ", ".join(f"{n}: {{max: 9}}" for n in n_s) + "}"
        for n_s in (of_search, of_step)
    ]
    text = AGAIN.format(names[0], "{backends: [square, wide], " + names[1] + "}")
    if not spelling:
        assert len(bound(text).ladder[0].limits) == len(of_step)
        return
    with pytest.raises(StudyError, match="both limits would hold") as caught:
        bound(text)
    assert f"search.ladder.0.limits.{of_step[0]}" in caught.value.where
    assert f"write {spelling} here" in caught.value.hint


def test_constraints_that_leave_nothing_are_noticed_at_once():
    text = "constraints: [bits >= 99]\n" + OBJECTIVES
    with pytest.raises(StudyError, match="no point is left"):
        bound(text + "search: {method: tpe, budget: {points: 5}}\n")


def test_only_a_grid_is_limited_in_size():
    large = "workload: {name: toy}\nspace: {bits: {range: {start: 1, stop: 9999}}, width: {range: "
    large += "{start: 1, stop: 9999}}}\nbackends: [square, wide]\n"
    with pytest.raises(StudyError, match="a grid of more than") as caught:
        bind(parse_study(large), REGISTRY)
    assert "search: {method: tpe" in caught.value.hint
    searched = large + OBJECTIVES + "search: {method: tpe, budget: {points: 5}}\n"
    assert bind(parse_study(searched), REGISTRY).space.raw_size == 9999**2


@pytest.mark.parametrize(
    ("limit", "value", "expected"),
    [
        ({"max": 100}, 100, 0),
        ({"max": 100}, 150, 0.5),
        ({"min": 0.5}, 0.25, 0.5),
        ({"min": 0.5}, 0.75, 0),
        ({"min": 0, "max": 2}, -3, 3),
        ({"max": -4}, -2, 0.5),
    ],
)
def test_violation_is_relative_to_the_limit(limit, value, expected):
    assert Limit(**limit).violation(value) == pytest.approx(expected)
