"""`dse run` of a search or ladder: choose points, evaluate them, choose again from the results."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np

from dse.analysis.points import Points
from dse.contracts.errors import UsageError
from dse.contracts.parameters import Assignment
from dse.engine.batch_runner import BatchRunner
from dse.engine.budget import BudgetTracker
from dse.engine.objective_lookup import ObjectiveLookup
from dse.engine.progress import ProgressCallback
from dse.engine.run import MakeExecutor, RunContext, RunResult
from dse.engine.run_lifecycle import interruptible
from dse.search.candidates import WALKED
from dse.search.encoding import indices
from dse.search.observations import ObservedPoints
from dse.search.promotion import promoted
from dse.search.proposals import Proposals
from dse.store.queries import Results, StoredPoint
from dse.store.records import StudyState
from dse.study.models import LadderStep
from dse.study.space import Space


class Search:
    """One run of a study whose points are chosen from results, or that has a ladder.

    Its state between two batches is in the store alone, so a run that was killed at any moment
    can be continued without loss.

    Args:
        context: study, backends, store, folders and policy.
        results: the same store, for reading.
    """

    def __init__(self, context: RunContext, results: Results) -> None:
        self._context = context
        self._results = results
        self._study = context.binding.study
        self._space = context.binding.space
        self._search = self._study.search
        self._first, *self._later = self._search.rungs(context.binding.backends)
        self._start = self._space.narrowed(self._first.at) if self._first.at else self._space
        self._lookup: ObjectiveLookup | None = None

    def execute(self, executor: MakeExecutor, report: ProgressCallback) -> RunResult:
        """Run the search and the ladder to their ends; see `Run.execute` for the arguments."""
        with self._context.begun(report) as (context, life):
            batches = BatchRunner(context, life.study_id, executor, life.report)
            if self._search.method == "layerwise":  # the others do not ask
                self._lookup = ObjectiveLookup(self._start, batches, self._first.backends)
            with closing(batches), interruptible(batches.stop):
                life.state, why = self._run(batches)
        return RunResult(life.state, batches.total, life.study_id, why)

    def _run(self, batches: BatchRunner) -> tuple[StudyState, str]:
        """Return the final state, and why no more points were chosen."""
        stored = self._results.points(self._study.name, every=True)
        points = self._first_points(batches, stored)
        budget = self._search.budget
        tracker = BudgetTracker(
            budget, self._results, self._study.name, batches.licences, self._first
        )
        batches.deadline = tracker.deadline
        batches.expect(len(self._first.backends) * (len(points) + (tracker.points_left() or 0)))
        first = batches.plan(points, self._first.backends)
        # Points that the space no longer has are marked as not current here, once. Those that
        # another run of the study adds meanwhile stay.
        state = batches.evaluate(first, leaving=self._leaving(stored))
        reasons: list[str] = []
        if self._search.method != "grid":
            state, why = self._ask_and_evaluate(batches, tracker, state)
            reasons.append(why)
        if state == "done" and self._later:
            state, why = self._run_ladder(batches, tracker)
            reasons.append(why)
        return state, "; ".join(filter(None, [*reasons, self._not_given()]))

    def _first_points(
        self, batches: BatchRunner, stored: Sequence[StoredPoint]
    ) -> list[Assignment]:
        """Return the points of the first batch.

        These are all points of a grid, the stored points of a search that goes on, or, for a new
        search, the points whose results other studies have stored already.
        """
        if self._search.method == "grid":
            return list(self._start.points())
        if stored:
            return self._in_space(point.parameters for point in stored)
        return self._known_points(batches)

    def _in_space(self, given: Iterable[Assignment]) -> list[Assignment]:
        """Return the assignments that are legal points of the space, as the space writes them."""
        return _in_space(self._start, given)

    def _leaving(self, stored: Sequence[StoredPoint]) -> list[Assignment]:
        """Return the points that stay only where the first step plans them again."""
        points = (point.parameters for point in stored)
        return [one for one in points if self._first.has(one) or not _in_space(self._space, [one])]

    def _known_points(self, batches: BatchRunner) -> list[Assignment]:
        """Return points whose first-step evaluations are all stored, by any study."""
        names = set(self._space.names)
        found = (one for one in self._results.assignments() if names <= one.keys())
        points = self._in_space({name: one[name] for name in names} for one in found)
        plan = batches.plan(points, self._first.backends)
        known = self._context.store.known(list(plan.jobs))
        runs_again = self._context.policy.wants
        done = {key for key, found in known.items() if not runs_again(found)}
        missing = {request.point for request in plan.requests if request.key not in done}
        return [point for number, point in enumerate(points) if number not in missing]

    def _ask_and_evaluate(
        self, batches: BatchRunner, tracker: BudgetTracker, state: StudyState
    ) -> tuple[StudyState, str]:
        """Choose and evaluate points, batch by batch, until the budget is spent."""
        while state == "done":
            left = tracker.points_left()
            if why := tracker.stop_reason(left) or self._why_converged(left):
                return state, why
            points = self._propose(batches.workers, left)
            if batches.stop.is_set():  # what was asked for may be incomplete
                return "interrupted", ""
            if why := tracker.time_stop_reason():
                return state, why
            if not points:
                return state, self._why_no_point()
            plan = batches.plan(points, self._first.backends)
            self._check_budget_ends(batches.licences)
            state = batches.evaluate(plan)
        return state, ""

    def _why_converged(self, left: int | None) -> str:  # noqa: ARG002  (for overriding)
        """Return why more points would not help; empty where they may.

        Args:
            left: points that the budget has left; None for no limit.
        """
        return ""

    def _why_no_point(self) -> str:
        # Only a space of at most WALKED points is searched to the last one.
        if self._start.raw_size <= WALKED:
            return "no point of the space is left"
        return "random sampling found no further point that meets the constraints"

    def _check_budget_ends(self, licences: Mapping[str, int]) -> None:
        """Refuse a budget that would never be spent.

        Raises:
            UsageError: only licence-hours are limited, and no backend takes a licence.
        """
        budget = self._search.budget.model_dump(exclude_none=True)
        if list(budget) == ["licence_hours"] and not any(licences.values()):
            message = "no backend takes a licence, so licence_hours would never be spent"
            raise UsageError(message, where=self._study.name, hint="search.budget.points or hours")

    def _not_given(self) -> str:
        """Name the objectives and limits that no backend gave; empty if there are none."""
        observed = self._observed(self._search.rungs(self._context.binding.backends))
        names = replace(observed, limits=self._search.every_limit).not_given
        return f"no backend gave {', '.join(names)}" if names and observed.points else ""

    def _propose(self, workers: int, most: int | None) -> list[Assignment]:
        """Choose up to `most` new points: one batch, by default one point per worker."""
        batch = self._search.batch or workers
        observed = self._observed([self._first])
        search = self._search
        known = self._lookup.of(observed) if self._lookup else None
        proposals = Proposals(
            self._start, search.method, observed.directions, search.seed, search.start, known
        )
        count = batch if most is None else min(batch, most)
        return [
            self._start.at(rows)
            for rows in proposals.next(observed.observations(self._start), count)
        ]

    def _observed(
        self, steps: Sequence[LadderStep], among: set[int] | None = None
    ) -> ObservedPoints:
        """Return what steps have told, with the limits of the last of them."""
        names = {name for step in steps for name in step.backends}
        backends = [name for name in self._context.binding.backends if name in names]
        points = Points(self._results, self._study.name).records()
        chosen = [point for point in points if among is None or point.number in among]
        enough = {
            one.metric: one.enough for one in self._study.objectives if one.enough is not None
        }
        limits, binding = self._search.limits_of(steps[-1]), self._context.binding
        return ObservedPoints(chosen, backends, binding.objectives, limits, enough)

    def _run_ladder(self, batches: BatchRunner, tracker: BudgetTracker) -> tuple[StudyState, str]:
        """Run each later step of the ladder on the best points of the step before."""
        among = self._numbers(self._first.has) if self._first.at else None
        steps_done = []
        for number, step in enumerate(self._later):
            chosen = self._promoted(
                step, self._observed([self._first, *self._later[:number]], among)
            )
            points = _in_space(self._space, ({**one.parameters, **step.at} for one in chosen))
            told = "".join(f", {name} {value}" for name, value in step.at.items())
            steps_done.append(f"{', '.join(step.backends)}{told} on {len(points)} points")
            size = self._search.batch or batches.workers
            # what the first step did not need, because it ended before its budget, is forgotten
            batches.expect_all(batches.plan(points, step.backends))
            for start in range(0, len(points), size):
                plan = batches.plan(points[start : start + size], step.backends)
                if why := tracker.time_stop_reason():
                    return "done", "; ".join([*steps_done, why])
                state = batches.evaluate(plan)
                if state != "done":
                    return state, "; ".join(steps_done)
            keys = {indices(self._space, one) for one in points}
            among = self._numbers(lambda one: indices(self._space, one) in keys)  # noqa: B023
        return "done", "; ".join(steps_done)

    def _numbers(self, wanted: Callable[[Assignment], bool]) -> set[int]:
        """Return the numbers of points of the study."""
        points = self._results.points(self._study.name)
        return {point.number for point in points if wanted(point.parameters)}

    @staticmethod
    def _promoted(step: LadderStep, observed: ObservedPoints) -> list[StoredPoint]:
        """Return the best points for a step: its share `keep` of all points of the step before."""
        good = observed.feasible()
        # Rounded first: 0.07 * 100 is 7.000000000000001, whose ceiling would be 8.
        count = math.ceil(round(step.keep * len(observed.points), 9))
        if not observed.directions:  # no objective is known yet, so points cannot be compared
            return [point for point, _ in good[:count]]
        values = np.array([values for _, values in good], dtype=np.float64)
        return [good[index][0] for index in promoted(values, observed.directions, count)]


def _in_space(space: Space, given: Iterable[Assignment]) -> list[Assignment]:
    """Return the assignments that are legal points of a space, as the space writes them."""
    rows = dict.fromkeys(indices(space, one) for one in given)
    points = (space.at(row) for row in rows if row is not None)
    return [point for point in points if not space.violations(point)]
