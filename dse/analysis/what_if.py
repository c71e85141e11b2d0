"""What stored designs would take of another part: counts stay, shares change. Nothing runs."""

from collections.abc import Iterable
from dataclasses import fields, replace

from dse.analysis.utilisation import Capacity, capacity
from dse.contracts.errors import UsageError
from dse.contracts.metrics import CATALOGUE
from dse.store.queries import StoredMetric, StoredPoint

COUNTS = tuple(f.name for f in fields(Capacity) if f"{f.name}_pct" in CATALOGUE)
"""Metrics that count what a part has."""


def on_part(points: Iterable[StoredPoint], part: str) -> list[StoredPoint]:
    """The same points with every share computed for `part`.

    Cycles, clock and counts are those of the part each design was evaluated for.

    Raises:
        UsageError: the capacity of the part is not known.
    """
    holds = capacity_of(part)
    return [replace(point, metrics=_rescored(point, holds)) for point in points]


def capacity_of(part: str) -> Capacity:
    """What a part holds.

    Raises:
        UsageError: it is not known.
    """
    try:
        return capacity(part)
    except ValueError as error:
        raise UsageError(str(error), where=f"--part {part}") from error


def _rescored(point: StoredPoint, holds: Capacity) -> tuple[StoredMetric, ...]:
    kept = [m for m in point.metrics if m.name.removesuffix("_pct") not in COUNTS or m.unit != "%"]
    shares = [_share(m, getattr(holds, m.name)) for m in kept if m.name in COUNTS]
    return (*kept, *(share for share in shares if share is not None))


def _share(count: StoredMetric, most: int) -> StoredMetric | None:
    if not most:
        return None
    info = CATALOGUE[f"{count.name}_pct"]
    return replace(count, name=info.name, value=100 * count.value / most, unit=info.unit)
