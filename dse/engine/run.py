"""`dse run` of a grid: link stored evaluations, run the others, store results as they come."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from operator import attrgetter

from dse.contracts.backend import Backend, Resources
from dse.contracts.errors import FailureKind, Retry
from dse.engine.executor import Executor
from dse.engine.plan import Plan
from dse.engine.progress import ProgressCallback, RunProgress
from dse.engine.run_lifecycle import interruptible, recorded_end
from dse.engine.worker import Folders, Task
from dse.store.records import Evaluation, Known, Point, StudyRecord, StudyState
from dse.store.store import Store
from dse.study.binding import Binding

_POLL_S = 0.25
"""Longest wait for results in seconds: after it progress is reported, Ctrl-C and retries served."""

_OUTSTANDING_PER_WORKER = 64
"""Tasks that an executor holds per worker: as many as the largest batch of the Ray executor."""


@dataclass(frozen=True)
class Policy:
    """Which evaluations are run again, and when a run stops.

    Args:
        rerun: stored evaluations to run again: ``failed``, ``all`` or failure kinds; empty
            for none. Failures with `Retry.later` are run again in any case.
        max_failures: stop after this many failed evaluations; None for no limit.
        retry: gives the rule for further attempts in the same run, by kind of failure.
    """

    rerun: frozenset[str] = frozenset()
    max_failures: int | None = None
    retry: Callable[[FailureKind], Retry] = attrgetter("retry")

    def wants(self, known: Known, time_limit_s: float | None = None) -> bool:
        """Whether a stored evaluation is run again.

        Args:
            known: what the store has.
            time_limit_s: the current limit; None for no limit. An evaluation that failed at a
                lower limit is run again.
        """
        if "all" in self.rerun:
            return True
        if known.failure is None:
            return False
        if known.time_limit_s is not None and (time_limit_s or math.inf) > known.time_limit_s:
            return True
        chosen = {"failed", known.failure.value} & self.rerun
        return bool(chosen) or known.failure.retry.later


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Args:
        state: state of the study.
        progress: final counts.
        study_id: row of the study in the store.
        ended_by: why a search or ladder chose no more points; empty for a grid.
    """

    state: StudyState
    progress: RunProgress
    study_id: int
    ended_by: str = ""


MakeExecutor = Callable[[], AbstractContextManager[Executor]]
"""Makes an executor; a function, because starting Ray takes seconds that a run may not need."""


def study_record(binding: Binding) -> StudyRecord:
    """Return what the store keeps of a study."""
    study = binding.study
    return StudyRecord(
        study.name,
        study.description,
        study.source.name,
        study.source.text,
        dict(binding.objectives),
    )


@dataclass(frozen=True)
class RunContext:
    """What all parts of a run share.

    Args:
        binding: the study, bound to the installed plug-ins.
        backends: adapters by name.
        store: where results go.
        folders: cache and artifact folders.
        policy: which evaluations are run again, and when the run stops.
    """

    binding: Binding
    backends: Mapping[str, Backend]
    store: Store
    folders: Folders
    policy: Policy


