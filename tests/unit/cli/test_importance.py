"""`dse importance`: one table, sorted, with what was left out."""

from typing import Any

import pytest

from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.testing.noop import NoopBackend

from .conftest import Dse


@pytest.fixture
def study(run: Dse, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """AUC follows `value`, LUT mostly `sleep_s`, DSP nothing."""

    def evaluate(self: NoopBackend, job: Any, context: Any) -> Outcome:
        value, sleep = job.parameters["value"], job.parameters["sleep_s"]
        numbers = {"auc": value / 10, "lut": value + 100 * sleep, "dsp": 3}
        return Outcome(tuple(Metric.of(k, v, Fidelity.RTL) for k, v in numbers.items()))

    monkeypatch.setattr(NoopBackend, "evaluate", evaluate)
    space = {
        "value": [1, 2, 3, 4, 5],
        "sleep_s": [0.0, 0.25, 0.5],
        "behaviour": ["ok"],
    }
    assert run(write(space=space, objectives=["auc", "lut"])).code == 0


@pytest.mark.usefixtures("study")
def test_the_objectives_in_one_table(dse: Dse) -> None:
    answer = dse("importance")
    assert answer.err == ""
    auc = {row[0]: row[1] for row in answer.cells}
    lut = {row[0]: row[2] for row in answer.cells}
    assert len(answer.cells) == 2
    assert auc["value"].endswith(" ██████████")
    assert float(auc["value"].split()[0]) > 0.98
    assert sum(float(cell.split()[0]) for cell in auc.values()) == pytest.approx(1, abs=2e-3)
    assert float(lut["sleep_s"].split()[0]) > 0.95
    assert "auc: rtl from noop, 15 points" in answer.out
    assert "behaviour" not in answer.out


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("evaluator", ["fanova", "ped-anova", "mdi"])
def test_numbers_for_scripts(dse: Dse, evaluator: str) -> None:
    found = dse("importance", "--metric", "lut", "--evaluator", evaluator, "--json").json
    assert list(found) == ["lut"]
    assert list(found["lut"]) == ["sleep_s", "value"]
    assert sum(found["lut"].values()) == pytest.approx(1)
    assert found["lut"]["sleep_s"] > (0.6 if evaluator == "ped-anova" else 0.9)


@pytest.mark.usefixtures("study")
def test_nothing_moves_a_constant(dse: Dse) -> None:
    answer = dse("importance", "--metric", "dsp,auc")
    assert [row[1] for row in answer.cells] == ["–", "–"]
    assert answer.cells[0][0] == "value"
    assert "dsp: rtl from noop, 15 points: no parameter changes it" in answer.out


@pytest.mark.usefixtures("study")
def test_only_points_that_meet_a_condition(dse: Dse) -> None:
    answer = dse("importance", "--metric", "auc", "--where", "sleep_s<=0.25")
    assert "10 points" in answer.out
    answer = dse("importance", "--metric", "lut", "--where", "sleep_s==0.25")
    assert [row[0] for row in answer.cells] == ["value"]


def test_coupled_parameters_are_named_and_left_out(run: Dse, dse: Dse, write: Any) -> None:
    space = {"value": [1, 2, 3, 4], "sleep_s": {"coupled": "value / 1000"}}
    assert run(write(space=space)).code == 0
    answer = dse("importance")
    assert answer.cells == [["value", "1.000 ██████████"]]
    assert "computed from other parameters, so left out: sleep_s" in answer.out


@pytest.mark.parametrize(
    ("values", "options", "says"),
    [
        ([1, 2, 3], [], "3 points have latency_ns from noop hint: importance needs at least 4"),
        ([1], [], "no parameter differs between the points"),
        ([1, 2, 3, 4], ["--metric", "latency"], ""),
        ([1, 2, 3, 4], ["--metric", "lut"], "no point has the metric 'lut'"),
        ([1, 2, 3, 4], ["--where", "value>9"], "no point is left"),
        ([1, 2, 3, 4], ["--evaluator", "anova"], "'anova' is not one of 'fanova'"),
    ],
)
def test_mistakes(
    run: Dse, dse: Dse, write: Any, values: list[int], options: list[str], says: str
) -> None:
    run(write(space={"value": values}))
    answer = dse("importance", *options)
    assert answer.code == (2 if says else 0)
    assert says in answer.said
