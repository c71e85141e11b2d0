"""A small store whose fronts are known by hand."""

from pathlib import Path
from typing import Any

import pytest

from dashboards.source import Source
from dse.contracts.backend import Artifact, Job, Outcome
from dse.contracts.errors import Failure, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.store.records import Evaluation, StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

# bits, auc, lut: the front of (auc, lut) is points 0, 1 and 3
DESIGNS = ((4, 0.60, 100.0), (6, 0.80, 300.0), (8, 0.70, 400.0), (10, 0.90, 500.0))
FRONT = [0, 1, 3]
BROKEN = 4
STUDY = StudyRecord(
    "bits", "a study", "bits.yaml", "name: bits", {"auc": "maximise", "lut": "minimise"}
)


def outcome(auc: float, lut: float) -> Outcome:
    """Numbers of one design."""
    metrics = (
        Metric.of("auc", auc, Fidelity.EMULATED, low=auc - 0.01, high=auc + 0.02),
        Metric.of("lut", lut, Fidelity.RTL),
    )
    layers = {"encoder": {"lut": lut / 4, "dsp": 1}, "decoder": {"lut": 3 * lut / 4, "dsp": 0}}
    changed = {"dense": {"requested": {"reuse_factor": 7}, "effective": {"reuse_factor": 8}}}
    effective: dict[str, Any] = {
        "resources": layers,
        "layers": changed,
        "overflows": {"dense": {"wrapped": 3}},
        "coarse_tables": {"dense": {"exp": {"step": 128.0, "error": 0.99}}},
    }
    effective["roc"] = [[0.0, 0.2, 1.0], [0.0, 0.9, 1.0]]
    return Outcome(metrics, effective, (Artifact("log", "k0/tool.log"),))


def fill(store: Store, record: StudyRecord = STUDY) -> None:
    """Four designs and one that failed."""
    study = store.save_study(record)
    assignments = [{"bits": bits, "mode": "SAT" if bits > 6 else "WRAP"} for bits, *_ in DESIGNS]
    points = store.save_points(study, [*assignments, {"bits": 12, "mode": "SAT"}])
    done: list[Evaluation] = [
        evaluation(f"{record.name}{index}", outcome(auc, lut), "open")
        for index, (_, auc, lut) in enumerate(DESIGNS)
    ]
    failure = Failure(FailureKind.TOOL_FAILED, "no <b>licence</b>", log="the log", hint="buy one")
    done.append(evaluation(f"{record.name}x", Outcome(failure=failure), "open"))
    store.record(done, {e.job.key: [p.id] for e, p in zip(done, points, strict=True)})
    store.set_state(study, "done")


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Path of the store."""
    file = tmp_path / "results.db"
    store = Store(str(file))
    fill(store)
    store.close()
    folder = tmp_path / ".dse" / "artifacts" / "k0"
    folder.mkdir(parents=True)
    (folder / "tool.log").write_text("all is well\n")
    return str(file)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read here counts as quick, however busy the machine is."""
    monkeypatch.setattr("dashboards.source.QUICK_S", 1e9)


@pytest.fixture
def source(database: str) -> Source:
    """The same, open."""
    return Source(database)


__all__ = ["DESIGNS", "FRONT", "Job"]
