"""The executor that runs one task at a time in this process: for debugging and small studies."""

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from dse.engine.executor import Executor
from dse.engine.worker import Task, run_tasks
from dse.store.records import Evaluation


class SerialExecutor(Executor):
    """Runs one task per call of `wait`; does not import Ray."""

    name: ClassVar[str] = "serial"

    def __init__(self) -> None:
        self._queue: deque[Task] = deque()

    @property
    def workers(self) -> int:
        """Number of evaluations at a time: one."""
        return 1

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks; `wait` runs them."""
        self._queue.extend(tasks)

    def wait(self, timeout_s: float) -> list[Evaluation]:  # noqa: ARG002  (nothing to wait for)
        """Run the next task and return its evaluation; an empty list if none is queued."""
        return run_tasks([self._queue.popleft()]) if self._queue else []

    def cancel_pending(self) -> int:
        """Empty the queue and return how many tasks it held."""
        count = len(self._queue)
        self._queue.clear()
        return count

    @property
    def outstanding(self) -> int:
        """Number of queued tasks."""
        return len(self._queue)

    def close(self) -> None:
        """Empty the queue; no task runs between two calls."""
        self._queue.clear()
