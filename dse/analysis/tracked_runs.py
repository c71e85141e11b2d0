"""The points of a study as runs of an experiment tracker, such as MLflow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from dse.formatting import value_text
from dse.store.queries import Results, StoredPoint, StudySummary


@dataclass(frozen=True)
class TrackedRun:
    """One evaluated point.

    Args:
        point: its number.
        parameters: as a study file writes them, by name.
        metrics: values by `<backend>_<metric>`.
        tags: fidelity and unit of every metric, tools, and reasons of failures.
        ended: end of its last evaluation, in UTC.
        failed: whether it has no metric at all.
    """

    point: int
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    ended: datetime
    failed: bool


def tracked_runs(results: Results, study: StudySummary) -> Iterator[TrackedRun]:
    """Yield the points of a study that were evaluated, ordered by number."""
    failures: dict[int, dict[str, str]] = {}
    for group in results.failures(study.name):
        for number in group.points:
            failures.setdefault(number, {})[group.backend] = f"{group.kind}: {group.message}"
    ends = results.finishes(study.name)
    for point in results.points(study.name):
        times = ends.get(point.number)
        if times:
            yield _run(point, failures.get(point.number, {}), max(times.values()))


def _run(point: StoredPoint, failures: Mapping[str, str], ended: datetime) -> TrackedRun:
    tags = {f"failure.{backend}": reason for backend, reason in failures.items()}
    for metric in point.metrics:
        name = f"{metric.backend}_{metric.name}"
        tags[f"fidelity.{name}"] = metric.fidelity.value
        if metric.unit:
            tags[f"unit.{name}"] = metric.unit
        tags[f"tool.{metric.backend}"] = metric.tool
    return TrackedRun(
        point.number,
        {name: value_text(value) for name, value in point.parameters.items()},
        {f"{m.backend}_{m.name}": m.value for m in point.metrics},
        tags,
        ended,
        not point.metrics,
    )
