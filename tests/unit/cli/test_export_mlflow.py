"""`dse export --mlflow`: what MLflow reads, once per point; and what is said without MLflow."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dse.analysis.tracked_runs import tracked_runs
from dse.contracts.backend import Context, Job, Outcome
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.store.queries import Results
from dse.testing.noop import NoopBackend

from .conftest import Answer, Dse

BROKEN = 2


@pytest.fixture
def study(run: Dse, write: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    def evaluate(self: NoopBackend, job: Job, context: Context) -> Outcome:
        value = int(str(job.parameters["value"]))
        if value == BROKEN:
            raise EvaluationError(FailureKind.TOOL_FAILED, "told to")
        return Outcome((Metric.of("latency_ns", 2.5 * value, Fidelity.ESTIMATE),))

    monkeypatch.setattr(NoopBackend, "evaluate", evaluate)
    return lambda *values: run(write(space={"value": list(values)}))


def test_runs_have_all_that_is_stored(study: Callable[..., Answer]) -> None:
    study(1, BROKEN)
    results = Results("results.db")
    good, bad = tracked_runs(results, results.study("s"))
    assert (good.point, good.parameters, good.metrics) == (
        0,
        {"value": "1"},
        {"noop_latency_ns": 2.5},
    )
    assert good.tags["fidelity.noop_latency_ns"] == "estimate"
    assert good.tags["unit.noop_latency_ns"] == "ns"
    assert "tool.noop" in good.tags
    assert (bad.failed, bad.metrics) == (True, {})
    assert bad.tags == {"failure.noop": "tool_failed: told to"}


def test_without_mlflow(
    study: Callable[..., Answer], dse: Dse, monkeypatch: pytest.MonkeyPatch
) -> None:
    study(1)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    answer = dse("export", "--mlflow", "sqlite:///mlflow.db")
    assert answer.code == 6
    assert "MLflow is not installed" in answer.said
    assert "pip install 'dse-fpga[mlflow]'" in answer.said


def test_one_target(study: Callable[..., Answer], dse: Dse) -> None:
    study(1)
    assert dse("export", "a.csv", "--mlflow", "http://localhost").code == 2


def logged(uri: str) -> Iterator[Any]:
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(tracking_uri=uri)
    yield from client.search_runs([client.get_experiment_by_name("s").experiment_id])


@pytest.mark.filterwarnings("ignore")
def test_mlflow_reads_each_point_once(
    study: Callable[..., Answer], dse: Dse, tmp_path: Path
) -> None:
    pytest.importorskip("mlflow")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    study(1, BROKEN)
    assert "s: 2 runs logged" in dse("export", "--mlflow", uri).said
    study(1, BROKEN, 4)
    assert "s: 1 run logged" in dse("export", "--mlflow", uri).said
    assert "0 runs logged" in dse("export", "--mlflow", uri).said
    found = {run.data.params["value"]: run for run in logged(uri)}
    assert {value: run.info.status for value, run in found.items()} == {
        "1": "FINISHED",
        "2": "FAILED",
        "4": "FINISHED",
    }
    assert found["4"].data.metrics == {"noop_latency_ns": 10.0}
    assert found["4"].data.tags["fidelity.noop_latency_ns"] == "estimate"
    assert found["2"].data.tags["failure.noop"] == "tool_failed: told to"


@pytest.mark.filterwarnings("ignore")
def test_what_mlflow_refuses(study: Callable[..., Answer], dse: Dse) -> None:
    pytest.importorskip("mlflow")
    study(1)
    answer = dse("export", "--mlflow", "gopher://nowhere")
    assert answer.code == 2
    assert "MLflow refuses" in answer.said
