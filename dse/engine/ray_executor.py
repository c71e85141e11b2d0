"""The Ray executor: tasks in parallel on the cores of this machine."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

from dse.contracts.backend import Resources
from dse.engine.executor import Executor
from dse.engine.ray_start import import_ray, local_ray
from dse.engine.ray_tasks import ahead, lost_with_worker, ready, silently
from dse.engine.task_queue import being_prepared, next_batch, tokens_free
from dse.engine.worker import Task
from dse.store.records import Evaluation


def _run_batch(tasks: Sequence[Task]) -> list[Evaluation]:
    from dse.engine.worker import run_tasks  # imported in the worker process

    return run_tasks(tasks)


class RayExecutor(Executor):
    """Runs each task, or batch of cheap tasks, as one Ray task on this machine.

    Args:
        workers: number of cores to use; all by default.
        licences: licence tokens to use at a time, by name. Tokens without a number here are not
            limited.
        notice: called with a sentence when the start takes longer than usual.

    Raises:
        ToolMissingError: Ray is not installed, does not start, or listens on an address that
            other machines reach.
    """

    name: ClassVar[str] = "ray"

    def __init__(
        self,
        workers: int | None = None,
        licences: dict[str, int] | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self._ray = ray = import_ray(local=True)
        with ExitStack() as stack:  # which ends Ray if what follows fails
            if not ray.is_initialized():
                stack.enter_context(local_ray(ray, workers, licences or {}, notice or silently))
            self._look(workers)
            self._stop = stack.pop_all()

    def _look(self, workers: int | None) -> None:
        """Note what Ray offers."""
        ray = self._ray
        self._remote = ray.remote(_run_batch)
        self._queue: deque[Task] = deque()
        self._running: dict[Any, list[Task]] = {}
        self._capacity: dict[str, float] = ray.cluster_resources()
        self._largest_memory = max(
            (node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"]), default=0
        )
        self._workers = workers or int(self._capacity.get("CPU", 1))

    @property
    def workers(self) -> int:
        """Number of workers asked for, or of cores."""
        return self._workers

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks here; Ray gets those that it can start soon, cheap ones in batches."""
        self._queue.extend(tasks)
        self._top_up()

    def _top_up(self) -> None:
        """Give Ray as many tasks as it should hold, and licences allow."""
        while self._queue and len(self._running) < ahead(self._queue[0]) * self._workers:
            preparing = being_prepared(self._running.values())
            batch = next_batch(self._queue, self._workers, self._licensed, preparing)
            if not batch:
                return
            options = self._options(batch[0].resources)
            reference = self._remote.options(**options).remote(batch)
            self._running[reference] = batch

    def _licensed(self, resources: Resources) -> bool:
        """Whether the licence tokens that one more task needs are free."""
        running = (batch[0].resources for batch in self._running.values())
        return tokens_free(running, resources, self._capacity)

    def _options(self, resources: Resources) -> dict[str, Any]:
        return {
            "num_cpus": min(resources.cpus, self._capacity.get("CPU", 1)),
            "memory": self._memory(resources.memory_gb),
            "resources": {n: c for n, c in resources.licences.items() if n in self._capacity},
            "max_retries": 0,  # the engine retries by the kind of failure
        }

    def _memory(self, wanted_gb: float) -> int:
        """Return the bytes to reserve: a task that asks for more than any node has never starts."""
        return int(min(wanted_gb * 1e9, self._largest_memory))

    def wait(self, timeout_s: float) -> list[Evaluation]:
        """Return finished evaluations; tasks whose worker died are failures of kind `crashed`."""
        if not self._running:
            return []
        ended = ready(self._ray, list(self._running), timeout_s)
        finished = [self._result(reference) for reference in ended]
        self._top_up()
        return [evaluation for batch in finished for evaluation in batch]

    def _result(self, reference: Any) -> list[Evaluation]:
        tasks = self._running.pop(reference)
        try:
            evaluations: list[Evaluation] = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            return [lost_with_worker(self._ray, task, error) for task in tasks]
        return evaluations

    def cancel_pending(self) -> int:
        """Empty the queue and return its length; tasks that Ray has already go on."""
        count = len(self._queue)
        self._queue.clear()
        return count

    @property
    def outstanding(self) -> int:
        """Number of tasks queued here or given to Ray."""
        return len(self._queue) + sum(map(len, self._running.values()))

    def close(self) -> None:
        """Cancel running tasks, and shut down the Ray that this executor initialised."""
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        self._running.clear()
        self._queue.clear()
        self._stop.close()
