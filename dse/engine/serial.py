"""One evaluation at a time, in this process: for debugging, tests and small studies."""

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from dse.engine.executor import Executor
from dse.engine.worker import Task, run_tasks
from dse.store.records import Evaluation


class SerialExecutor(Executor):
    """Works inside `wait`; imports no Ray."""

    name: ClassVar[str] = "serial"

    def __init__(self) -> None:
        self._queue: deque[Task] = deque()

    @property
    def workers(self) -> int:
        """One."""
        return 1

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue."""
        self._queue.extend(tasks)

    def wait(self, timeout_s: float) -> list[Evaluation]:  # noqa: ARG002  (nothing to wait for)
        """Do the next one."""
        return run_tasks([self._queue.popleft()]) if self._queue else []

    def cancel_pending(self) -> int:
        """Empty the queue."""
        count = len(self._queue)
        self._queue.clear()
        return count

    @property
    def outstanding(self) -> int:
        """What is queued."""
        return len(self._queue)

    def close(self) -> None:
        """Nothing runs between calls."""
        self._queue.clear()
