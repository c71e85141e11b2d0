"""Evaluations side by side on Ray: this machine's cores, or a cluster by address."""

import os
import secrets
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import dse
from dse.contracts.backend import Outcome, Resources
from dse.contracts.errors import Failure, FailureKind, ToolMissingError
from dse.engine.executor import Executor
from dse.engine.worker import Task
from dse.store.records import Evaluation, Provenance

_BATCH_S = 0.2  # cheap jobs travel together until they take about this long
_BATCH_LIMIT = 64
_LONG_S = 5.0
_AHEAD = 2  # batches per worker that Ray holds, so that none waits for the driver
_LOOPBACK = "127.0.0.1"

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Ray reads these when it is imported and hands them to the processes it starts."""

_LOCAL_ENVIRONMENT = {
    # Ray replaces 127.0.0.1 by an address that other machines reach unless clusters are
    # switched off (ray/_private/services.py, get_node_ip_address), whatever the system is.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}
"""For a Ray of this machine alone."""


def _do(tasks: Sequence[Task]) -> list[Evaluation]:
    from dse.engine.worker import run_tasks  # imported in the worker

    return run_tasks(tasks)


class RayExecutor(Executor):
    """Ray tasks, one per task or per batch of cheap tasks.

    Args:
        workers: cores to use; all by default.
        address: of a running cluster; a local one is started without it. All machines of
            a cluster must see the cache and artifact folders under the same path.
        licences: licence tokens a local cluster may use at a time, by name; a running one
            declares them itself. Of what is not declared there is no limit.
    """

    name: ClassVar[str] = "ray"

    def __init__(
        self,
        workers: int | None = None,
        address: str | None = None,
        licences: dict[str, int] | None = None,
    ) -> None:
        _set_environment(local=address is None)
        try:
            import ray  # slow; only where it is used
        except ImportError as error:
            raise ToolMissingError(
                "Ray is not installed",
                hint="pip install 'dse-fpga[ray]', or run with --executor serial",
            ) from error
        self._ray: Any = ray
        self._started = not ray.is_initialized()
        if self._started:
            self._start(workers, address, licences or {})
        self._do = ray.remote(_do)
        self._queue: deque[Task] = deque()
        self._running: dict[Any, list[Task]] = {}
        self._has: dict[str, float] = ray.cluster_resources()
        self._largest_memory = max(
            (node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"]), default=0
        )
        self._workers = workers or int(self._has.get("CPU", 1))

    def _start(self, workers: int | None, address: str | None, licences: dict[str, int]) -> None:
        local: dict[str, Any] = {
            "num_cpus": workers,
            "resources": licences,
            "_node_ip_address": _LOOPBACK,
        }
        options = {"address": address} if address else local
        try:
            self._ray.init(
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level="ERROR",
                configure_logging=False,
                runtime_env={"env_vars": {"PYTHONPATH": _python_path()}},
                **options,
            )
        except Exception as error:  # what Ray raises at its start has no type of its own
            raise ToolMissingError(
                f"Ray does not start: {error}", hint="try --executor serial"
            ) from error
        if not address:
            self._check_loopback()

    def _check_loopback(self) -> None:
        """Refuse to work where other machines reach Ray's ports and so could run code here."""
        found = self._ray.util.get_node_ip_address()
        if found != _LOOPBACK:
            self._ray.shutdown()
            raise ToolMissingError(
                f"Ray listens on {found} instead of {_LOOPBACK}",
                hint="Ray was imported before dse could set it up; or use --executor serial",
            )

    @property
    def workers(self) -> int:
        """Cores of the cluster, or as many as were asked for."""
        return self._workers

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue; Ray gets only what it can start soon, cheap tasks in batches."""
        self._queue.extend(tasks)
        self._top_up()

    def _top_up(self) -> None:
        held: list[Task] = []
        while self._queue and len(self._running) < self._most_running():
            if not self._licensed(self._queue[0].resources):
                held.append(self._queue.popleft())  # so that others need not wait behind it
                continue
            batch = _next_batch(self._queue, self._workers)
            options = self._options(batch[0].resources)
            reference = self._do.options(**options).remote(batch)
            self._running[reference] = batch
        self._queue.extendleft(reversed(held))

    def _most_running(self) -> int:
        """Short work is handed to Ray ahead; long work stays here, where it can be cancelled."""
        is_long = self._queue[0].resources.expected_s > _LONG_S
        return self._workers if is_long else _AHEAD * self._workers

    def _licensed(self, resources: Resources) -> bool:
        """Whether the tokens for one more are free."""
        running = [batch[0].resources.licences for batch in self._running.values()]
        return all(
            sum(taken.get(name, 0) for taken in running) + count <= self._has[name]
            for name, count in resources.licences.items()
            if name in self._has
        )

    def _options(self, resources: Resources) -> dict[str, Any]:
        return {
            "num_cpus": min(resources.cpus, self._has.get("CPU", 1)),
            "memory": self._memory(resources.memory_gb),
            "resources": {n: c for n, c in resources.licences.items() if n in self._has},
            "max_retries": 0,
        }

    def _memory(self, wanted_gb: float) -> int:
        """Bytes to reserve; never more than a machine has, or the work would wait for ever."""
        return int(min(wanted_gb * 1e9, self._largest_memory))

    def wait(self, timeout_s: float) -> list[Evaluation]:
        """What finished; a dead worker's tasks come back as crashed."""
        if not self._running:
            return []
        references = list(self._running)
        ready, _ = self._ray.wait(references, num_returns=1, timeout=timeout_s)
        more, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
        finished = [self._result(reference) for reference in {*ready, *more}]
        self._top_up()
        return [evaluation for batch in finished for evaluation in batch]

    def _result(self, reference: Any) -> list[Evaluation]:
        tasks = self._running.pop(reference)
        try:
            evaluations: list[Evaluation] = self._ray.get(reference)
        except self._ray.exceptions.OutOfMemoryError as error:
            return [_lost(task, FailureKind.OUT_OF_MEMORY, error) for task in tasks]
        except self._ray.exceptions.RayError as error:
            return [_lost(task, FailureKind.CRASHED, error) for task in tasks]
        return evaluations

    def cancel_pending(self) -> int:
        """Empty the queue; what Ray has been given goes on."""
        count = len(self._queue)
        self._queue.clear()
        return count

    @property
    def outstanding(self) -> int:
        """Tasks queued or running."""
        return len(self._queue) + sum(map(len, self._running.values()))

    def close(self) -> None:
        """Shut down the local cluster, or leave the remote one."""
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        self._running.clear()
        self._queue.clear()
        if self._started:
            self._ray.shutdown()


