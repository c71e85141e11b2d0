"""Evaluations whose results are used at once and not stored."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from dse.contracts.backend import Outcome
from dse.engine.executor import Executor
from dse.engine.pace import Pace
from dse.engine.progress import ProgressCallback, RunProgress
from dse.engine.worker import Task
from dse.store.records import Evaluation

_POLL_S = 0.25
"""Longest wait for results in seconds: after it progress is reported and a stop is noticed."""


class Asking:
    """Tasks on an executor that does nothing else meanwhile.

    Args:
        executor: runs them.
        tasks: each with its own key.
        stop: event that ends it.
        deadline: seconds of `time.monotonic` at which it ends.
    """

    def __init__(
        self, executor: Executor, tasks: Sequence[Task], stop: threading.Event, deadline: float
    ) -> None:
        self._executor, self._stop, self._deadline = executor, stop, deadline
        self._tasks = {task.job.key: task for task in tasks}
        self._progress = RunProgress(total=len(tasks))
        self._pace = Pace(self._progress.load, executor.workers)
        for task in tasks:
            self._pace.add(task.job.backend, task.resources)

    def outcomes(self, report: ProgressCallback) -> dict[str, Outcome]:
        """Return outcomes by key, all of them unless it is ended.

        Args:
            report: called with the progress.
        """
        found: dict[str, Outcome] = {}
        self._executor.submit(list(self._tasks.values()))
        while self._executor.outstanding:
            self._pace.tick()
            running = min(self._executor.outstanding, self._executor.workers)
            report(replace(self._progress, running=running, stopping=self._stop.is_set()))
            for evaluation in self._executor.wait(_POLL_S):
                found[evaluation.job.key] = evaluation.outcome
                self._count(evaluation)
            if self._stop.is_set() or monotonic() >= self._deadline:
                self._executor.cancel_pending()
        return found

    def _count(self, evaluation: Evaluation) -> None:
        """Count a result; a failure is one too: nothing of the run depends on it."""
        task = self._tasks[evaluation.job.key]
        self._progress.done += 1
        self._pace.end(task.job.backend, task.resources, evaluation.provenance.duration_s)
