"""Networks of tasks that are evaluated elsewhere: prepared on this machine, which has their data.

One network is then the same for all evaluations, wherever they run.
"""

import os
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress

from dse.contracts.errors import Failure
from dse.engine.worker import Task, failed, prepare_network
from dse.store.records import Evaluation


class Preparing:
    """Prepares networks in the background, and holds their tasks until then.

    Args:
        workers: networks at a time; by default half of the cores, since training uses several.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._ready: set[str] = set()
        self._waiting: dict[str, list[Task]] = {}
        self._todo: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[str, Failure | None]] = queue.SimpleQueue()
        self.workers = workers or max(1, (os.cpu_count() or 1) // 2)
        for _ in range(self.workers):
            # daemons: what they prepare has a process that ends with this one
            threading.Thread(target=self._prepare, daemon=True, name="preparing").start()

    def _prepare(self) -> None:
        while True:
            task = self._todo.get()
            failure = prepare_network(task)
            task.folders.status(task.job.key).unlink(missing_ok=True)
            self._done.put((task.job.fingerprint, failure))

    def submit(self, tasks: Sequence[Task]) -> list[Task]:
        """Return the tasks whose networks are ready; the others wait here."""
        ready = []
        for task in tasks:
            name = task.job.fingerprint
            if name in self._ready:
                ready.append(task)
            elif name in self._waiting:
                self._waiting[name].append(task)
            else:
                self._waiting[name] = [task]
                self._todo.put(task)
        return ready

    def take(self, timeout_s: float) -> tuple[list[Task], list[Evaluation]]:
        """Return the tasks whose networks have become ready, and those whose networks failed.

        Args:
            timeout_s: time to wait for the first.
        """
        ready: list[Task] = []
        failures: list[Evaluation] = []
        with suppress(queue.Empty):
            while True:
                name, failure = self._done.get(timeout=0.0 if ready or failures else timeout_s)
                tasks = self._waiting.pop(name, [])
                if failure is None:
                    self._ready.add(name)
                    ready += tasks
                else:
                    failures += [failed(task, failure) for task in tasks]
        return ready, failures

    def cancel(self) -> int:
        """Drop the tasks that wait, and return how many; a network that is begun is finished."""
        with suppress(queue.Empty):
            while True:
                self._todo.get_nowait()
        count = self.outstanding
        self._waiting.clear()
        return count

    @property
    def outstanding(self) -> int:
        """Number of tasks that wait."""
        return sum(map(len, self._waiting.values()))
