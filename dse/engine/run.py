"""`dse run`: link what is known, do the rest, store results as they come."""

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
from dse.engine.run_lifecycle import ending, interruptible
from dse.engine.worker import Folders, Task
from dse.store.records import Evaluation, Known, Point, StudyRecord, StudyState
from dse.store.store import Store
from dse.study.binding import Binding

_POLL_S = 0.25
_OUTSTANDING_PER_WORKER = 64


@dataclass(frozen=True)
class Policy:
    """What to do again, and when to give up.

    Args:
        rerun: stored evaluations to do again: ``failed``, ``all`` or failure kinds; empty
            for none. Failures whose kind says so are always tried again.
        max_failures: stop after this many failed evaluations; None for never.
        retry: what is done about a kind of failure in the same run.
    """

    rerun: frozenset[str] = frozenset()
    max_failures: int | None = None
    retry: Callable[[FailureKind], Retry] = attrgetter("retry")

    def wants(self, known: Known, time_limit_s: float | None = None) -> bool:
        """Whether a stored evaluation is done again.

        Args:
            known: what is stored.
            time_limit_s: the limit that holds now; an evaluation that ran into a lower one
                gets another chance.
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
        state: of the study.
        progress: what was done.
        study_id: its row.
        ended_by: why no more points were looked for, of a search.
    """

    state: StudyState
    progress: RunProgress
    study_id: int
    ended_by: str = ""


MakeExecutor = Callable[[], AbstractContextManager[Executor]]


def study_record(binding: Binding) -> StudyRecord:
    """What the store keeps of a study."""
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
    """What every part of a run shares.

    Args:
        binding: the study.
        backends: adapters by name.
        store: where results go.
        folders: for what evaluations leave behind.
        policy: what is done again, and when to give up.
    """

    binding: Binding
    backends: Mapping[str, Backend]
    store: Store
    folders: Folders
    policy: Policy


