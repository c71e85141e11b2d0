"""Objectives of points that need no evaluation, for a search that would have to guess them.

A backend may give its metrics at once (`Backend.immediate`); and a point may need the same
evaluation as one that is known, such as an accuracy that does not depend on the reuse factor.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dse.analysis.columns import Column
from dse.contracts.backend import Outcome
from dse.engine.batch_runner import BatchRunner
from dse.search.candidates import Rows
from dse.search.encoding import indices
from dse.search.observations import ObservedPoints
from dse.search.observed import KnownObjectives
from dse.study.space import Space

Told = Mapping[tuple[Column, str], float]
"""Values of evaluations by metric and key."""

UNKNOWN, NONE = float("nan"), float("inf")


class ObjectiveLookup:
    """Looks objectives up; what is asked of a backend is asked once, and not stored.

    Networks that are not trained yet have none: a search chooses which to train.

    Args:
        space: of the points.
        batches: plans jobs, and has them done.
    """

    def __init__(self, space: Space, batches: BatchRunner) -> None:
        self._space, self._batches = space, batches
        self._keys: dict[tuple[Rows, str], str] = {}
        self._outcomes: dict[str, Outcome] = {}

    def of(self, observed: ObservedPoints) -> KnownObjectives:
        """Return what gives the objectives of points, with those of the observed ones."""
        found = ((indices(self._space, one.parameters), one) for one in observed.points)
        points = [(rows, one) for rows, one in found if rows is not None]
        self._plan([rows for rows, _ in points], observed.columns)
        told = {
            (column, self._keys[rows, column.backend]): metric.value
            for rows, point in points
            for column in observed.columns
            if (metric := column.of(point)) is not None
        }
        return partial(self._values, observed.columns, told)

    def _values(
        self, columns: Sequence[Column], told: Told, points: Sequence[Rows]
    ) -> NDArray[np.float64]:
        self._plan(points, columns)
        self._ask(points, columns)
        return np.array(
            [
                [self._value(column, self._keys[rows, column.backend], told) for column in columns]
                for rows in points
            ]
        )

    def _plan(self, points: Sequence[Rows], columns: Sequence[Column]) -> None:
        """Note the keys of points, of backends that give objectives."""
        for backend in {column.backend for column in columns}:
            new = [rows for rows in points if (rows, backend) not in self._keys]
            plan = self._batches.plan([self._space.at(rows) for rows in new], [backend])
            self._keys |= {(new[one.point], backend): one.key for one in plan.requests}

    def _ask(self, points: Sequence[Rows], columns: Sequence[Column]) -> None:
        """Ask immediate backends for what they have not been asked yet."""
        names = {one.backend for one in columns if self._batches.is_immediate(one.backend)}
        new = [
            rows
            for rows in points
            if any(self._keys[rows, name] not in self._outcomes for name in names)
        ]
        if new:
            plan = self._batches.plan([self._space.at(rows) for rows in new], sorted(names))
            self._outcomes |= self._batches.ask(plan)

    def _value(self, column: Column, key: str, told: Told) -> float:
        """Return a value, or that it is not known, or that there is none."""
        outcome = self._outcomes.get(key)
        if outcome is None:
            return told.get((column, key), UNKNOWN)
        metrics = outcome.metrics
        kind = column.metric, column.fidelity
        return next((one.value for one in metrics if (one.name, one.fidelity) == kind), NONE)
