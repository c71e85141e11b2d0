"""Objectives that a backend gives at once, for a search that would have to guess them."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dse.analysis.columns import Column
from dse.contracts.backend import Outcome
from dse.engine.batch_runner import BatchRunner
from dse.search.candidates import Rows
from dse.search.observed import KnownObjectives
from dse.study.space import Space


class ImmediateObjectives:
    """Objectives from backends that need neither tool nor data; asked for once, and not stored.

    Networks that are not trained yet have none: a search chooses which to train.

    Args:
        space: of the points.
        batches: plans jobs, and has them done.
    """

    def __init__(self, space: Space, batches: BatchRunner) -> None:
        self._space, self._batches = space, batches
        self._columns: tuple[Column, ...] = ()
        self._known: dict[Rows, tuple[float, ...]] = {}

    def of(self, columns: Sequence[Column]) -> KnownObjectives | None:
        """Return what gives the objectives of points; None where all need an evaluation.

        Args:
            columns: one per objective.
        """
        if not any(self._batches.is_immediate(column.backend) for column in columns):
            return None
        if tuple(columns) != self._columns:
            self._columns, self._known = tuple(columns), {}
        return self._values

    def _values(self, points: Sequence[Rows]) -> NDArray[np.float64]:
        new = [rows for rows in points if rows not in self._known]
        self._known |= dict(zip(new, self._asked(new), strict=True))
        return np.array([self._known[rows] for rows in points])

    def _asked(self, points: Sequence[Rows]) -> Iterator[tuple[float, ...]]:
        names = {one.backend for one in self._columns if self._batches.is_immediate(one.backend)}
        plan = self._batches.plan([self._space.at(rows) for rows in points], sorted(names))
        outcomes = self._batches.ask(plan)
        found: dict[tuple[int, str], Outcome] = {
            (one.point, one.backend): outcomes[one.key]
            for one in plan.requests
            if one.key in outcomes
        }
        for number in range(len(points)):
            yield tuple(_value(one, found.get((number, one.backend))) for one in self._columns)


def _value(column: Column, outcome: Outcome | None) -> float:
    """Return a column's value of an outcome, NaN where it has none."""
    metrics = outcome.metrics if outcome else ()
    found = (m.value for m in metrics if (m.name, m.fidelity) == (column.metric, column.fidelity))
    return next(found, float("nan"))
