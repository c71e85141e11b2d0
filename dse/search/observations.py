"""Objectives and limits of evaluated points, as samplers and ladders need them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite

from dse.analysis.columns import Column, columns_of
from dse.contracts.metric_names import MetricName
from dse.contracts.metrics import Direction, at_most
from dse.search.encoding import indices
from dse.search.observed import Observation
from dse.store.queries import StoredPoint
from dse.study.models import Limit
from dse.study.space import Space


@dataclass(frozen=True)
class ObservedPoints:
    """Evaluated points, with each metric taken from the backend of the highest fidelity.

    Objectives and limits whose metric none of the backends has given are ignored: on the first
    steps of a ladder they may be unknown. One that names its backend, such as ``open.lut``, is
    represented by the same metric of other backends until that backend is among `backends`.

    Args:
        points: ordered by number.
        backends: backends whose metrics are used, in the order of the study.
        objectives: direction of each objective, by metric name.
        limits: limits by metric name.
        enough: by objective, the value beyond which better ones count as equal, if it has one.
    """

    points: Sequence[StoredPoint]
    backends: Sequence[str]
    objectives: Mapping[str, Direction]
    limits: Mapping[str, Limit]
    enough: Mapping[str, float] = field(default_factory=dict)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Directions of the objectives whose metric is known."""
        return tuple(self.objectives[name] for name in self._objectives)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Where each of those objectives comes from."""
        return tuple(self._objectives.values())

    def worth(self, values: Sequence[float]) -> tuple[float, ...]:
        """Return values of those objectives without what is more than enough.

        NaN, for what is not known, and infinity, for what there is not, stay.
        """
        pairs = zip(self._objectives, values, strict=True)
        return tuple(self._worth(name, value) for name, value in pairs)

    def _worth(self, name: str, value: float) -> float:
        if name not in self.enough or not isfinite(value):
            return value
        return at_most(value, self.enough[name], self.objectives[name])

    @property
    def not_given(self) -> list[str]:
        """Names of the objectives and limits whose metric no backend has given."""
        known = self._objectives.keys() | self._limits.keys()
        return [
            name for name in dict.fromkeys((*self.objectives, *self.limits)) if name not in known
        ]

    def observations(self, space: Space) -> list[Observation]:
        """Return the points that are in a space, for a sampler."""
        rows = ((point, indices(space, point.parameters)) for point in self.points)
        return [self._observation(point, found) for point, found in rows if found is not None]

    def feasible(self) -> list[tuple[StoredPoint, tuple[float, ...]]]:
        """Return the points that have all objectives and keep all limits, with the objectives.

        While no objective is known, return the points that have any metric and keep the limits,
        without values.
        """
        found = ((point, self._observation(point, ())) for point in self.points)
        if self._objectives:
            return [(p, one.values) for p, one in found if one.values and not one.violation]
        limits = self._limits.values()
        there = ((p, _values(p, limits)) for p in self.points if self._has_numbers(p))
        return [
            (p, ()) for p, values in there if values is not None and not self._violation(values)
        ]

    def _has_numbers(self, point: StoredPoint) -> bool:
        return any(metric.backend in self.backends for metric in point.metrics)

    def _violation(self, values: Sequence[float]) -> float:
        pairs = zip(self._limits, values, strict=True)
        return sum(self.limits[name].violation(value) for name, value in pairs)

    def _observation(self, point: StoredPoint, rows: tuple[int, ...]) -> Observation:
        values = _values(point, self._objectives.values())
        limited = _values(point, self._limits.values())
        # no values at all while no objective is known: a sampler can learn nothing then
        if not values or limited is None:
            return Observation(rows, None)
        pairs = zip(self._limits, limited, strict=True)
        margins = tuple(self.limits[name].margin(value) for name, value in pairs)
        return Observation(rows, self.worth(values), self._violation(limited), margins)

    @cached_property
    def _all(self) -> set[Column]:
        return columns_of(self.points)

    @cached_property
    def _objectives(self) -> Mapping[str, Column]:
        return self._columns(self.objectives)

    @cached_property
    def _limits(self) -> Mapping[str, Column]:
        return self._columns(self.limits)

    def _columns(self, names: Iterable[str]) -> dict[str, Column]:
        columns = ((name, self._column(name)) for name in names)
        return {name: column for name, column in columns if column is not None}

    def _column(self, name: str) -> Column | None:
        """Return the column that represents a name; None where there is none.

        If the name states a backend among `backends`, only its columns count. Of several, the
        one of the highest fidelity is taken, then that of the backend which comes last.
        """
        written = MetricName.parse(name)
        found = [c for c in self._all if c.metric in written.metrics and c.backend in self.backends]
        own = [c for c in found if written.matches(c.metric, c.backend, c.fidelity)]
        found = own if written.backend in self.backends else found
        order = {backend: index for index, backend in enumerate(self.backends)}
        best = sorted(found, key=lambda column: (column.fidelity.rank, order[column.backend]))
        return best[-1] if best else None


def _values(point: StoredPoint, columns: Iterable[Column]) -> tuple[float, ...] | None:
    """Return one value per column; None if the point lacks any of them."""
    found = [column.of(point) for column in columns]
    values = [metric.value for metric in found if metric is not None]
    return tuple(values) if len(values) == len(found) else None
