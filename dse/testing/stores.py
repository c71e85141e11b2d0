"""Conformance suite of results databases: inherit `StoreSuite` and define `database`."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dse.contracts.backend import Artifact, Job, Outcome
from dse.contracts.errors import Failure, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.store.queries import Results
from dse.store.records import Evaluation, Provenance, StudyRecord
from dse.store.store import Store

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STUDY = StudyRecord("s", "a study", "s.yaml", "name: s", {"lut": "minimise"})
FAILED = Outcome(failure=Failure(FailureKind.LICENCE, "none left", log="the log", hint="wait"))


def evaluation(key: str, outcome: Outcome, backend: str = "b") -> Evaluation:
    """Return a finished evaluation with this key and outcome; all else is constant."""
    job = Job(
        key=key,
        backend=backend,
        parameters={"bits": 8},
        workload="w",
        workload_parameters={"seed": 1},
        fingerprint="f",
        base=Path(),
    )
    return Evaluation(
        job,
        outcome,
        Provenance(
            adapter_version=1,
            tool="tool 2.0",
            dse_version="0.1",
            host="here",
            started_at=WHEN,
            duration_s=1.5,
        ),
    )


def lut(value: float) -> Outcome:
    """Return an outcome with one `lut` value, its interval and replicas, and an artifact."""
    metric = Metric.of(
        "lut", value, Fidelity.CSYNTH, low=value - 1, high=value + 1, replicas=np.arange(3.0)
    )
    return Outcome((metric,), {"layers": {"d": {"x": [1, None]}}}, (Artifact("log", "k/log"),))


class StoreSuite(ABC):
    """Tests of `dse.store` on one kind of database: writing, reading, replacing."""

    @abstractmethod
    def database(self, folder: Path) -> str:
        """Return the path or URL of an empty database, a different one for each folder."""

    @contextmanager
    def _open(self, folder: Path) -> Iterator[Store]:
        store = Store(self.database(folder))
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def _results(self, folder: Path) -> Iterator[Results]:
        with closing(Results(self.database(folder))) as results:
            yield results

    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        """Points, metrics, provenance, artifacts and configuration; values are exact."""
        with self._open(tmp_path) as store:
            (point,) = store.save_points(store.save_study(STUDY), [{"bits": 8, "name": "ä"}])
            # 0.1 + 0.2 needs all 17 digits of a double
            store.record([evaluation("k", lut(0.1 + 0.2))], {"k": [point.id]})
        with self._results(tmp_path) as results:
            (stored,) = results.points("s", replicas=True)
            (found,) = results.evaluations("s", 0)
        (metric,) = stored.metrics
        assert stored.parameters == {"bits": 8, "name": "ä"}
        assert (metric.value, metric.low, metric.high) == (0.1 + 0.2, 0.1 + 0.2 - 1, 0.1 + 0.2 + 1)
        assert (metric.fidelity, metric.backend, metric.tool) == ("csynth", "b", "tool 2.0")
        assert metric.replicas is not None
        assert metric.replicas.tolist() == [0, 1, 2]
        assert found.effective == {"layers": {"d": {"x": [1, None]}}}
        assert found.artifacts == {"log": "k/log"}
        assert (found.host, found.duration_s, found.attempts) == ("here", 1.5, 1)

    def test_a_failure_is_no_number(self, tmp_path: Path) -> None:
        """It is stored with kind, message, hint and log."""
        with self._open(tmp_path) as store:
            (point,) = store.save_points(store.save_study(STUDY), [{"bits": 8}])
            store.record([evaluation("k", FAILED)], {"k": [point.id]})
            assert store.known(["k", "other"])["k"].failure is FailureKind.LICENCE
        with self._results(tmp_path) as results:
            assert results.points("s")[0].metrics == ()
            assert results.study("s").failures == 1
            (found,) = results.evaluations("s", 0)
        assert found.failure == {
            "kind": "licence",
            "message": "none left",
            "hint": "wait",
            "log": "the log",
        }

    def test_a_result_replaces_a_failure_and_not_the_other_way(self, tmp_path: Path) -> None:
        """A failure never replaces metrics; newer metrics replace older ones."""
        for outcome, expected in ((FAILED, []), (lut(1), [1]), (FAILED, [1]), (lut(2), [2])):
            with self._open(tmp_path) as store:
                (point,) = store.save_points(store.save_study(STUDY), [{"bits": 8}])
                store.record([evaluation("k", outcome)], {"k": [point.id]})
            with self._results(tmp_path) as results:
                (stored,) = results.points("s")
            assert [metric.value for metric in stored.metrics] == expected

    def test_studies_share_an_evaluation(self, tmp_path: Path) -> None:
        """Replacing its metrics changes them in both studies and keeps both links."""
        with self._open(tmp_path) as store:
            for name in ("s", "t"):
                record = StudyRecord(name, "", "", "", {})
                (point,) = store.save_points(store.save_study(record), [{"bits": 8}])
                store.record([evaluation("k", lut(1))], {"k": [point.id]})
            store.record([evaluation("k", lut(3))], {"k": [point.id]})
            assert store.count_evaluations() == 1
        for name in ("s", "t"):
            with self._results(tmp_path) as results:
                (stored,) = results.points(name)
            assert [metric.value for metric in stored.metrics] == [3]

    def test_points_keep_their_numbers(self, tmp_path: Path) -> None:
        """A point that leaves the space and comes back has its old number."""
        with self._open(tmp_path) as store:
            study = store.save_study(STUDY)
            store.save_points(study, [{"bits": 1}, {"bits": 2}])
            store.save_points(study, [{"bits": 2}, {"bits": 3}])
            now = store.save_points(study, [{"bits": 3}, {"bits": 1}])
            assert [point.number for point in now] == [2, 0]
        with self._results(tmp_path) as results:
            assert [point.number for point in results.points("s")] == [0, 2]

    def test_many_at_once(self, tmp_path: Path) -> None:
        """More rows than a statement may have variables (999 in SQLite before 3.32)."""
        keys = [f"k{number}" for number in range(1200)]
        with self._open(tmp_path) as store:
            space = [{"bits": number} for number in range(1200)]
            points = store.save_points(store.save_study(STUDY), space)
            owners = {key: [point.id] for key, point in zip(keys, points, strict=True)}
            store.record([evaluation(k, lut(i)) for i, k in enumerate(keys)], owners)
            store.refresh_views()
            assert len(store.known(keys)) == 1200
        with self._results(tmp_path) as results:
            stored = results.points("s")
        assert [point.metrics[0].value for point in stored] == list(range(1200))
