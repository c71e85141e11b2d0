"""Shares of a part's capacity as columns, computed from stored counts on every read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import nan

import pandas as pd

from dse.analysis.columns import Column
from dse.analysis.devices import Devices
from dse.analysis.utilisation import Capacity, share_factor
from dse.contracts.metrics import SHARE_SUFFIX, share_of
from dse.contracts.registry import installed_metrics
from dse.store.queries import StoredMetric, StoredPoint


class Shares:
    """Columns such as `lut_pct`, with backend and fidelity of the count they are computed from.

    Older versions of dse stored such columns themselves. A stored share is used only where it
    cannot be computed, because the count or the capacity of its part is not known.

    Args:
        devices: capacities of the parts.
        stored: reads a stored column as `value`, `low` and `high`, one row per point.
    """

    def __init__(self, devices: Devices, stored: Callable[[Column], pd.DataFrame]) -> None:
        self._devices = devices
        self._stored = stored
        self._counts: dict[tuple[str, str, str], Column] = {}
        self._old: set[tuple[str, str, str]] = set()

    def columns(self, stored: Sequence[Column]) -> list[Column]:
        """Return the shares that can be computed from stored columns.

        Also remembers which count each share comes from, for the other methods.
        """
        self._old = {_key(column) for column in stored if _is_share(column)}
        counts = {_share_column(one): one for one in stored if any(self._factors(one))}
        self._counts = {_key(share): count for share, count in counts.items()}
        return list(counts)

    def _factors(self, count: Column) -> list[float | None]:
        """Return the percent that a count of one takes, for every distinct part."""
        info = installed_metrics().get(count.metric)
        kinds = self._devices.kinds(count.backend) if info and info.capacity else []
        return [share_factor(count.metric, holds) for holds in kinds]

    def is_computed(self, column: Column) -> bool:
        """Whether a column is a share that is computed from a count."""
        return _key(column) in self._counts

    def replaces(self, column: Column) -> bool:
        """Whether a stored share is hidden, as it is computed or refers to another part."""
        return self.is_computed(column) or (self._devices.is_given and _is_share(column))

    def count_of(self, share: Column) -> Column:
        """Return the count that a computed share comes from."""
        return self._counts[_key(share)]

    def numbers(self, share: Column) -> pd.DataFrame:
        """Return `value`, `low` and `high` of a computed share in percent, one row per point."""
        count = self.count_of(share)
        counted, factors = self._stored(count), self._factors(count)
        if len({*factors}) == 1 and factors[0]:  # one factor for all points: no look-up by point
            return counted * factors[0]
        by_point = self._devices.by_point(count.backend).reindex(counted.index)
        factor = by_point.map(lambda holds: _factor(count.metric, holds)).astype(float)
        found = counted.mul(factor, axis=0)
        return found.fillna(self._stored(share)) if _key(share) in self._old else found

    def load_name(self, column: Column) -> str:
        """Return the name of the capacity that a stored column uses; empty for none."""
        count = column.metric.removesuffix(SHARE_SUFFIX) if _is_share(column) else column.metric
        info = installed_metrics().get(count)
        # a stored share refers to the part of its evaluation, not to a given one
        is_old = count != column.metric and self._devices.is_given
        return info.capacity if info and not is_old else ""

    def load(self, column: Column) -> "pd.Series[float]":
        """Return the share of its part that each point needs, 1 for all of it.

        It is infinite where the part has none of what the point needs, and NaN where the count
        or the capacity is not known.
        """
        values = self._stored(column)["value"]
        if _is_share(column):
            return values / 100
        capacity = installed_metrics()[column.metric].capacity
        kinds = self._devices.kinds(column.backend)
        if len({holds.counts.get(capacity) for holds in kinds}) == 1:
            most = pd.Series(kinds[0].counts.get(capacity, nan), index=values.index, dtype=float)
        else:
            holds = self._devices.by_point(column.backend).reindex(values.index)
            most = holds.map(lambda one: _held(one, capacity)).astype(float)
        # a design that needs none fits a part that has none: 0 / 0 counts as 0
        return (values / most).where(values > 0, 0.0).where(values.notna() & most.notna())

    def of_records(self, points: Sequence[StoredPoint]) -> list[StoredPoint]:
        """Return the same points with their shares replaced by computed ones, as in the columns."""
        if not any(
            installed_metrics()[m.name].capacity
            for p in points
            for m in p.metrics
            if m.name in installed_metrics()
        ):
            return list(points)
        devices = self._devices.by_evaluation()
        return [replace(p, metrics=tuple(self._of_record(p, devices))) for p in points]

    def _of_record(
        self, point: StoredPoint, devices: Mapping[int, Capacity]
    ) -> Iterable[StoredMetric]:
        """Yield the metrics of a point: stored ones that are not hidden, then its shares."""
        shares = {}
        for metric in point.metrics:
            factor = share_factor(metric.name, devices.get(metric.evaluation_id, Capacity({})))
            if factor:
                share = _share_metric(metric, factor)
                shares[share.name, share.evaluation_id] = share
        given = self._devices.is_given
        for metric in point.metrics:
            old = metric.name, metric.evaluation_id
            if old not in shares and not (given and _is_share(metric)):
                yield metric
        yield from shares.values()


def _share_metric(count: StoredMetric, factor: float) -> StoredMetric:
    """Return the share that follows from a count, in percent."""
    info = share_of(installed_metrics()[count.name])
    ends = [None if end is None else end * factor for end in (count.low, count.high)]
    return replace(
        count,
        name=info.name,
        value=count.value * factor,
        unit=info.unit,
        low=ends[0],
        high=ends[1],
        replicas=None,
    )


def _factor(count: str, holds: object) -> float:
    return (share_factor(count, holds) if isinstance(holds, Capacity) else None) or nan


def _held(holds: object, capacity: str) -> float:
    return holds.counts.get(capacity, nan) if isinstance(holds, Capacity) else nan


def _key(column: Column) -> tuple[str, str, str]:
    return column.metric, column.backend, column.fidelity


def _share_column(count: Column) -> Column:
    info = share_of(installed_metrics()[count.metric])
    return Column(info.name, count.backend, count.fidelity, info.unit, info.direction)


def _is_share(column: Column | StoredMetric) -> bool:
    """Whether the name is that of a share, ``<count>_pct``, of a count that parts have."""
    name = column.metric if isinstance(column, Column) else column.name
    info = installed_metrics().get(name.removesuffix(SHARE_SUFFIX))
    return name.endswith(SHARE_SUFFIX) and info is not None and bool(info.capacity)