class Run:
    """One run of a plan.

    Args:
        context: the study and all that evaluations need.
        plan: its points and jobs, or some of them.
        stop: set when the run is to end; its own without one.
        done: keys that are not to be done again, whatever the policy says.
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
        self._planned: dict[str, Resources] = {}
        self._numbers: dict[str, list[int]] = {}
        self._later: list[tuple[float, Evaluation]] = []
        self._stop = stop or threading.Event()
        self._done = done

    def pending(self) -> list[str]:
        """Keys that are not stored, or are to be done again."""
        known = self._store.known(list(self._plan.jobs))
        return [key for key in self._plan.jobs if key not in known or self._wants(key, known[key])]

    def _wants(self, key: str, known: Known) -> bool:
        if key in self._done:
            return False
        return self._policy.wants(known, self._resources(key).time_limit_s)

    def execute(self, executor: MakeExecutor, watch: ProgressCallback) -> RunResult:
        """Do it all.

        Args:
            executor: makes the executor; called only if there is work.
            watch: called after every change.
        """
        study_id = self._store.save_study(study_record(self._context.binding))
        points = self._store.save_points(study_id, self._plan.points)
        with ending(self._store, study_id) as end:
            end.state = self.evaluate(points, executor, watch)
        return RunResult(end.state, self.progress, study_id)

    def evaluate(
        self, points: Sequence[Point], executor: MakeExecutor, watch: ProgressCallback
    ) -> StudyState:
        """Do what is not stored yet.

        Args:
            points: rows of the plan's points.
            executor: as for `execute`.
            watch: as for `execute`.

        Returns:
            ``interrupted`` or ``failed`` where it was stopped.
        """
        ids = [point.id for point in points]
        self._numbers = self._by_key([point.number for point in points])
        pending = self.pending()
        self._unlink_stale(ids)
        self._link_known(ids, set(pending))
        self.progress.total = len(self._plan.jobs)
        self.progress.stored = self.progress.total - len(pending)
        self.progress.work_s = sum(self._resources(key).expected_s for key in pending)
        watch(self.progress)
        return self._work(executor, pending, ids, watch) if pending else "done"

    def _unlink_stale(self, ids: Sequence[int]) -> None:
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

    def _work(
        self,
        make: MakeExecutor,
        pending: Sequence[str],
        ids: Sequence[int],
        watch: ProgressCallback,
    ) -> StudyState:
        points = self._by_key(ids)
        tasks = iter([self._task(key) for key in self._shortest_last(pending)])
        with make() as executor, interruptible(self._stop):
            self._feed(executor, tasks)
            while executor.outstanding or self._later:
                self.progress.running = min(executor.outstanding, executor.workers)
                self.progress.waiting = len(self._later)
                self.progress.stopping = self._stop.is_set()
                watch(self.progress)
                self._take(executor, points)
                if self._stop.is_set() or self._too_many_failures():
                    tasks = iter(())
                    executor.cancel_pending()
                self._feed(executor, tasks)
        self.progress.running = 0
        watch(self.progress)
        if self._stop.is_set():
            return "interrupted"
        return "failed" if self._too_many_failures() else "done"

    def _by_key(self, points: Sequence[int]) -> dict[str, list[int]]:
        """Ids or numbers of the points that each evaluation gives results to."""
        found: dict[str, list[int]] = defaultdict(list)
        for request in self._plan.requests:
            found[request.key].append(points[request.point])
        return found

    def _task(self, key: str) -> Task:
        job = self._plan.jobs[key]
        resources = self._resources(key)
        tool, study = self._plan.probes[job.backend].tool, self._context.binding.study.name
        points = tuple(self._numbers.get(key, ()))
        return Task(
            job=job,
            resources=resources,
            folders=self._context.folders,
            tool=tool,
            study=study,
            points=points,
        )

    def _resources(self, key: str) -> Resources:
        """What a job needs, planned once."""
        if key not in self._planned:
            self._planned[key] = self._plan_resources(key)
        return self._planned[key]

    def _plan_resources(self, key: str) -> Resources:
        """What the backend asks for, within the study's limits."""
        job = self._plan.jobs[key]
        return self._context.binding.limited(
            job.backend, self._context.backends[job.backend].plan(job)
        )

    def _shortest_last(self, keys: Sequence[str]) -> list[str]:
        """Long work first, so that cores do not idle at the end; the order is stable."""
        return sorted(keys, key=lambda key: -self._resources(key).expected_s)

    def _feed(self, executor: Executor, tasks: Iterator[Task]) -> None:
        room = executor.workers * _OUTSTANDING_PER_WORKER - executor.outstanding
        batch = [task for _, task in zip(range(room), tasks, strict=False)]
        if batch:
            executor.submit(batch)

    def _take(self, executor: Executor, points: Mapping[str, Sequence[int]]) -> None:
        if not executor.outstanding:
            time.sleep(_POLL_S)
        final = []
        for evaluation in [*executor.wait(_POLL_S), *self._given_up()]:
            wait_s = self._wait_s(evaluation)
            if wait_s is not None:
                self._later.append((time.monotonic() + wait_s, evaluation))
            else:
                final.append(evaluation)
                self._count(evaluation)
        self._try_again(executor)
        if final:
            self._store.record(final, points)

    def _wait_s(self, evaluation: Evaluation) -> float | None:
        """Seconds until a failed evaluation is tried again; None where it is not."""
        failure, attempts = evaluation.outcome.failure, evaluation.provenance.attempts
        if failure is None or self._stop.is_set():
            return None
        rule = self._policy.retry(failure.kind)
        return attempts * rule.wait_s if attempts <= rule.attempts else None

    def _given_up(self) -> list[Evaluation]:
        """What no longer waits for another attempt, once the run is to end."""
        if not (self._stop.is_set() or self._too_many_failures()):
            return []
        waiting = [evaluation for _, evaluation in self._later]
        self._later.clear()
        return waiting

    def _try_again(self, executor: Executor) -> None:
        now = time.monotonic()
        due = [evaluation for when, evaluation in self._later if when <= now]
        self._later = [entry for entry in self._later if entry[0] > now]
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
