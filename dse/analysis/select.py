"""Choose which stored numbers to compare: never two fidelities of one metric in a front."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dse.analysis.front import front_mask
from dse.contracts.errors import UsageError, nearest
from dse.contracts.metrics import Direction, Fidelity
from dse.contracts.parameters import Value
from dse.store.queries import StoredMetric, StoredPoint
from dse.study.expressions import Expression

SHORT_NAMES = {"latency": ("latency_ns", "latency_cycles"), "interval": ("interval_ns",)}
"""Names people type, with the metrics they may stand for, the best unit first."""


@dataclass(frozen=True)
class Column:
    """One metric as it is compared: from one backend, at one fidelity, for all points."""

    metric: str
    backend: str
    fidelity: Fidelity
    unit: str
    direction: Direction

    def of(self, point: StoredPoint) -> StoredMetric | None:
        """This column's number of a point."""
        for metric in point.metrics:
            found = (metric.name, metric.backend, metric.fidelity)
            if found == (self.metric, self.backend, self.fidelity):
                return metric
        return None


def choose_column(name: str, points: Sequence[StoredPoint]) -> Column:
    """The backend with the highest fidelity common to all points that vary in the metric.

    Args:
        name: a metric, a short name, or ``backend.metric``.
        points: must not be empty.

    Raises:
        UsageError: no point has it; the hint lists what there is.
    """
    backend, _, bare = name.rpartition(".")
    names = SHORT_NAMES.get(bare, (bare,))
    for candidate in names:
        columns = [c for c in _columns(points) if c[0].metric == candidate]
        columns = [c for c in columns if backend in {"", c[0].backend}]
        if columns:
            # most points first: fewer points would silently drop designs; then the one that
            # looked at more of the designs (a float reference is the same for many), then fidelity
            return max(columns, key=lambda c: (c[1], c[2], c[0].fidelity.rank))[0]
    legal = {metric.name for point in points for metric in point.metrics}
    nothing = "all evaluations of these points failed or are still to be done: dse show POINT"
    hint = nearest(bare, legal) if legal else nothing
    raise UsageError(f"no point has the metric '{name}'", hint=hint)


def columns_of(points: Iterable[StoredPoint]) -> set[Column]:
    """Everything that could be compared."""
    return {
        Column(m.name, m.backend, m.fidelity, m.unit, m.direction)
        for p in points
        for m in p.metrics
    }


def _columns(points: Sequence[StoredPoint]) -> list[tuple[Column, int, int]]:
    """Every column with the numbers of points that have it, and of evaluations they are from."""
    evaluations: dict[Column, list[int]] = {}
    for point in points:
        for m in point.metrics:
            column = Column(m.name, m.backend, m.fidelity, m.unit, m.direction)
            evaluations.setdefault(column, []).append(m.evaluation_id)
    return [(column, len(found), len(set(found))) for column, found in evaluations.items()]


