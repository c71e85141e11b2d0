"""Points of a study evaluated batch by batch, on one executor."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace

from dse.contracts.parameters import Assignment
from dse.engine.executor import Executor
from dse.engine.plan import Plan, Planner
from dse.engine.progress import ProgressCallback, RunProgress
from dse.engine.run import MakeExecutor, Policy, Run, RunContext
from dse.store.records import StudyState


class BatchRunner:
    """Evaluates points as they are chosen; to be closed.

    Args:
        context: what they share.
        study_id: row of the study.
        make: makes the executor; called only if there is work, and once.
        watch: called after every change, with what all batches did together.
    """

    def __init__(
        self, context: RunContext, study_id: int, make: MakeExecutor, watch: ProgressCallback
    ) -> None:
        self.total = RunProgress()
        self.expected = 0
        """Evaluations that will be needed, as far as that is known."""
        self.licences: dict[str, int] = {}
        """Licence tokens that an evaluation takes, by backend, of those planned so far."""
        self.stop = threading.Event()
        self._context, self._study_id, self._make, self._watch = context, study_id, make, watch
        self._seen: set[str] = set()
        self._planners: dict[tuple[str, ...], Planner] = {}
        self._stack = ExitStack()
        self._executor: Executor | None = None

    @property
    def workers(self) -> int:
        """How many evaluations can run at a time."""
        with self._shared() as executor:
            return executor.workers

    def plan(self, points: Sequence[Assignment], backends: Sequence[str]) -> Plan:
        """A plan of some points for some backends."""
        key = tuple(backends)
        if key not in self._planners:
            adapters = {name: self._context.backends[name] for name in key}
            self._planners[key] = Planner(self._context.binding, adapters)
        plan = self._planners[key].plan(points)
        for job in {job.backend: job for job in plan.jobs.values()}.values():
            asked = self._context.backends[job.backend].plan(job)
            self.licences[job.backend] = sum(asked.licences.values())
        return plan

    def evaluate(self, plan: Plan, *, others_stay: bool = True) -> StudyState:
        """Do what is not stored of a plan, whose points become points of the study.

        Args:
            plan: from `plan`.
            others_stay: leave the study's other points as they are, else no longer current.
        """
        store = self._context.store
        rows = store.save_points(self._study_id, plan.points, others_stay=others_stay)
        context = replace(self._context, policy=self._policy())
        run = Run(context, plan, self.stop, frozenset(self._seen))
        again = len(plan.jobs.keys() & self._seen)  # such as one reference for all points
        self._seen |= plan.jobs.keys()

        def sum_up(progress: RunProgress) -> RunProgress:
            once = replace(progress, total=progress.total - again, stored=progress.stored - again)
            return self.total + once

        try:
            return run.evaluate(
                rows, self._shared, lambda progress: self._watch(self._with_rest(sum_up(progress)))
            )
        finally:
            self.total = sum_up(run.progress)

    def _policy(self) -> Policy:
        most = self._context.policy.max_failures
        left = None if most is None else most - self.total.failed
        return replace(self._context.policy, max_failures=left)

    def _with_rest(self, progress: RunProgress) -> RunProgress:
        """With what is not planned yet, as if it were like the rest."""
        total = max(progress.total, self.expected)
        return replace(
            progress, total=total, work_s=progress.work_s * total / max(progress.total, 1)
        )

    def _shared(self) -> AbstractContextManager[Executor]:
        if self._executor is None:
            self._executor = self._stack.enter_context(self._make())
        return nullcontext(self._executor)

    def close(self) -> None:
        """End the executor, if there is one."""
        self._stack.close()
