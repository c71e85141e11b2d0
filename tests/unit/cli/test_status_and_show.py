"""`dse status`, `dse show` and `dse export`."""

import csv
import json
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dse.cli.results import one_type_each
from dse.contracts.backend import Artifact, Context, Job, Outcome
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.testing.noop import NoopBackend


def fails_at_one(value: int) -> list[Metric]:
    if value == 1:
        raise EvaluationError(FailureKind.TOOL_FAILED, "one [x] is too small", hint="take two")
    return [Metric.of("latency_ns", value, Fidelity.ESTIMATE, low=value - 0.5, high=value + 0.5)]


@pytest.fixture
def half_failed(run: Any, gives: Any) -> None:
    """Three points; the second one failed."""
    gives(fails_at_one)
    assert run().code == 0


def test_status_counts_points_evaluations_and_failures(half_failed: None, dse: Any) -> None:
    (study,) = dse("status", "--json").json
    assert (study["name"], study["state"]) == ("s", "done")
    assert (study["points"], study["evaluations"], study["failures"]) == (3, 3, 1)
    assert study["objectives"] == {"latency_ns": "minimise"}
    when = datetime.fromisoformat(study["updated_at"]).replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - when) < timedelta(hours=1)
    assert dse("status").cells[0][:5] == ["s", "done", "3", "3", "1"]


def test_status_lists_the_last_run_first(run: Any, write: Any, dse: Any) -> None:
    for name in ("a", "b", "c"):
        run(write(f"{name}.yaml", name=name))
    run("b.yaml")
    assert [study["name"] for study in dse("status", "--json").json] == ["b", "c", "a"]


def test_show_gives_parameters_metrics_and_provenance(half_failed: None, dse: Any) -> None:
    shown = dse("show", "2", "--json").json
    assert shown["parameters"] == {"value": 2}
    (metric,) = shown["metrics"]
    assert (metric["name"], metric["value"], metric["unit"]) == ("latency_ns", 2.0, "ns")
    assert (metric["low"], metric["high"], metric["fidelity"]) == (1.5, 2.5, "estimate")
    (evaluation,) = shown["evaluations"]
    assert (evaluation["status"], evaluation["tool"]) == ("done", "noop 1")
    assert evaluation["parameters"]["behaviour"] == "ok"
    text = dse("show", "2").out
    assert "value = 2" in text
    assert "1.500 – 2.500" in text


def test_show_gives_what_the_tool_warned_about(
    run: Any, dse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def evaluate(self: NoopBackend, job: Job, context: Context) -> Outcome:
        metric = Metric.of("lut", 1, Fidelity.ESTIMATE)
        return Outcome((metric,), {"warnings": ["table of [softmax] cut to 256"]})

    monkeypatch.setattr(NoopBackend, "evaluate", evaluate)
    run()
    assert "warning (noop): table of [softmax] cut to 256" in dse("show", "0").out


def test_show_explains_a_failure(half_failed: None, dse: Any) -> None:
    text = dse("show", "1").out
    assert "noop: failed" in text
    assert "kind: tool_failed" in text
    assert "message: one [x] is too small" in text
    assert "hint: take two" in text
    shown = dse("show", "1", "--json").json
    assert shown["metrics"] == []
    assert shown["evaluations"][0]["failure"]["kind"] == "tool_failed"


@pytest.mark.parametrize("command", ["show", "reproduce"])
@pytest.mark.parametrize("number", ["3", "99"])
def test_a_point_that_does_not_exist(
    half_failed: None, dse: Any, command: str, number: str
) -> None:
    answer = dse(command, number)
    assert (answer.code, answer.out) == (5, "")
    assert f"study 's' has no current point {number}" in answer.err
    assert "0 to 2" in answer.err


def test_a_negative_number_is_no_point(half_failed: None, dse: Any) -> None:
    assert dse("show", "-1").code == 2
    assert dse("show", "--", "-1").code == 5


def test_a_point_of_an_earlier_version_is_not_offered(run: Any, dse: Any) -> None:
    run()
    run(None, "--set", "space.value=[5]")
    answer = dse("show", "0")
    assert answer.code == 5
    assert "0 to" not in answer.err  # 0 is just what does not exist
    assert dse("show", "3", "--json").json["parameters"] == {"value": 5}


def test_a_point_that_was_not_evaluated_yet_can_be_shown(run: Any, write: Any, dse: Any) -> None:
    run(write(backends=[{"name": "noop", "behaviour": "fail"}]), "--fail-fast")
    answer = dse("show", "2")
    assert answer.code == 0
    assert "value = 2" in answer.out


@pytest.mark.parametrize("command", [["show", "0"], ["pareto"], ["export", "out.csv"]])
def test_an_unknown_study_is_named(half_failed: None, dse: Any, command: list[str]) -> None:
    answer = dse(*command, "--study", "t")
    assert (answer.code, answer.out) == (5, "")
    assert "there is no study 't'" in answer.err
    assert "legal: s" in answer.err


@pytest.mark.parametrize("cache", [".dse/cache", "scratch/cache"])
def test_show_names_files_that_are_there(
    run: Any, dse: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache: str
) -> None:
    def evaluate(self: NoopBackend, job: Job, context: Context) -> Outcome:
        (context.directory / "report.txt").write_text("all is well")
        metric = Metric.of("lut", 1, Fidelity.ESTIMATE)
        return Outcome((metric,), artifacts=(Artifact("report", "report.txt"),))

    monkeypatch.setattr(NoopBackend, "evaluate", evaluate)
    assert run(None, "--cache", cache, "--set", "space.value=[1]").code == 0
    line = next(x for x in dse("show", "0").out.splitlines() if x.strip().startswith("report:"))
    assert (tmp_path / line.partition(":")[2].strip()).read_text() == "all is well"


def test_export_csv(half_failed: None, dse: Any, tmp_path: Path) -> None:
    answer = dse("export", "out.csv")
    assert (answer.code, answer.out) == (0, "")
    assert "3 points of s in out.csv" in answer.err
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["point"], r["value"], r["noop_latency_ns"]) for r in rows] == [
        ("0", "3", "3.0"),
        ("1", "1", ""),
        ("2", "2", "2.0"),
    ]


