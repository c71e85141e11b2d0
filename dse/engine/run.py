"""`dse run` of a grid: link stored evaluations, run the others, store results as they come."""

import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from operator import attrgetter

from dse.contracts.backend import Backend, Job, Probe, Resources
from dse.contracts.errors import FailureKind, Retry, StoreError
from dse.engine.executor import Executor
from dse.engine.network_watch import NetworkWatch
from dse.engine.pace import Pace
from dse.engine.plan import Plan
from dse.engine.points_by_key import PointsByKey
from dse.engine.progress import ProgressCallback, RunProgress
from dse.engine.rescue import Finished
from dse.engine.run_lifecycle import RunLife, interruptible, run_life
from dse.engine.worker import Folders, Task
from dse.store.batches import batches
from dse.store.records import Evaluation, Known, Point, StudyRecord, StudyState
from dse.store.runs import Claim
from dse.store.store import Store
from dse.study.binding import Binding

_LOOKED_UP = 10_000
"""Keys asked of the store at a time: what it has of a million takes hundreds of megabytes."""

_POLL_S = 0.25
"""Longest wait for results in seconds: after it progress is reported, Ctrl-C and retries served."""

_OUTSTANDING_PER_WORKER = 64
"""Tasks that an executor holds per worker at most: the largest batch of the Ray executor."""

_AHEAD_S = 5.0
"""Expected seconds of tasks that an executor holds per worker: what it holds, no other run does."""

