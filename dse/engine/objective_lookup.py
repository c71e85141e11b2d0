"""Objectives of points that need no evaluation, for a search that would have to guess them.

A backend may give its metrics at once (`Backend.immediate`); and a point may need the same
evaluation as one that is known, such as an accuracy that does not depend on the reuse factor.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dse.analysis.columns import Column
from dse.contracts.backend import Outcome
from dse.contracts.errors import FailureKind
from dse.contracts.metrics import Fidelity
from dse.engine.batch_runner import BatchRunner
from dse.search.candidates import Rows
from dse.search.encoding import indices
from dse.search.observations import ObservedPoints
from dse.search.observed import KnownObjectives
from dse.study.space import Space

Found = Mapping[tuple[Column, str], float]
"""Values of evaluations by metric and key."""

UNKNOWN, NONE = float("nan"), float("inf")

REFUSALS = (FailureKind.INVALID_POINT, FailureKind.CONVERSION)
"""Failures that follow from the configuration: any other may be gone when a design is evaluated."""


class ObjectiveLookup:
    """Looks objectives up; what is asked of a backend is asked once, and not stored.

    Only designs with a network of an observed point are asked about: others may not be trained,
    and what the cache happens to hold must not change a search.

    Args:
        space: of the points.
        batches: plans jobs, and has them done.
    """

    def __init__(self, space: Space, batches: BatchRunner) -> None:
        self._space, self._batches = space, batches
        self._jobs: dict[tuple[Rows, str], tuple[str, str]] = {}  # key, network
        self._asked: dict[str, dict[tuple[str, Fidelity], float] | None] = {}

    def of(self, observed: ObservedPoints) -> KnownObjectives:
        """Return what gives the objectives of points, with those of the observed ones."""
        pairs = ((indices(self._space, one.parameters), one) for one in observed.points)
        points = [(rows, one) for rows, one in pairs if rows is not None]
        self._plan([rows for rows, _ in points], observed.columns)
        told: dict[tuple[Column, str], float] = {}
        networks: set[str] = set()
        for rows, point in points:
            for column in observed.columns:
                metric, job = column.of(point), self._jobs.get((rows, column.backend))
                if metric is not None and job is not None:
                    told[column, job[0]] = metric.value
                    networks.add(job[1])
        return partial(self._values, observed.columns, told, networks)

    def _values(
        self,
        columns: Sequence[Column],
        told: Found,
        networks: AbstractSet[str],
        points: Sequence[Rows],
    ) -> NDArray[np.float64]:
        self._plan(points, columns)
        self._ask(points, columns, networks)
        return np.array([[self._value(one, rows, told) for one in columns] for rows in points])

    def _plan(self, points: Sequence[Rows], columns: Sequence[Column]) -> None:
        """Note the jobs of points, of backends that give objectives and are available."""
        for backend in {column.backend for column in columns}:
            new = [rows for rows in points if (rows, backend) not in self._jobs]
            plan = self._batches.plan([self._space.at(rows) for rows in new], [backend])
            self._jobs |= {
                (new[one.point], backend): (one.key, plan.jobs[one.key].fingerprint)
                for one in plan.requests
            }

    def _ask(
        self, points: Sequence[Rows], columns: Sequence[Column], networks: AbstractSet[str]
    ) -> None:
        """Ask immediate backends for what they have not been asked yet."""
        for name in {one.backend for one in columns if self._batches.is_immediate(one.backend)}:
            jobs = {rows: self._jobs[rows, name] for rows in points if (rows, name) in self._jobs}
            new = [
                rows
                for rows, (key, network) in jobs.items()
                if key not in self._asked and network in networks
            ]
            if new:
                plan = self._batches.plan([self._space.at(rows) for rows in new], [name])
                self._note(self._batches.ask(plan))

    def _note(self, outcomes: Mapping[str, Outcome]) -> None:
        """Keep numbers and refusals; whoever failed by accident is asked again."""
        for key, outcome in outcomes.items():
            if outcome.failure is None:
                self._asked[key] = {(m.name, m.fidelity): m.value for m in outcome.metrics}
            elif outcome.failure.kind in REFUSALS:
                self._asked[key] = None

    def _value(self, column: Column, rows: Rows, told: Found) -> float:
        """Return a value, or that it is not known, or that there is none."""
        key, _ = self._jobs.get((rows, column.backend), ("", ""))
        if (column, key) in told:
            return told[column, key]
        if key not in self._asked:
            return UNKNOWN
        metrics = self._asked[key]
        return NONE if metrics is None else metrics.get((column.metric, column.fidelity), NONE)
