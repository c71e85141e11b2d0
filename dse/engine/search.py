"""`dse run` of a study that is searched or has a ladder: ask, evaluate, tell, repeat."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing

import numpy as np

from dse.analysis.points import Points
from dse.contracts.errors import UsageError
from dse.contracts.parameters import Assignment
from dse.engine.batch_runner import BatchRunner
from dse.engine.budget import BudgetTracker
from dse.engine.progress import ProgressCallback
from dse.engine.run import MakeExecutor, RunContext, RunResult, study_record
from dse.engine.run_lifecycle import ending, interruptible
from dse.search.candidates import WALKED
from dse.search.encoding import indices
from dse.search.observations import ObservedPoints
from dse.search.promotion import promoted
from dse.search.proposals import Proposals
from dse.store.queries import Results, StoredPoint
from dse.store.records import StudyState
from dse.study.models import LadderStep


class Search:
    """One run of one study whose points are chosen as results come, or that has a ladder.

    Nothing is remembered between batches that is not in the store, so a run that was ended at
    any moment goes on as if it had not been.

    Args:
        context: the study and all that evaluations need.
        results: the same store, to read from.
    """

    def __init__(self, context: RunContext, results: Results) -> None:
        self._context = context
        self._results = results
        self._study = context.binding.study
        self._space = context.binding.space
        self._search = self._study.search
        self._first, *self._later = self._search.rungs(context.binding.backends)

    def execute(self, executor: MakeExecutor, watch: ProgressCallback) -> RunResult:
        """Do it all; arguments as those of `Run.execute`."""
        store = self._context.store
        study_id = store.save_study(study_record(self._context.binding))
        batches = BatchRunner(self._context, study_id, executor, watch)
        with ending(store, study_id) as end, closing(batches), interruptible(batches.stop):
            end.state, why = self._run(batches)
        return RunResult(end.state, batches.total, study_id, why)

    def _run(self, batches: BatchRunner) -> tuple[StudyState, str]:
        points = self._first_points(batches)
        budget = self._search.budget
        spending = BudgetTracker(
            budget, self._results, self._study.name, batches.licences, self._first.backends
        )
        batches.expected = len(self._first.backends) * (len(points) + (spending.points_left() or 0))
        first = batches.plan(points, self._first.backends)
        state = batches.evaluate(first, others_stay=False)
        why = ""
        if self._search.method != "grid":
            state, why = self._look(batches, spending, state)
        if state == "done" and self._later:
            state, short = self._climb(batches, spending)
            why = "; ".join(filter(None, [why, short]))
        return state, "; ".join(filter(None, [why, self._not_given()]))

    def _first_points(self, batches: BatchRunner) -> list[Assignment]:
        """Of a grid, all; of a search, those it has, or at its beginning those known elsewhere."""
        if self._search.method == "grid":
            return list(self._space.points())
        stored = self._results.points(self._study.name, every=True)
        if stored:
            return self._inside(point.parameters for point in stored)
        return self._known_elsewhere(batches)

    def _inside(self, given: Iterable[Assignment]) -> list[Assignment]:
        """Those of the space, as it writes them."""
        rows = dict.fromkeys(indices(self._space, one) for one in given)
        points = (self._space.at(row) for row in rows if row is not None)
        return [point for point in points if not self._space.violations(point)]

    def _known_elsewhere(self, batches: BatchRunner) -> list[Assignment]:
        """Points that evaluations of any study answer: they cost nothing."""
        names = set(self._space.names)
        found = (one for one in self._results.assignments() if names <= one.keys())
        points = self._inside({name: one[name] for name in names} for one in found)
        plan = batches.plan(points, self._first.backends)
        known = self._context.store.known(list(plan.jobs))
        again = self._context.policy.wants
        done = {key for key, found in known.items() if not again(found)}
        missing = {request.point for request in plan.requests if request.key not in done}
        return [point for number, point in enumerate(points) if number not in missing]

    def _look(
        self, batches: BatchRunner, spending: BudgetTracker, state: StudyState
    ) -> tuple[StudyState, str]:
        """Ask, evaluate, tell, until the budget is spent."""
        while state == "done":
            left = spending.points_left()
            if why := spending.stop_reason(left):
                return state, why
            points = self._propose(batches.workers, left)
            if not points:
                return state, self._why_no_point()
            plan = batches.plan(points, self._first.backends)
            self._check_end(batches.licences)
            state = batches.evaluate(plan)
        return state, ""

    def _why_no_point(self) -> str:
        if self._space.raw_size <= WALKED:
            return "no point of the space is left"
        return "no other point that the constraints allow was found by chance"

    def _check_end(self, licences: Mapping[str, int]) -> None:
        """Refuse a budget that nothing spends.

        Raises:
            UsageError: only licence-hours are limited, and no backend takes a licence.
        """
        budget = self._search.budget.model_dump(exclude_none=True)
        if list(budget) == ["licence_hours"] and not any(licences.values()):
            message = "no backend takes a licence, so licence_hours would never be spent"
            raise UsageError(message, where=self._study.name, hint="search.budget.points or hours")

    def _not_given(self) -> str:
        """Objectives and limits that no backend gave."""
        standing = self._standing(self._search.rungs(self._context.binding.backends))
        names = standing.not_given
        return f"no backend gave {', '.join(names)}" if names and standing.points else ""

    def _propose(self, workers: int, most: int | None) -> list[Assignment]:
        batch = self._search.batch or workers
        standing = self._standing([self._first])
        search = self._search
        proposals = Proposals(
            self._space, search.method, standing.directions, search.seed, search.start
        )
        count = batch if most is None else min(batch, most)
        return [
            self._space.at(rows)
            for rows in proposals.next(standing.observations(self._space), count)
        ]

    def _standing(
        self, rungs: Sequence[LadderStep], among: set[int] | None = None
    ) -> ObservedPoints:
        names = {name for rung in rungs for name in rung.backends}
        backends = [name for name in self._context.binding.backends if name in names]
        points = Points(self._results, self._study.name).records()
        chosen = [point for point in points if among is None or point.number in among]
        return ObservedPoints(
            chosen, backends, self._context.binding.objectives, self._search.limits
        )

    def _climb(self, batches: BatchRunner, spending: BudgetTracker) -> tuple[StudyState, str]:
        """Run every further step on the best points of the step before."""
        among: set[int] | None = None
        said = []
        for step, rung in enumerate(self._later, 1):
            chosen = self._chosen(
                rung, self._standing([self._first, *self._later[: step - 1]], among)
            )
            among = {point.number for point in chosen}
            said.append(f"{', '.join(rung.backends)} on {len(chosen)} points")
            size = self._search.batch or batches.workers
            for start in range(0, len(chosen), size):
                batch = [point.parameters for point in chosen[start : start + size]]
                plan = batches.plan(batch, rung.backends)
                if why := spending.time_stop_reason():
                    return "done", "; ".join([*said, why])
                state = batches.evaluate(plan)
                if state != "done":
                    return state, "; ".join(said)
        return "done", "; ".join(said)

    @staticmethod
    def _chosen(rung: LadderStep, standing: ObservedPoints) -> list[StoredPoint]:
        good = standing.feasible()
        count = math.ceil(round(rung.keep * len(standing.points), 9))
        if not standing.directions:  # nothing tells them apart yet
            return [point for point, _ in good[:count]]
        values = np.array([values for _, values in good], dtype=np.float64)
        return [good[index][0] for index in promoted(values, standing.directions, count)]