_LOOK_S = 1.0
"""Seconds between two looks for what other runs have stored, or left undone."""


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
        life: the run that goes on; None before it.
        probes: what there is of each backend where it runs; None to probe this machine.
        command: that started the run, for whoever finds it killed.
    """

    binding: Binding
    backends: Mapping[str, Backend]
    store: Store
    folders: Folders
    policy: Policy
    life: RunLife | None = None
    probes: Mapping[str, Probe] | None = None
    command: str = ""

    def resources(self, job: Job) -> Resources:
        """Return what a job's backend asks for, within the limits of the study."""
        return self.binding.limited(job.backend, self.backends[job.backend].plan(job))

    def task(self, plan: Plan, key: str, resources: Resources) -> Task:
        """Return the task of a job of a plan."""
        job = plan.jobs[key]
        tool = plan.probes[job.backend].tool
        return Task(
            job=job,
            resources=resources,
            folders=self.folders,
            tool=self.backends[job.backend].tools_used(tool, job.parameters),
            study=self.binding.study.name,
        )

    @contextmanager
    def begun(self, report: ProgressCallback) -> Iterator[tuple["RunContext", RunLife]]:
        """Begin a run, and end it with the block; see `dse.engine.run_lifecycle.run_life`.

        Yields:
            This context with the run, and the run.
        """
        study, statuses = study_record(self.binding), self.folders.statuses
        with run_life(self.store, study, statuses, report, self.command) as life:
            yield replace(self, life=life), life


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
        self._needed_by = PointsByKey()
        self._retries: list[tuple[float, Evaluation]] = []
        self._stop = stop or threading.Event()
        self._done = done
        self._todo: dict[str, Known | None] = {}
        self._elsewhere: dict[str, Known | None] = {}
        self._pace = Pace(self.progress.load)
        self._next_look = 0.0

    def pending(self) -> list[str]:
        """Return the keys to evaluate: not stored, or to be run again by the policy."""
        return list(self._pending())

    def _pending(self) -> dict[str, Known | None]:
        """Return what is stored now for each key to evaluate."""
        pending: dict[str, Known | None] = {}
        for keys in batches(list(self._plan.jobs), _LOOKED_UP):
            known = self._store.known(keys)
            found = {key: known.get(key) for key in keys}
            pending |= {k: one for k, one in found.items() if one is None or self._wants(k, one)}
        return pending

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
        with self._context.begun(report) as (context, life), interruptible(self._stop):
            self._context = context
            points = self._store.save_points(life.study_id, self._plan.points)
            life.state = self.evaluate(points, executor, life.report)
        return RunResult(life.state, self.progress, life.study_id)

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
        self._needed_by = PointsByKey(self._plan.requests, points)
        pending = self._pending()
        self._unlink_stale([point.id for point in points])
        self._link_known(pending)
        self.progress.total = len(self._plan.jobs)
        self.progress.stored = self.progress.total - len(pending)
        report(self.progress)
        return self._run_pending(executor, pending, report) if pending else "done"

    def _unlink_stale(self, ids: Sequence[int]) -> None:
        """Unlink results of an earlier version of the study from its points."""
        requests = self._plan.requests
        self._store.unlink_stale(
            {(ids[r.point], r.backend): r.key for r in requests},
            {ids[r.point]: self._plan.jobs[r.key].fingerprint for r in requests},
        )

    def _link_known(self, pending: Collection[str]) -> None:
        stored = [key for key in self._plan.jobs if key not in pending]
        for keys in batches(stored, _LOOKED_UP):
            self._link(self._store.known(keys))

    def _link(self, known: Mapping[str, Known]) -> None:
        """Link stored evaluations to the points that need them, and count them."""
        backends = {key: self._plan.jobs[key].backend for key in known}
        for key, found in known.items():
            self.progress.count_stored(backends[key], failed=found.failure is not None)
        self._store.link(
            (point, backends[key], found.evaluation_id)
            for key, found in known.items()
            for point in self._needed_by.ids(key)
        )

    def _run_pending(
        self,
        make: MakeExecutor,
        pending: Mapping[str, Known | None],
        report: ProgressCallback,
    ) -> StudyState:
        self._todo = {key: pending[key] for key in self._longest_first(list(pending))}
        with make() as executor:
            networks = self._unprepared(pending, executor.preparers)
            self._pace = Pace(self.progress.load, executor.workers, networks)
            for key in pending:
                self._pace.add(self._plan.jobs[key].backend, self._resources(key))
            try:
                self._drive(executor, report)
            except StoreError:
                self._await_running(executor)
                raise
        self.progress.running = self.progress.elsewhere = 0
        report(self.progress)
        if self._stop.is_set():
            return "interrupted"
        return "failed" if self._too_many_failures() else "done"

    def _drive(self, executor: Executor, report: ProgressCallback) -> None:
        """Evaluate until nothing is left to do; other runs may do some of it."""
        self._feed(executor)
        while executor.outstanding or self._retries or self._todo or self._elsewhere:
            self.progress.running = min(executor.outstanding, executor.workers)
            self.progress.waiting = len(self._retries)
            self.progress.elsewhere = len(self._elsewhere)
            self.progress.stopping = self._stop.is_set()
            self._pace.tick()
            report(self.progress)
            self._collect(executor)
            if self._stop.is_set() or self._too_many_failures():
                self._todo, self._elsewhere = {}, {}
                executor.cancel_pending()  # running evaluations are still awaited and stored
            self._feed(executor)

    def _unprepared(self, keys: Iterable[str], preparers: int) -> NetworkWatch | None:
        """Return the networks that are not prepared yet, with the seconds that each may take."""
        folder = self._context.folders.networks
        jobs = {self._plan.jobs[key].fingerprint: self._plan.jobs[key] for key in keys}
        missing = {folder / name: job for name, job in jobs.items()}
        missing = {path: job for path, job in missing.items() if not path.is_dir()}
        if not missing:
            return None
        workload = self._context.binding.workload(self._context.binding.study.base)
        expected_s = {
            path: workload.expected_prepare_s(job.workload_parameters)
            for path, job in missing.items()
        }
        return NetworkWatch(expected_s, self._context.folders.statuses, preparers)

    def _await_running(self, executor: Executor) -> None:
        """Keep what still runs in the journal: the store does not take it."""
        executor.cancel_pending()
        with suppress(KeyboardInterrupt):
            while executor.outstanding:
                self._note(executor.wait(_POLL_S))

    def _note(self, finished: Sequence[Evaluation]) -> None:
        """Write finished evaluations to the journal."""
        if self._context.life is None:
            return
        points = self._plan.points
        self._context.life.journal.add(
            Finished(one, tuple(points[i] for i in self._needed_by.positions(one.job.key)))
            for one in finished
        )

    def _task(self, key: str) -> Task:
        task = self._context.task(self._plan, key, self._resources(key))
        return replace(task, points=self._needed_by.numbers(key))

    def _resources(self, key: str) -> Resources:
        """Return what a job needs; the backend is asked once per job."""
        if key not in self._needs:
            self._needs[key] = self._context.resources(self._plan.jobs[key])
        return self._needs[key]

    def _longest_first(self, keys: Sequence[str]) -> list[str]:
        """Sort keys by expected time, stably: short work last keeps all cores busy at the end.

        One of each backend comes before all: from then on the time left rests on measurements.
        """
        ordered = sorted(keys, key=lambda key: -self._resources(key).expected_s)
        first = {self._plan.jobs[key].backend: key for key in reversed(ordered)}
        ahead = set(first.values())
        return sorted(ordered, key=lambda key: key not in ahead)

    def _feed(self, executor: Executor) -> None:
        """Give the executor what it has room for, and no other run has in hand."""
        self._look_elsewhere(executor)
        while self._todo:
            room = self._room(executor)
            if not room:
                return
            offered = dict(islice(self._todo.items(), room))
            claim = self._claim(offered, room)
            self._submit(executor, claim.mine)
            for key, found in offered.items():
                del self._todo[key]
                if key not in claim.mine and key not in claim.stored:
                    self._elsewhere[key] = found

    def _look_elsewhere(self, executor: Executor) -> None:
        """Take what other runs have stored meanwhile, and do what killed ones left."""
        if not self._elsewhere or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_S
        claim = self._claim(self._elsewhere, self._room(executor))
        self._submit(executor, claim.mine)
        for key in (*claim.mine, *claim.stored):
            del self._elsewhere[key]

    def _claim(self, wanted: Mapping[str, Known | None], most: int) -> Claim:
        """Lease what is free, and link what other runs have stored."""
        if self._context.life is None:
            return Claim(tuple(islice(wanted, most)), {})
        claim = self._context.life.record.claim(wanted, most)
        if claim.stored:
            self._link(claim.stored)
            self.progress.stored += len(claim.stored)
            for key in claim.stored:
                self._pace.end(self._plan.jobs[key].backend, self._resources(key), None)
        return claim

    def _submit(self, executor: Executor, keys: Sequence[str]) -> None:
        if keys:
            executor.submit([self._task(key) for key in keys])

    def _room(self, executor: Executor) -> int:
        """Return how many more tasks the executor is to hold; 0 until several fit at once.

        Tasks that wait for a licence do not fill a worker, so more of them are held.
        """
        needs = self._resources(next(iter(self._todo or self._elsewhere)))
        ahead = int(_AHEAD_S / max(needs.expected_s, 1e-3))
        held = _OUTSTANDING_PER_WORKER if needs.licences else ahead
        each = min(max(held, 1), _OUTSTANDING_PER_WORKER)
        room = executor.workers * each - executor.outstanding
        return room if room > executor.workers * (each // 4) else 0

    def _collect(self, executor: Executor) -> None:
        """Take finished evaluations: store them, or schedule another attempt."""
        if not executor.outstanding:  # retries or other runs are awaited; `wait` would not wait
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
            self._note(final)
            keys = {evaluation.job.key for evaluation in final}
            self._store.record(final, {key: self._needed_by.ids(key) for key in keys})

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
        took_s = evaluation.provenance.duration_s
        self._pace.end(backend, self._resources(evaluation.job.key), took_s)
        if self.progress.load.networks:
            # a worker that was killed leaves it, and its training would be waited for
            with suppress(OSError):
                self._context.folders.status(evaluation.job.key).unlink(missing_ok=True)
            self.progress.load.networks.end(evaluation.job.fingerprint)
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
