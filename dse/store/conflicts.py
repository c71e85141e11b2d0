"""Results of two databases that have one key and differ in their numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dse.contracts.parameters import Value
from dse.store.batches import batches
from dse.store.queries import in_utc
from dse.store.records import Evaluation
from dse.store.schema import EvaluationRow, MetricRow
from dse.store.store import Store


@dataclass(frozen=True)
class Conflict:
    """A number that two databases state differently for equal work.

    Args:
        key: of the evaluation.
        backend: that gave both numbers.
        parameters: what the backend read of the point.
        metric: its name.
        ours: value in the database that is written; None where it has none.
        theirs: value in the database that is read; None where it has none.
        our_origin: host and day of our evaluation.
        their_origin: host and day of theirs.
    """

    key: str
    backend: str
    parameters: Mapping[str, Value]
    metric: str
    ours: float | None
    theirs: float | None
    our_origin: str
    their_origin: str


def conflicts_with(target: Store, evaluations: Iterable[Evaluation]) -> list[Conflict]:
    """Return where results differ from those that the target has under their keys.

    Failures contradict nothing: they are no numbers.
    """
    succeeded = {e.job.key: e for e in evaluations if not e.outcome.failure}
    origins, values = _stored(target, list(succeeded))
    return [
        conflict
        for key, origin in origins.items()
        for conflict in _compared(succeeded[key], values.get(key, {}), origin)
    ]


def _stored(
    target: Store, keys: Sequence[str]
) -> tuple[dict[str, str], dict[str, dict[str, float]]]:
    """Return origins of the results under these keys, and their values by metric."""
    row = EvaluationRow
    origins: dict[str, str] = {}
    values: dict[str, dict[str, float]] = {}
    metrics = select(row.key, MetricRow.name, MetricRow.value).join(
        MetricRow, MetricRow.evaluation_id == row.id
    )
    with target.reading() as connection:
        for batch in batches(keys):
            wanted = (row.key.in_(batch), row.failure_kind.is_(None))
            for key, host, when in connection.execute(
                select(row.key, row.host, row.started_at).where(*wanted)
            ):
                origins[key] = f"{host}, {in_utc(when):%Y-%m-%d}"
            for key, name, value in connection.execute(metrics.where(*wanted)):
                values.setdefault(key, {})[name] = value
    return origins, values


def _compared(theirs: Evaluation, ours: Mapping[str, float], origin: str) -> list[Conflict]:
    other = {metric.name: metric.value for metric in theirs.outcome.metrics}
    made = theirs.provenance
    their_origin = f"{made.host}, {made.started_at:%Y-%m-%d}"
    return [
        Conflict(
            key=theirs.job.key,
            backend=theirs.job.backend,
            parameters=theirs.job.parameters,
            metric=name,
            ours=ours.get(name),
            theirs=other.get(name),
            our_origin=origin,
            their_origin=their_origin,
        )
        for name in sorted(ours.keys() | other.keys())
        if ours.get(name) != other.get(name)
    ]
