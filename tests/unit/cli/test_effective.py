"""Requested against effective: a warning in `run`, rows in `show`, a filter in `pareto`."""

from typing import Any

import pytest

from dse.contracts.backend import Context, Job, Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.testing.noop import NoopBackend

from .conftest import Dse


@pytest.fixture(autouse=True)
def tool(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that builds at most 2, and counts 100 look-up tables for each."""

    def evaluate(self: NoopBackend, job: Job, context: Context) -> Outcome:
        asked: Any = job.parameters["value"]
        built = min(asked, 2)
        layer = {"requested": {"reuse_factor": asked}, "effective": {"reuse_factor": built}}
        quiet = {"requested": {"result": "auto"}, "effective": {"result": "fixed<9,3>"}}
        effective = {"layers": {"dense": layer, "relu": quiet}}
        metrics = (
            Metric.of("lut", 100 * built, Fidelity.RTL),
            Metric.of("latency_ns", asked, Fidelity.RTL),
        )
        return Outcome(metrics, effective)

    monkeypatch.setattr(NoopBackend, "evaluate", evaluate)


def test_run_warns_and_names_a_point(run: Dse) -> None:
    answer = run()
    assert answer.code == 0
    assert "not built as requested: 1 points, such as point 0: dense reuse_factor 3 became 2" in (
        answer.said
    )


def test_run_is_silent_where_all_is_as_requested(run: Dse, write: Any) -> None:
    assert "not built" not in run(write(space={"value": [1, 2]})).said


def test_show_has_requested_and_effective(run: Dse, dse: Dse) -> None:
    run()
    assert ["dense", "reuse_factor", "3", "2"] in dse("show", 0).cells
    assert not any("relu" in row for row in dse("show", 0).cells)
    assert "requested and effective are the same" in dse("show", 1).out


@pytest.mark.parametrize(
    ("condition", "points"),
    [
        ("effective=requested", {"1", "2"}),
        ("effective == requested", {"1", "2"}),
        ("effective != requested", {"0"}),
    ],
)
def test_pareto_filters(run: Dse, dse: Dse, condition: str, points: set[str]) -> None:
    run()
    rows = [
        row["point"]
        for value in (1, 2, 3)
        for row in dse(
            *("pareto", "--metric", "lut", "--where", f"value=={value}", "--format", "csv"),
            *("--where", condition),
        ).rows
    ]
    assert set(rows) == points


def test_shares_of_another_part(run: Dse, dse: Dse) -> None:
    run(None, "--set", "space.value=[1,2]")
    answer = dse("pareto", "--metric", "lut_pct", "--part", "xcku115")
    assert "utilisation of xcku115" in answer.out
    row = dse("pareto", "--metric", "lut_pct", "--part", "xcku115", "--format", "json").json[0]
    assert row["lut_pct"] == pytest.approx(100 * 100 / 663_360)
    answer = dse("pareto", "--metric", "lut_pct")  # nothing says which part it was made for
    assert answer.code == 2
    assert "--part" in answer.said


def test_an_unknown_part_is_a_usage_error(run: Dse, dse: Dse) -> None:
    run()
    answer = dse("pareto", "--metric", "lut_pct", "--part", "xcku116")
    assert answer.code == 2
    assert "did you mean 'xcku115'" in answer.said


@pytest.mark.parametrize(
    ("stage", "title"),
    [("csynth", "noop: by layer ┏"), ("routed", "noop: by layer, as C synthesis reports it ┏")],
)
def test_show_says_of_which_stage_predicted_numbers_are(
    run: Dse, dse: Dse, monkeypatch: pytest.MonkeyPatch, stage: str, title: str
) -> None:
    effective = {"predicted": {"stage": stage}, "costs": {"dense": {"lut": 4.0}}}
    outcome = Outcome((Metric.of("lut", 3, Fidelity.PREDICTED),), effective)
    monkeypatch.setattr(NoopBackend, "evaluate", lambda *_: outcome)
    run()
    said = dse("show", 0).out
    assert f"predicted stage: {stage}" in said
    assert title in " ".join(said.split())
