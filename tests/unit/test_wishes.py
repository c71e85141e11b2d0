"""Budgets as people write them, and those that make no sense."""

import pytest

from dse.analysis.wishes import wishes_of
from dse.contracts.errors import UsageError


def wishes(score="accuracy", direction="maximise", part="xc7a100t", optimise=None, **given):
    return wishes_of(
        given,
        score=score,
        score_direction=direction,
        optimise=optimise,
        part=part,
        clock_period_ns=5.0,
    )


def limits(**given):
    return {wish.metric: wish.limit for wish in wishes(**given).asked}


def test_shares_are_of_the_part_and_times_have_units():
    found = limits(lut="30%", dsp="24", latency="0.5us", interval="20ns", accuracy="0.97")
    assert found == {
        "lut": 0.3 * 63400,
        "dsp": 24,
        "latency_ns": 500,
        "interval_ns": 20,
        "accuracy": 0.97,
    }


def test_what_the_part_has_is_a_limit_too():
    implied = {wish.metric: wish.limit for wish in wishes(lut="30%").limits if wish.implied}
    assert implied == {"ff": 126800, "dsp": 240, "bram_18k": 270}


def test_the_goal_is_the_least_of_luts_or_the_best_accuracy():
    assert wishes(accuracy="0.9").goal == "lut"
    assert wishes(lut="10%").goal == "accuracy"
    assert wishes(lut="10%", optimise="latency").goal == "latency_ns"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"lut": "0"}, "no circuit has 0 LUT"),
        ({"lut": "0%"}, "no circuit has 0 LUT"),
        ({"ff": "-3"}, "no circuit has -3 FF"),
        ({"lut": "130%"}, "more than the part has"),
        ({"lut": "1e6"}, "xc7a100t has 63,400 LUT"),
        ({"dsp": "many"}, "'many' is no number"),
        ({"accuracy": "1.1"}, "at most 1"),
        ({"accuracy": "0"}, "every design"),
        ({"latency": "0ns"}, "no circuit has a latency of 0 ns"),
        ({"latency": "500"}, "a time with its unit"),
        ({"part": "xc7a100", "lut": "3%"}, "did you mean 'xc7a100t'"),
        ({"part": "xqz9"}, "capacity not known"),
    ],
)
def test_absurd_budgets_are_answered_in_words(given, says):
    with pytest.raises(UsageError, match=says):
        wishes(**given)


def test_an_error_has_a_largest_value():
    (wish,) = wishes("mse", "minimise", accuracy="0.1").asked
    assert wish.missed(0.2) == pytest.approx(1)
    assert wish.missed(0.05) == 0


def test_no_dsp_slices_is_a_budget():
    assert limits(dsp="0") == {"dsp": 0}