def test_export_json(half_failed: None, dse: Any, tmp_path: Path) -> None:
    assert dse("export", "out.json").code == 0
    assert json.loads((tmp_path / "out.json").read_text()) == [
        {"point": 0, "value": 3, "noop_latency_ns": 3.0},
        {"point": 1, "value": 1, "noop_latency_ns": None},
        {"point": 2, "value": 2, "noop_latency_ns": 2.0},
    ]


@pytest.mark.parametrize("name", ["out.txt", "out", "out.xlsx"])
def test_export_knows_what_it_cannot_write(
    half_failed: None, dse: Any, tmp_path: Path, name: str
) -> None:
    answer = dse("export", name)
    assert answer.code == 2
    assert ".csv, .json, .parquet" in answer.err
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["nowhere/out.csv", "folder.csv", "nowhere/out.json"])
def test_export_to_where_nothing_can_be_written(
    half_failed: None, dse: Any, tmp_path: Path, name: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    answer = dse("export", name)
    assert answer.code == 2
    assert answer.err.startswith("dse: error: ")
    assert name in answer.err


def test_export_without_the_package_it_needs(half_failed: None, dse: Any, tmp_path: Path) -> None:
    answer = dse("export", "out.parquet")
    if find_spec("pyarrow"):
        assert answer.code == 0
        assert (tmp_path / "out.parquet").stat().st_size > 0
    else:
        assert answer.code == 6
        assert "pip install pyarrow" in answer.err


def test_numbers_that_parquet_cannot_hold_are_texts_to_the_last_digit(tmp_path: Path) -> None:
    values = [1, 99999999999999999999999, None, -(2**63)]
    frame = pd.DataFrame({"value": pd.Series(values, dtype=object), "half": [2**62] * 4})
    one_type_each(frame).to_parquet(tmp_path / "out.parquet")
    found = pd.read_parquet(tmp_path / "out.parquet")
    written = [None if pd.isna(text) else text for text in found["value"]]
    assert written == ["1", "99999999999999999999999", None, str(-(2**63))]
    assert found["half"].tolist() == [2**62] * 4


def test_values_of_several_kinds_are_texts_in_parquet(tmp_path: Path) -> None:
    mixed = [{}, {"d": "fixed<8,3>"}, {"d": {"weight": "fixed<6,1>"}}]
    frame = pd.DataFrame({"types": mixed, "rows": [4, "all", None], "bits": [1, 2, 3]})
    one_type_each(frame).to_parquet(tmp_path / "out.parquet")
    found = pd.read_parquet(tmp_path / "out.parquet")
    assert [json.loads(text) for text in found["types"]] == mixed
    assert found["rows"].dropna().tolist() == ["4", "all"]
    assert found["bits"].tolist() == [1, 2, 3]
    assert frame["types"].tolist() == mixed, "the frame itself stays"
