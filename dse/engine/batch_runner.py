"""Evaluate the points of a search batch by batch, on one executor."""

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from math import inf
from time import monotonic

from dse.contracts.backend import Outcome
from dse.contracts.parameters import Assignment
from dse.engine.asking import Asking
from dse.engine.executor import Executor
from dse.engine.plan import Plan, Planner
from dse.engine.progress import ProgressCallback, RunProgress
from dse.engine.run import MakeExecutor, Policy, Run, RunContext
from dse.store.records import StudyState

_LATEST = 10
"""Batches whose time is projected onto later ones."""


class BatchRunner:
    """Evaluates batches of points and sums up their progress; call `close` at the end.

    Args:
        context: study, backends, store, folders and policy that all batches share.
        study_id: row of the study in the store.
        make: makes the executor; called once, and only if an evaluation has to run.
        report: called after every change with the progress of all batches together.
    """

    def __init__(
        self, context: RunContext, study_id: int, make: MakeExecutor, report: ProgressCallback
    ) -> None:
        self.total = RunProgress()
        self._expected = 0
        self._pace: deque[tuple[float, int]] = deque(maxlen=_LATEST)
        self._ended_at = monotonic()
        self.licences: dict[str, int] = {}
        """Licence tokens that one evaluation takes, by backend, for the backends planned so far."""
        self.stop = threading.Event()
        self.deadline = inf
        """Seconds of `time.monotonic` after which nothing more is asked."""
        self._context, self._study_id, self._make, self._report = context, study_id, make, report
        self._seen: set[str] = set()
        self._planners: dict[tuple[str, ...], Planner] = {}
        self._stack = ExitStack()
        self._executor: Executor | None = None

    def expect(self, more: int) -> None:
        """Note that so many further evaluations, of one kind, are expected."""
        self._expected = self.total.total + more
        self._pace.clear()

    def expect_all(self, plan: Plan) -> None:
        """Note that the jobs of a plan are expected, in several batches."""
        self.expect(len(plan.jobs.keys() - self._seen))

    @property
    def workers(self) -> int:
        """Number of evaluations that can run at a time."""
        with self._shared() as executor:
            return executor.workers

    def plan(self, points: Sequence[Assignment], backends: Sequence[str]) -> Plan:
        """Return the plan of the given points for the given backends."""
        key = tuple(backends)
        if key not in self._planners:
            adapters = {name: self._context.backends[name] for name in key}
            probes = self._context.probes
            self._planners[key] = Planner(self._context.binding, adapters, probes=probes)
        plan = self._planners[key].plan(points)
        for job in {job.backend: job for job in plan.jobs.values()}.values():
            resources = self._context.backends[job.backend].plan(job)
            self.licences[job.backend] = sum(resources.licences.values())
        return plan

    def evaluate(self, plan: Plan, *, leaving: Sequence[Assignment] = ()) -> StudyState:
        """Evaluate the jobs of a plan that are not stored, and add its points to the study.

        Args:
            plan: from `plan`.
            leaving: points of the study that are not current any more.

        Returns:
            State of the study after this batch.
        """
        store = self._context.store
        rows = store.save_points(self._study_id, plan.points, leaving=leaving)
        context = replace(self._context, policy=self._policy())
        run = Run(context, plan, self.stop, frozenset(self._seen))
        # A key of an earlier batch, such as a reference backend that reads no parameter, is
        # counted once in the sum of all batches.
        repeated = len(plan.jobs.keys() & self._seen)
        self._seen |= plan.jobs.keys()

        def sum_up(progress: RunProgress) -> RunProgress:
            new = replace(
                progress, total=progress.total - repeated, stored=progress.stored - repeated
            )
            return self.total + new

        try:
            return run.evaluate(
                rows,
                self._shared,
                lambda progress: self._report(self._extrapolated(sum_up(progress))),
            )
        finally:
            self.total = sum_up(run.progress)
            self._note_pace(run.progress)

    def _note_pace(self, progress: RunProgress) -> None:
        """Note how long a batch took, with the choice of its points and their networks.

        Without what was asked meanwhile: later batches need not ask for it again.
        """
        now = monotonic()
        evaluated = progress.done + progress.failed
        if evaluated:  # stored ones take no time, and tell none
            self._pace.append((now - self._ended_at, evaluated))
        self._ended_at = now

    def is_immediate(self, backend: str) -> bool:
        """Whether a backend's metrics need neither a tool nor data."""
        return self._context.backends[backend].immediate

    def ask(self, plan: Plan) -> dict[str, Outcome]:
        """Return the outcomes of a plan's jobs by key, without storing them.

        Where the run is stopped meanwhile, or its hours end, those of the jobs that were done.
        """
        began = monotonic()
        tasks = [
            self._context.task(plan, key, self._context.resources(job))
            for key, job in plan.jobs.items()
        ]
        try:
            with self._shared() as executor:
                asked = Asking(executor, tasks, self.stop, self.deadline)
                return asked.outcomes(lambda progress: self._report(self._with_batches(progress)))
        finally:
            self._ended_at += monotonic() - began

    def _policy(self) -> Policy:
        """Return the policy of the next batch: `max_failures` counts over the whole search."""
        limit = self._context.policy.max_failures
        left = None if limit is None else limit - self.total.failed
        return replace(self._context.policy, max_failures=left)

    def _extrapolated(self, progress: RunProgress) -> RunProgress:
        """Extrapolate total and expected seconds to evaluations that are not planned yet.

        They take as long as those of the latest batches; before the first has ended, as long as
        what is planned.
        """
        total = max(progress.total, self._expected)
        if not self._pace:
            share = total / max(progress.total, 1)
            return replace(progress, total=total, load=progress.load.extrapolated(share))
        return self._followed(progress, total - progress.total)

    def _with_batches(self, asked: RunProgress) -> RunProgress:
        """Return the progress of what is asked, with the batches before it and those to come."""
        return self._followed(self.total + asked, max(self._expected - self.total.total, 0))

    def _followed(self, progress: RunProgress, later: int) -> RunProgress:
        """Add evaluations that are not planned yet, as long as those of the latest batches."""
        seconds, evaluations = map(sum, zip(*self._pace, strict=True)) if self._pace else (0.0, 1)
        load = replace(progress.load, later_s=later * seconds / evaluations)
        return replace(progress, total=progress.total + later, load=load)

    def _shared(self) -> AbstractContextManager[Executor]:
        """Return the one executor of all batches; leaving the context does not close it."""
        if self._executor is None:
            self._executor = self._stack.enter_context(self._make())
        return nullcontext(self._executor)

    def close(self) -> None:
        """Close the executor, if one was made."""
        self._stack.close()
