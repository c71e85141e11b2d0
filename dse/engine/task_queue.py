"""What executors with several workers share: batches of tasks, and tasks whose worker died."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import dse
from dse.contracts.backend import Outcome, Resources
from dse.contracts.errors import Failure, FailureKind
from dse.engine.worker import Task, is_prepared
from dse.store.records import Evaluation, Provenance

_BATCH_S = 0.2
"""Expected seconds of work in a batch of cheap tasks: handing over one task costs about 1 ms."""

_BATCH_LIMIT = 64
"""Tasks in a batch at most, whatever they are expected to take."""


def next_batch(
    queue: deque[Task],
    workers: int,
    is_free: Callable[[Resources], bool],
    preparing: Collection[str] = (),
) -> list[Task]:
    """Take tasks of equal resources for one worker, at most a worker's share of the queue.

    Args:
        queue: tasks in the order in which they should start; what is taken is removed.
        workers: number of workers.
        is_free: whether the resources of one more task are free; tasks that have to wait stay
            where they are, and do not hold up the others.
        preparing: fingerprints of networks that are being trained or loaded, from
            `being_prepared`. A task with such a network would only wait for it.

    Returns:
        The batch; empty if no task can start now.
    """
    able = (i for i, task in enumerate(queue) if task.job.fingerprint not in preparing)
    first = next((i for i in able if is_free(queue[i].resources)), None)
    if first is None:
        return []
    queue.rotate(-first)
    batch = [queue.popleft()]
    resources = batch[0].resources
    fitting = int(_BATCH_S / max(resources.expected_s, 1e-3))
    share = (len(queue) + 1) // workers
    size = 1 if resources.isolated else max(1, min(fitting, _BATCH_LIMIT, share))
    while queue and len(batch) < size and queue[0].resources == resources:
        if queue[0].job.fingerprint in preparing:
            break
        batch.append(queue.popleft())
    queue.rotate(first)
    return batch


def being_prepared(running: Iterable[Sequence[Task]]) -> set[str]:
    """Return the fingerprints of networks that running batches have to train or load first."""
    networks = {task.job.fingerprint: task for batch in running for task in batch}
    return {name for name, task in networks.items() if not is_prepared(task)}


def tokens_free(
    running: Iterable[Resources], resources: Resources, tokens: Mapping[str, float]
) -> bool:
    """Whether the licence tokens that one more task needs are free.

    Args:
        running: what is running now, one entry per worker.
        resources: of the task.
        tokens: how many there are, by name; others are not limited.
    """
    taken = [one.licences for one in running]
    return all(
        sum(one.get(name, 0) for one in taken) + count <= tokens[name]
        for name, count in resources.licences.items()
        if name in tokens
    )


def lost(task: Task, kind: FailureKind, reason: str, log: str = "") -> Evaluation:
    """Return the failure of a task whose worker died without a result."""
    failure = Failure(kind, f"the worker died: {reason}", log=log[-4000:])
    provenance = Provenance(
        adapter_version=0,  # nothing came back that names it
        tool=task.tool,
        dse_version=dse.__version__,
        host="unknown",
        started_at=datetime.now(UTC),
        duration_s=0.0,
        attempts=task.attempt,
    )
    return Evaluation(task.job, Outcome(failure=failure), provenance)