def _set_environment(*, local: bool) -> None:
    """Set what Ray reads at import: where it listens, and the token of a Ray of our own.

    The token is known to this user's processes alone. A cluster has its own, which Ray reads
    from ``RAY_AUTH_TOKEN``, ``RAY_AUTH_TOKEN_PATH`` or ``~/.ray/auth_token``; the mode of a
    cluster is the user's to set.
    """
    if local:
        os.environ.update(_ENVIRONMENT | _LOCAL_ENVIRONMENT)
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once
    else:
        os.environ.update({k: os.environ.get(k, v) for k, v in _ENVIRONMENT.items()})


def _python_path() -> str:
    root = str(Path(dse.__file__).parent.parent)
    return os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))


def _next_batch(queue: deque[Task], workers: int) -> list[Task]:
    """Take tasks of equal resources for one Ray task; a fair share of what is queued."""
    resources = queue[0].resources
    whole = int(_BATCH_S / max(resources.expected_s, 1e-3))
    size = 1 if resources.isolated else max(1, min(whole, _BATCH_LIMIT, len(queue) // workers))
    batch = [queue.popleft()]
    while queue and len(batch) < size and queue[0].resources == resources:
        batch.append(queue.popleft())
    return batch


def _lost(task: Task, kind: FailureKind, error: Exception) -> Evaluation:
    failure = Failure(kind, f"the worker died: {type(error).__name__}", log=str(error)[-4000:])
    provenance = Provenance(
        adapter_version=0,
        tool=task.tool,
        dse_version=dse.__version__,
        host="unknown",
        started_at=datetime.now(UTC),
        duration_s=0.0,
        attempts=task.attempt,
    )
    return Evaluation(task.job, Outcome(failure=failure), provenance)