class Run:
    """One run of a plan.

    Args:
        context: study, backends, store, folders and policy.
        plan: points and jobs, all of the study's or one batch.
        stop: event that ends the run when it is set; None for one of its own.
        done: keys that are not run again, whatever the policy says: earlier batches ran them.
    """

    def __init__(
        self,
        context: RunContext,
        plan: Plan,
        stop: threading.Event | None = None,
        done: frozenset[str] = frozenset(),
    ) -> None:
        self._context = context
        self._plan = plan
        self._store = context.store
        self._policy = context.policy
        self.progress = RunProgress()
        self._needs: dict[str, Resources] = {}
        self._point_numbers: dict[str, list[int]] = {}
        self._retries: list[tuple[float, Evaluation]] = []
        self._stop = stop or threading.Event()
        self._done = done

    def pending(self) -> list[str]:
        """Return the keys to evaluate: not stored, or to be run again by the policy."""
        known = self._store.known(list(self._plan.jobs))
        return [key for key in self._plan.jobs if key not in known or self._wants(key, known[key])]

    def _wants(self, key: str, known: Known) -> bool:
        if key in self._done:
            return False
        return self._policy.wants(known, self._resources(key).time_limit_s)

    def execute(self, executor: MakeExecutor, report: ProgressCallback) -> RunResult:
        """Save the study and its points, evaluate, and record how the run ended.

        Args:
            executor: makes the executor; called only if an evaluation has to run.
            report: called after every change.
        """
        study_id = self._store.save_study(study_record(self._context.binding))
        points = self._store.save_points(study_id, self._plan.points)
        with recorded_end(self._store, study_id) as end:
            end.state = self.evaluate(points, executor, report)
        return RunResult(end.state, self.progress, study_id)

    def evaluate(
        self, points: Sequence[Point], executor: MakeExecutor, report: ProgressCallback
    ) -> StudyState:
        """Link stored evaluations to the points, and run the others.

        Args:
            points: rows of the plan's points, in the plan's order.
            executor: as in `execute`.
            report: as in `execute`.

        Returns:
            ``done``; ``interrupted`` or ``failed`` if the run was stopped.
        """
        ids = [point.id for point in points]
        self._point_numbers = self._by_key([point.number for point in points])
        pending = self.pending()
        self._unlink_stale(ids)
        self._link_known(ids, set(pending))
        self.progress.total = len(self._plan.jobs)
        self.progress.stored = self.progress.total - len(pending)
        self.progress.work_s = sum(self._resources(key).expected_s for key in pending)
        report(self.progress)
        return self._run_pending(executor, pending, ids, report) if pending else "done"

    def _unlink_stale(self, ids: Sequence[int]) -> None:
        """Unlink results of an earlier version of the study from its points."""
        requests = self._plan.requests
        self._store.unlink_stale(
            {(ids[r.point], r.backend): r.key for r in requests},
            {ids[r.point]: self._plan.jobs[r.key].fingerprint for r in requests},
        )

    def _link_known(self, ids: Sequence[int], pending: set[str]) -> None:
        known = self._store.known([key for key in self._plan.jobs if key not in pending])
        for key, found in known.items():
            self.progress.count_stored(
                self._plan.jobs[key].backend, failed=found.failure is not None
            )
        self._store.link(
            (ids[request.point], request.backend, known[request.key].evaluation_id)
            for request in self._plan.requests
            if request.key in known
        )

    def _run_pending(
        self,
        make: MakeExecutor,
        pending: Sequence[str],
        ids: Sequence[int],
        report: ProgressCallback,
    ) -> StudyState:
        points = self._by_key(ids)
        tasks = iter([self._task(key) for key in self._longest_first(pending)])
        with make() as executor, interruptible(self._stop):
            self._feed(executor, tasks)
            while executor.outstanding or self._retries:
                self.progress.running = min(executor.outstanding, executor.workers)
                self.progress.waiting = len(self._retries)
                self.progress.stopping = self._stop.is_set()
                report(self.progress)
                self._collect(executor, points)
                if self._stop.is_set() or self._too_many_failures():
                    tasks = iter(())  # running evaluations are still awaited and stored
                    executor.cancel_pending()
                self._feed(executor, tasks)
        self.progress.running = 0
        report(self.progress)
        if self._stop.is_set():
            return "interrupted"
        return "failed" if self._too_many_failures() else "done"

    def _by_key(self, points: Sequence[int]) -> dict[str, list[int]]:
        """Return by key the points that need the evaluation, as the ids or numbers given."""
        found: dict[str, list[int]] = defaultdict(list)
        for request in self._plan.requests:
            found[request.key].append(points[request.point])
        return found

    def _task(self, key: str) -> Task:
        job = self._plan.jobs[key]
        resources = self._resources(key)
        tool, study = self._plan.probes[job.backend].tool, self._context.binding.study.name
        points = tuple(self._point_numbers.get(key, ()))
        return Task(
            job=job,
            resources=resources,
            folders=self._context.folders,
            tool=tool,
            study=study,
            points=points,
        )

    def _resources(self, key: str) -> Resources:
        """Return what a job needs; the backend is asked once per job."""
        if key not in self._needs:
            self._needs[key] = self._plan_resources(key)
        return self._needs[key]

    def _plan_resources(self, key: str) -> Resources:
        """Return what the backend asks for, within the limits of the study."""
        job = self._plan.jobs[key]
        return self._context.binding.limited(
            job.backend, self._context.backends[job.backend].plan(job)
        )

    def _longest_first(self, keys: Sequence[str]) -> list[str]:
        """Sort keys by expected time, stably: short work last keeps all cores busy at the end."""
        return sorted(keys, key=lambda key: -self._resources(key).expected_s)

    def _feed(self, executor: Executor, tasks: Iterator[Task]) -> None:
        room = executor.workers * _OUTSTANDING_PER_WORKER - executor.outstanding
        batch = [task for _, task in zip(range(room), tasks, strict=False)]
        if batch:
            executor.submit(batch)

    def _collect(self, executor: Executor, points: Mapping[str, Sequence[int]]) -> None:
        """Take finished evaluations: store them, or schedule another attempt."""
        if not executor.outstanding:  # only retries are left; `wait` would return at once
            time.sleep(_POLL_S)
        final = []
        for evaluation in [*executor.wait(_POLL_S), *self._abandoned_retries()]:
            wait_s = self._wait_s(evaluation)
            if wait_s is not None:
                self._retries.append((time.monotonic() + wait_s, evaluation))
            else:
                final.append(evaluation)
                self._count(evaluation)
        self._submit_due(executor)
        if final:
            self._store.record(final, points)

    def _wait_s(self, evaluation: Evaluation) -> float | None:
        """Return the seconds until a failed evaluation is tried again; None if it is not."""
        failure, attempts = evaluation.outcome.failure, evaluation.provenance.attempts
        if failure is None or self._stop.is_set():
            return None
        rule = self._policy.retry(failure.kind)
        return attempts * rule.wait_s if attempts <= rule.attempts else None

    def _abandoned_retries(self) -> list[Evaluation]:
        """Return the failures that still wait for another attempt when the run is to end."""
        if not (self._stop.is_set() or self._too_many_failures()):
            return []
        waiting = [evaluation for _, evaluation in self._retries]
        self._retries.clear()
        return waiting

    def _submit_due(self, executor: Executor) -> None:
        """Submit the retries whose waiting time is over."""
        now = time.monotonic()
        due = [evaluation for when, evaluation in self._retries if when <= now]
        self._retries = [entry for entry in self._retries if entry[0] > now]
        for evaluation in due:
            task = self._task(evaluation.job.key)
            executor.submit([replace(task, attempt=evaluation.provenance.attempts + 1)])

    def _count(self, evaluation: Evaluation) -> None:
        failure, backend = evaluation.outcome.failure, evaluation.job.backend
        self.progress.work_done_s += self._resources(evaluation.job.key).expected_s
        if failure is None:
            self.progress.done += 1
            self.progress.succeeding.add(backend)
            return
        self.progress.failed += 1
        self.progress.failing.add(backend)
        self.progress.failures[failure.kind] += 1
        self.progress.last_hint = failure.hint
        self.progress.last_failure = f"{backend}: {failure.message}"

    def _too_many_failures(self) -> bool:
        limit = self._policy.max_failures
        return limit is not None and self.progress.failed >= limit
