"""What the executors on Ray share: how much Ray holds, what has ended, and workers that died."""

from collections.abc import Sequence
from typing import Any

from dse.contracts.errors import FailureKind
from dse.engine.task_queue import lost
from dse.engine.worker import Task
from dse.store.records import Evaluation

_LONG_S = 5.0
"""Expected seconds from which a task is given to Ray only when a core is free for it."""

_AHEAD = 2
"""Batches of short tasks per core that Ray holds, so that workers do not wait for the driver."""


def ahead(task: Task) -> int:
    """Return how many batches like a task's Ray may hold per core.

    Long tasks wait in the executor, where they can be cancelled.
    """
    return 1 if task.resources.expected_s > _LONG_S else _AHEAD


def ready(ray: Any, references: Sequence[Any], timeout_s: float) -> set[Any]:
    """Return what has a result, or the next part of one; waits for the first."""
    # The first call waits for one; the second takes all others that are ready too.
    first, _ = ray.wait(references, num_returns=1, timeout=timeout_s)
    more, _ = ray.wait(references, num_returns=len(references), timeout=0)
    return {*first, *more}


def lost_with_worker(ray: Any, task: Task, error: Exception) -> Evaluation:
    """Return the failure of a task whose worker died with an error of Ray."""
    short = isinstance(error, ray.exceptions.OutOfMemoryError)
    kind = FailureKind.OUT_OF_MEMORY if short else FailureKind.CRASHED
    return lost(task, kind, type(error).__name__, str(error))


def silently(text: str) -> None:
    """Discard a notice."""
