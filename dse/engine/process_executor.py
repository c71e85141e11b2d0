"""The executor that runs tasks on processes of this machine: where Ray is absent or fails."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import ClassVar

from dse.contracts.backend import Resources
from dse.contracts.errors import FailureKind
from dse.engine.executor import Executor
from dse.engine.task_queue import being_prepared, lost, next_batch, tokens_free
from dse.engine.worker import Task, run_tasks
from dse.runtime.tools import die_with_parent
from dse.store.records import Evaluation

_SPAWN = multiprocessing.get_context("spawn")  # a fork would inherit threads' locks


class ProcessExecutor(Executor):
    """Runs tasks on worker processes; a worker that dies is replaced.

    Args:
        workers: number of processes, and of cores that tasks share; all cores by default.
        licences: licence tokens to use at a time, by name. Tokens without a number here are
            not limited.
    """

    name: ClassVar[str] = "processes"

    def __init__(
        self, workers: int | None = None, licences: Mapping[str, int] | None = None
    ) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._licences = dict(licences or {})
        self._queue: deque[Task] = deque()
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, _Worker] = {}

    @property
    def workers(self) -> int:
        """Number of processes."""
        return self._workers

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks, and start what the workers have room for."""
        self._queue.extend(tasks)
        self._top_up()

    def _top_up(self) -> None:
        while len(self._busy) < self._workers:
            preparing = being_prepared(worker.tasks for worker in self._busy.values())
            batch = next_batch(self._queue, self._workers, self._is_free, preparing)
            if not batch:
                return
            worker = self._idle.pop() if self._idle else _Worker()
            worker.start(batch)
            self._busy[worker.connection] = worker

    def _is_free(self, resources: Resources) -> bool:
        """Whether cores and licence tokens for one more task are free."""
        running = [worker.tasks[0].resources for worker in self._busy.values()]
        cores = sum(one.cpus for one in running) + resources.cpus
        fits = not running or cores <= self._workers
        return fits and tokens_free(running, resources, self._licences)

    def wait(self, timeout_s: float) -> list[Evaluation]:
        """Return finished evaluations; tasks whose worker died are failures of kind `crashed`."""
        ready = wait(list(self._busy), timeout_s) if self._busy else []
        workers = [self._busy.pop(one) for one in ready if isinstance(one, Connection)]
        found = [evaluation for worker in workers for evaluation in self._result(worker)]
        self._top_up()
        return found

    def _result(self, worker: "_Worker") -> list[Evaluation]:
        try:
            found = worker.result()
        except EOFError:
            return worker.lost()
        self._idle.append(worker)
        return found

    def cancel_pending(self) -> int:
        """Empty the queue and return its length; tasks that workers have already go on."""
        count = len(self._queue)
        self._queue.clear()
        return count

    @property
    def outstanding(self) -> int:
        """Number of tasks queued here or given to a worker."""
        return len(self._queue) + sum(len(worker.tasks) for worker in self._busy.values())

    def close(self) -> None:
        """End all workers, running tasks included."""
        self._queue.clear()
        for worker in (*self._idle, *self._busy.values()):
            worker.end()
        self._idle.clear()
        self._busy.clear()


class _Worker:
    """A process that runs one batch after the other."""

    def __init__(self) -> None:
        self.connection, there = _SPAWN.Pipe()
        self.tasks: list[Task] = []
        self._process = _SPAWN.Process(target=_serve, args=(there,), daemon=False)
        self._process.start()
        there.close()  # so that the end of the process is the end of the pipe

    def start(self, tasks: list[Task]) -> None:
        """Give the process a batch; that it has died meanwhile shows when its result is asked."""
        self.tasks = tasks
        with suppress(BrokenPipeError):
            self.connection.send(tasks)

    def result(self) -> list[Evaluation]:
        """Return the evaluations of the batch.

        Raises:
            EOFError: the process has died.
        """
        try:
            found: list[Evaluation] = self.connection.recv()
        except ConnectionResetError as error:
            raise EOFError from error
        self.tasks = []
        return found

    def lost(self) -> list[Evaluation]:
        """Return the failures of the batch of a process that has died."""
        self._process.join()
        code = self._process.exitcode or 0
        reason = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return [lost(task, FailureKind.CRASHED, reason) for task in self.tasks]

    def end(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()
        self.connection.close()


def _serve(connection: Connection) -> None:
    """Run batches until the other end of the pipe is closed."""
    # The run decides what a Ctrl-C or a closed terminal means: what runs is finished and stored.
    for one in (signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    die_with_parent()

    with suppress(EOFError):
        while True:
            connection.send(run_tasks(connection.recv()))
