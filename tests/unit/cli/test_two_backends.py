"""One metric of two backends in one front: both columns, told apart by their backend."""

from datetime import UTC, datetime
from pathlib import Path

from dse.contracts.backend import Job, Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.records import Evaluation, Provenance, StudyRecord
from dse.store.store import Store

from .conftest import Dse


def store_both(database: Path) -> None:
    store = Store(str(database))
    study = store.save_study(StudyRecord("s", "", "s.yaml", "", {}))
    (point,) = store.save_points(study, [{"bits": 8}])
    when = Provenance(
        adapter_version=1,
        tool="tool 1",
        dse_version="0.1",
        host="here",
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
        duration_s=1.0,
    )
    for backend, value in (("open", 5.0), ("opencl", 700.0)):
        job = Job(
            key=backend,
            backend=backend,
            parameters={},
            workload="w",
            workload_parameters={},
            fingerprint="f",
            base=Path(),
        )
        outcome = Outcome((Metric.of("latency_ns", value, Fidelity.RTL),))
        store.record([Evaluation(job, outcome, when)], {backend: [point.id]})
    store.close()


def test_both_columns_are_there(dse: Dse, tmp_path: Path) -> None:
    store_both(tmp_path / "results.db")
    metrics = ("--metric", "open.latency_ns,opencl.latency_ns")
    (row,) = dse("pareto", *metrics, "--format", "csv").rows
    assert (row["open.latency_ns"], row["opencl.latency_ns"]) == ("5.0", "700.0")
    table = dse("pareto", *metrics).out
    assert "open.latency_ns: minimise, rtl from open" in table
    (row,) = dse("pareto", "--metric", "open.latency_ns", "--format", "csv").rows
    assert row["latency_ns"] == "5.0"
