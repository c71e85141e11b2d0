"""Small studies with known numbers, for tests of claims."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dse.analysis.points import Points
from dse.contracts.backend import Outcome
from dse.contracts.metrics import Metric
from dse.store.queries import Results
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

Row = tuple[Mapping[str, Any], Mapping[str, Sequence[Metric]]]
"""Parameters of a point, and the metrics of each backend."""


def stored(folder: Path, rows: Sequence[Row], name: str = "mine") -> str:
    """Store a study; return the database."""
    folder.mkdir(exist_ok=True)
    database = str(folder / "results.db")
    store = Store(database)
    study = store.save_study(StudyRecord(name, "", "", "", {}))
    points = store.save_points(study, [dict(parameters) for parameters, _ in rows])
    done = {
        f"{name}{point.id}{backend}": (
            point.id,
            evaluation(f"{name}{point.id}{backend}", outcome, backend),
        )
        for point, (_, of_backend) in zip(points, rows, strict=True)
        for backend, metrics in of_backend.items()
        for outcome in [Outcome(tuple(metrics))]
    }
    store.record([e for _, e in done.values()], {key: [point] for key, (point, _) in done.items()})
    store.close()
    return database


def points_of(folder: Path, rows: Sequence[Row], name: str = "mine") -> Points:
    """Store a study and open it."""
    return Points(Results(stored(folder, rows, name)), name)
