"""Columns: one metric of one backend at one fidelity, and how a name resolves to one of them.

A front never mixes fidelities or backends, so a name must resolve to one column. `find` holds
the rule, which is the same for metrics, conditions, limits and objectives.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dse.contracts.errors import UsageError, nearest
from dse.contracts.metric_names import MetricName
from dse.contracts.metrics import SHARE_SUFFIX, Direction, Fidelity
from dse.formatting import counted
from dse.store.queries import StoredMetric, StoredPoint


@dataclass(frozen=True)
class Column:
    """One metric from one backend at one fidelity, for all points."""

    metric: str
    backend: str
    fidelity: Fidelity
    unit: str
    direction: Direction

    @property
    def qualified(self) -> str:
        """The name ``backend.metric``."""
        return f"{self.backend}.{self.metric}"

    def of(self, point: StoredPoint) -> StoredMetric | None:
        """Return this column's metric of a point; None where the point has none."""
        for metric in point.metrics:
            found = (metric.name, metric.backend, metric.fidelity)
            if found == (self.metric, self.backend, self.fidelity):
                return metric
        return None

    def towards(self, objectives: Mapping[str, Direction]) -> "Column":
        """Return the column with its direction from a study's objectives, if they name it."""
        for name, direction in objectives.items():
            if MetricName.parse(name).matches(self.metric, self.backend, self.fidelity):
                return replace(self, direction=direction)
        return self


def order_of(column: Column) -> tuple[str, str, int]:
    """Return the sort key of a column: metric, backend, then the lowest fidelity first."""
    return column.metric, column.backend, column.fidelity.rank


def columns_of(points: Iterable[StoredPoint]) -> set[Column]:
    """Return the columns in which at least one point has a number."""
    return {
        Column(m.name, m.backend, m.fidelity, m.unit, m.direction)
        for p in points
        for m in p.metrics
    }


def written_names(columns: Iterable[Column]) -> dict[Column, str]:
    """Return the full name of each column, with the fidelity where two would be equal."""
    listed = list(columns)
    plain = [column.qualified for column in listed]
    return {
        column: name if plain.count(name) == 1 else f"{name}.{column.fidelity}"
        for column, name in zip(listed, plain, strict=True)
    }


def find(
    name: str,
    columns: Sequence[Column],
    objectives: Iterable[str],
    count: Callable[[Column], int],
) -> Column:
    """Return the one column that a name stands for.

    A name is ``metric``, ``backend.metric``, ``backend.metric.fidelity`` or, as in exported
    tables, ``backend_metric``. Where it matches several columns, those are kept that the
    study's objectives name with their backend; failing that, those of any fidelity but float,
    which does not evaluate the design. If several remain, the name is an error: none is chosen
    silently.

    Args:
        name: as the user wrote it.
        columns: those to choose from.
        objectives: names of the study's objectives.
        count: gives the number of points that have a column, for the message.

    Raises:
        UsageError: the name matches no column, or several; the message lists them.
    """
    found = meant(name, columns)
    if not found:
        raise UsageError(f"no point has the metric '{name}'", hint=_legal(name, columns))
    if len(found) > 1:
        found = _of_objectives(found, objectives) or found
    if len(found) > 1:
        found = [c for c in found if c.fidelity is not Fidelity.FLOAT] or found
    if len(found) > 1:
        raise _ambiguous(name, found, count)
    return found[0]


def meant(name: str, columns: Iterable[Column]) -> list[Column]:
    """Return all columns that a name matches, in the order of `order_of`.

    A short name such as ``latency`` stands for several metrics in order of preference
    (`MetricName.metrics`); the first that is present counts.
    """
    written, listed = MetricName.parse(name), list(columns)
    for metric in written.metrics:
        exact = MetricName(metric, written.backend, written.fidelity)
        found = [c for c in listed if exact.matches(c.metric, c.backend, c.fidelity)]
        if found:
            return sorted(found, key=order_of)
    return sorted((c for c in listed if f"{c.backend}_{c.metric}" == name), key=order_of)


def _of_objectives(found: Iterable[Column], objectives: Iterable[str]) -> list[Column]:
    """Return the columns that an objective names together with their backend.

    An objective on a count, such as ``open.lut``, covers the share ``lut_pct`` too.
    """
    named = [name for name in map(MetricName.parse, objectives) if name.backend]
    return [c for c in found if any(_names(one, c) for one in named)]


def _names(objective: MetricName, column: Column) -> bool:
    """Whether an objective names a column, its count or its share."""
    count = column.metric.removesuffix(SHARE_SUFFIX)
    known = {column.metric, count, f"{count}{SHARE_SUFFIX}"}
    return any(objective.matches(name, column.backend, column.fidelity) for name in known)


def _legal(name: str, columns: Iterable[Column]) -> str:
    """Return the hint for a name that matches no column."""
    legal = {column.metric for column in columns}
    count = MetricName.parse(name).metric.removesuffix(SHARE_SUFFIX)
    if name.endswith(SHARE_SUFFIX) and count in legal:
        return (
            "the capacity of its part is not known: name a part by --part, or add it by DSE_PARTS"
        )
    nothing = "all evaluations of these points failed or are not done yet: dse show POINT"
    return nearest(MetricName.parse(name).metric, legal) if legal else nothing


def _ambiguous(name: str, found: Iterable[Column], count: Callable[[Column], int]) -> UsageError:
    """Return the error that lists the columns a name matches, each with its full name."""
    names = written_names(found)
    listed = (
        f"{text} ({column.fidelity}, {counted(count(column), 'point')})"
        for column, text in names.items()
    )
    message = f"'{name}' may mean {' or '.join(listed)}"
    return UsageError(message, hint=f"write {' or '.join(names.values())}")