@dataclass(frozen=True)
class Row:
    """A point in a comparison: its numbers by column, and columns where it ties with the best."""

    point: StoredPoint
    metrics: tuple[StoredMetric, ...]
    ties: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Points that have a number in every column, in the order of the points."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    n_candidates: int

    @property
    def values(self) -> NDArray[np.float64]:
        """The numbers, (n_rows, n_columns)."""
        table = [[metric.value for metric in row.metrics] for row in self.rows]
        return np.array(table, dtype=np.float64).reshape(len(self.rows), len(self.columns))

    @property
    def directions(self) -> tuple[Direction, ...]:
        """One per column."""
        return tuple(column.direction for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """One per column: its metric, with the backend where the metric stands twice."""
        metrics = [column.metric for column in self.columns]
        return tuple(
            f"{c.backend}.{c.metric}" if metrics.count(c.metric) > 1 else c.metric
            for c in self.columns
        )


@dataclass(frozen=True)
class Front:
    """The non-dominated rows of a comparison, sorted by the first column, best first."""

    comparison: Comparison
    rows: tuple[Row, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """What was compared."""
        return self.comparison.columns

    @property
    def n_candidates(self) -> int:
        """Points that were looked at."""
        return self.comparison.n_candidates

    @property
    def n_without(self) -> int:
        """Points that lack one of the numbers."""
        return self.n_candidates - len(self.comparison.rows)


def shares(point: StoredPoint) -> dict[str, float]:
    """Shares of the part that a point needs, in percent, by the best count there is."""
    return {
        metric.name: metric.value
        for metric in sorted(point.metrics, key=lambda m: m.fidelity.rank)
        if metric.name.endswith("_pct")
    }


def too_large(points: Iterable[StoredPoint]) -> list[int]:
    """Numbers of points that need more than all of their part, by the best count there is."""
    return [p.number for p in points if any(share > 100 for share in shares(p).values())]


def values_of(point: StoredPoint) -> dict[str, Value]:
    """Parameters and metrics under the names a query can use; the highest fidelity wins."""
    names: dict[str, Value] = dict(point.parameters)
    for metric in sorted(point.metrics, key=lambda m: m.fidelity.rank):
        names[metric.name] = metric.value
        names[f"{metric.backend}_{metric.name}"] = metric.value
    return names


def where(points: Iterable[StoredPoint], conditions: Sequence[str]) -> list[StoredPoint]:
    """Points that meet all conditions; a point without a named number does not.

    Raises:
        UsageError: a condition cannot be read, or names what no point has.
    """
    kept = list(points)
    for text in conditions:
        try:
            condition = Expression.parse(text)
        except ValueError as error:
            raise UsageError(str(error), where=text) from error
        known = {name for point in kept for name in values_of(point)}
        missing = condition.names - known
        if kept and missing:
            name = min(missing)
            raise UsageError(
                f"'{name}' is no parameter or metric", where=text, hint=nearest(name, known)
            )
        kept = [point for point in kept if _meets(condition, point)]
    return kept


def _meets(condition: Expression, point: StoredPoint) -> bool:
    values = values_of(point)
    if not condition.names <= values.keys():
        return False
    try:
        holds = condition.evaluate(values)
    except (ValueError, TypeError) as error:
        raise UsageError(str(error), where=condition.text) from error
    if not isinstance(holds, bool):
        raise UsageError(
            f"gives {holds!r}, not true or false",
            where=condition.text,
            hint="compare, such as total_bits <= 16",
        )
    return holds


def compare(
    points: Sequence[StoredPoint],
    metrics: Sequence[str],
    directions: Mapping[str, Direction] | None = None,
) -> Comparison:
    """The numbers of points in some metrics, each of one backend and fidelity.

    Args:
        points: candidates.
        metrics: names as `choose_column` takes them.
        directions: by metric, where they differ from the metric's own.

    Raises:
        UsageError: there is nothing to compare.
    """
    if not points:
        raise UsageError("no point is left to compare", hint="loosen --where or --constraint")
    chosen = (choose_column(name, points) for name in metrics)
    wanted = directions or {}
    columns = tuple(replace(c, direction=wanted.get(c.metric, c.direction)) for c in chosen)
    rows = (Row(p, tuple(m for column in columns if (m := column.of(p)))) for p in points)
    whole = tuple(row for row in rows if len(row.metrics) == len(columns))
    return Comparison(columns, whole, len(points))


def front(
    points: Sequence[StoredPoint],
    metrics: Sequence[str],
    directions: Mapping[str, Direction] | None = None,
) -> Front:
    """The Pareto front of the given metrics; arguments and errors are those of `compare`."""
    found = compare(points, metrics, directions)
    mask = front_mask(found.values, found.directions)
    kept = [row for row, keep in zip(found.rows, mask, strict=True) if keep]
    sign = -1 if found.directions[0] == "maximise" else 1
    kept.sort(key=lambda row: (sign * row.metrics[0].value, row.point.number))
    marked = tuple(Row(row.point, row.metrics, _ties(row, kept, found.columns)) for row in kept)
    return Front(found, marked)


def _ties(row: Row, rows: Sequence[Row], columns: Sequence[Column]) -> tuple[bool, ...]:
    """Per column: is the paired difference to the best row within its 95 % interval of zero."""
    ties = []
    for index, column in enumerate(columns):
        best = (max if column.direction == "maximise" else min)(
            (other.metrics[index] for other in rows), key=lambda metric: metric.value
        )
        mine = row.metrics[index]
        ties.append(mine is not best and _within(mine, best))
    return tuple(ties)


def _within(mine: StoredMetric, best: StoredMetric) -> bool:
    if mine.replicas is None or best.replicas is None or len(mine.replicas) != len(best.replicas):
        return False
    low, high = np.quantile(mine.replicas - best.replicas, [0.025, 0.975])
    return bool(low <= 0 <= high)
