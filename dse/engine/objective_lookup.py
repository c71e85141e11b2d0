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
from dse.contracts.backend import Job, Outcome, Probe
from dse.contracts.errors import FailureKind
from dse.contracts.metrics import Fidelity
from dse.engine.batch_runner import BatchRunner
from dse.engine.plan import Plan
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
        backends: of the search.
    """

    def __init__(self, space: Space, batches: BatchRunner, backends: Sequence[str]) -> None:
        self._space, self._batches, self._backends = space, batches, backends
        self._planned: set[Rows] = set()
        self._jobs: dict[tuple[Rows, str], Job] = {}
        self._probes: Mapping[str, Probe] = {}
        self._asked: dict[str, dict[tuple[str, Fidelity], float] | None] = {}

    def of(self, observed: ObservedPoints) -> KnownObjectives:
        """Return what gives the objectives of points, with those of the observed ones."""
        pairs = ((indices(self._space, one.parameters), one) for one in observed.points)
        points = [(rows, one) for rows, one in pairs if rows is not None]
        self._plan([rows for rows, _ in points])
        told: dict[tuple[Column, str], float] = {}
        networks: set[str] = set()
        for rows, point in points:
            for column in observed.columns:
                metric, job = column.of(point), self._jobs.get((rows, column.backend))
                if metric is not None and job is not None:
                    told[column, job.key] = metric.value
                    networks.add(job.fingerprint)
        return partial(self._values, observed, told, networks)

    def _values(
        self,
        observed: ObservedPoints,
        told: Found,
        networks: AbstractSet[str],
        points: Sequence[Rows],
    ) -> NDArray[np.float64]:
        self._plan(points)
        self._ask(points, observed.columns, networks)
        found = ([self._value(one, rows, told) for one in observed.columns] for rows in points)
        return np.array([observed.worth(values) for values in found])

    def _plan(self, points: Sequence[Rows]) -> None:
        """Note the jobs of points, of the backends that are available."""
        new = [rows for rows in points if rows not in self._planned]
        plan = self._batches.plan([self._space.at(rows) for rows in new], self._backends)
        self._jobs |= {(new[one.point], one.backend): plan.jobs[one.key] for one in plan.requests}
        self._planned.update(new)
        self._probes = plan.probes

    def _ask(
        self, points: Sequence[Rows], columns: Sequence[Column], networks: AbstractSet[str]
    ) -> None:
        """Ask immediate backends for what they have not been asked yet."""
        names = {one.backend for one in columns if self._batches.is_immediate(one.backend)}
        found = (self._jobs.get((rows, name)) for name in names for rows in points)
        jobs = {
            job.key: job
            for job in found
            if job is not None and job.key not in self._asked and job.fingerprint in networks
        }
        if jobs:
            self._note(self._batches.ask(Plan([], [], jobs, self._probes)))

    def _note(self, outcomes: Mapping[str, Outcome]) -> None:
        """Keep numbers and refusals; whoever failed by accident is asked again."""
        for key, outcome in outcomes.items():
            if outcome.failure is None:
                self._asked[key] = {(m.name, m.fidelity): m.value for m in outcome.metrics}
            elif outcome.failure.kind in REFUSALS:
                self._asked[key] = None

    def _value(self, column: Column, rows: Rows, told: Found) -> float:
        """Return a value, or that it is not known, or that there is none."""
        job = self._jobs.get((rows, column.backend))
        if job is None:
            return UNKNOWN
        if (column, job.key) in told:
            return told[column, job.key]
        if job.key not in self._asked:
            return UNKNOWN
        metrics = self._asked[job.key]
        return NONE if metrics is None else metrics.get((column.metric, column.fidelity), NONE)
