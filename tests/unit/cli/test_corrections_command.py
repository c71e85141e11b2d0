"""`dse calibrate` between two fidelities: what it shows, refuses, and that it stores nothing."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from dse.contracts.backend import Job, Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.records import Evaluation, Provenance, StudyRecord
from dse.store.store import Store

from .conftest import Dse

WHEN = Provenance(
    adapter_version=1,
    tool="tool 1",
    dse_version="0.1",
    host="here",
    started_at=datetime(2026, 1, 2, tzinfo=UTC),
    duration_s=1.0,
)
STEPS = ((("estimate", Fidelity.ESTIMATE), 100.0, 12), (("open", Fidelity.RTL), 80.0, 8))


def store_ladder(database: Path) -> None:
    """12 points with cheap numbers, 8 of them with expensive ones, which are 20 % less."""
    store = Store(str(database))
    study = store.save_study(StudyRecord("steps", "", "s.yaml", "", {}))
    points = store.save_points(study, [{"bits": bits} for bits in range(1, 13)])
    for (backend, fidelity), factor, count in STEPS:
        for point in points[:count]:
            key = f"{backend}{point.number}"
            job = Job(
                key=key,
                backend=backend,
                parameters={},
                workload="w",
                workload_parameters={},
                fingerprint="f",
                base=Path(),
            )
            value = factor * int(str(point.parameters["bits"]))
            outcome = Outcome((Metric.of("lut", value, fidelity),))
            store.record([Evaluation(job, outcome, WHEN)], {key: [point.id]})
    store.close()


def test_shows_the_error_and_what_it_predicts(dse: Dse, tmp_path: Path) -> None:
    store_ladder(tmp_path / "results.db")
    answer = dse("calibrate", "--metric", "lut")
    first, *predicted = answer.cells
    assert first == [
        "lut",
        "estimate (estimate)",
        "open (rtl)",
        "8",
        "25.0%",
        "0.0%",
        "0.0%",
        "constant",
        "point",
    ]
    assert predicted[0] == ["8", "900", "720", "720 and 720"]
    assert len(predicted) == 4
    assert "predicted, not computed" in answer.out
    (found,) = dse("calibrate", "--metric", "lut", "--json").json["corrections"]
    assert found["n_both"] == 8
    assert found["expensive"] == {"backend": "open", "fidelity": "rtl"}
    assert [p["point"] for p in found["predictions"]] == [8, 9, 10, 11]


def test_predictions_are_not_stored(dse: Dse, tmp_path: Path) -> None:
    store_ladder(tmp_path / "results.db")
    dse("calibrate", "--metric", "lut")
    with closing(sqlite3.connect(tmp_path / "results.db")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM metric").fetchone()
    assert count == 20


def test_says_what_is_missing(dse: Dse, tmp_path: Path) -> None:
    store_ladder(tmp_path / "results.db")
    wrong = dse("calibrate", "--metric", "lutt")
    assert wrong.code == 2
    assert "no correction for 'lutt'" in wrong.said
    assert "did you mean 'lut'" in wrong.said
    store = Store(str(tmp_path / "results.db"))
    store.save_study(StudyRecord("empty", "", "s.yaml", "", {}))
    store.close()
    nothing = dse("calibrate", "--study", "empty")
    assert nothing.code == 2
    assert "no metric has two fidelities" in nothing.said


def test_only_predicted_reports_are_kept_in_a_file(dse: Dse, tmp_path: Path) -> None:
    store_ladder(tmp_path / "results.db")
    answer = dse("calibrate", "--out", "mine.yaml")
    assert answer.code == 2
    assert "no metric has a predicted and a reported number" in answer.said
    assert not (tmp_path / "mine.yaml").exists()
