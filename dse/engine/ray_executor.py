"""The Ray executor: tasks in parallel on the cores of this machine, or on a cluster by address."""

import os
import secrets
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import dse
from dse.contracts.backend import Resources
from dse.contracts.errors import FailureKind, ToolMissingError
from dse.engine.executor import Executor
from dse.engine.task_queue import lost, next_batch, tokens_free
from dse.engine.worker import Task
from dse.runtime.trust import VARIABLE as TRUST
from dse.store.records import Evaluation

_LONG_S = 5.0
"""Expected seconds from which a task is submitted to Ray only when a worker is free."""

_AHEAD = 2
"""Batches of short tasks per worker that Ray holds, so that workers do not wait for the driver."""

_LOOPBACK = "127.0.0.1"

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Without a token, everyone who reaches Ray's ports can run code as this user.
    "RAY_AUTH_MODE": "token",
    # Tasks ask Ray for no GPU: without this, older Ray versions hide all GPUs from them.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Variables that Ray reads when it is imported, and passes on to the processes it starts."""

_LOCAL_ENVIRONMENT = {
    # Ray replaces 127.0.0.1 by an address that other machines reach unless clusters are
    # switched off (ray/_private/services.py, get_node_ip_address), whatever the system is.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # Seconds that Ray waits for its first process, 30 by default: too few on a busy machine.
    "RAY_gcs_server_port_wait_time_s": "300",
}
"""Further variables for a Ray that serves this machine alone."""


_ATTEMPTS = 3
"""Attempts to start a local Ray: it waits 30 s for its raylet, which no option changes."""


def _run_batch(tasks: Sequence[Task]) -> list[Evaluation]:
    from dse.engine.worker import run_tasks  # imported in the worker process

    return run_tasks(tasks)


class RayExecutor(Executor):
    """Runs each task, or batch of cheap tasks, as one Ray task.

    Args:
        workers: number of cores to use; all by default.
        address: address of a running cluster; None starts a local one. All machines of a
            cluster must see the cache and artifact folders under the same path.
        licences: licence tokens that a local Ray may use at a time, by name. A cluster
            declares its tokens itself, as resources. Tokens without a declaration are not
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
        address: str | None = None,
        licences: dict[str, int] | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        _set_environment(local=address is None)
        try:
            import ray  # slow to import, and an optional extra
        except ImportError as error:
            raise ToolMissingError(
                "Ray is not installed",
                hint="pip install 'dse-fpga[ray]', or run with --executor processes",
            ) from error
        self._ray: Any = ray
        self._notice = notice or _silently
        self._started = not ray.is_initialized()
        if self._started:
            self._start(workers, address, licences or {})
        self._remote = ray.remote(_run_batch)
        self._queue: deque[Task] = deque()
        self._running: dict[Any, list[Task]] = {}
        self._capacity: dict[str, float] = ray.cluster_resources()
        self._largest_memory = max(
            (node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"]), default=0
        )
        self._workers = workers or int(self._capacity.get("CPU", 1))

    def _start(self, workers: int | None, address: str | None, licences: dict[str, int]) -> None:
        local: dict[str, Any] = {
            "num_cpus": workers,
            "resources": licences,
            "_node_ip_address": _LOOPBACK,
        }
        for attempt in range(1, 1 + (1 if address else _ATTEMPTS)):
            try:
                self._initialise({"address": address} if address else local, address)
                break
            except Exception as error:  # what Ray raises at its start has no type of its own
                self._ray.shutdown()
                if address or attempt == _ATTEMPTS:
                    raise _not_started(error, address) from error
                reason = (str(error).splitlines() or [type(error).__name__])[0]
                self._notice(f"Ray has not started ({reason}): attempt {attempt + 1}")
        if not address:
            self._check_loopback()

    def _initialise(self, options: dict[str, Any], address: str | None) -> None:
        with _hangups_ignored():
            self._ray.init(
                include_dashboard=None if address else False,  # a cluster's is not ours to set
                log_to_driver=False,
                logging_level="ERROR",
                configure_logging=False,
                # Workers must find the same dse, also where it runs from a source tree.
                runtime_env={"env_vars": {"PYTHONPATH": _python_path(), **_trust()}},
                **options,
            )

    def _check_loopback(self) -> None:
        """Stop Ray and raise if other machines reach its ports and so could run code here."""
        found = self._ray.util.get_node_ip_address()
        if found != _LOOPBACK:
            self._ray.shutdown()
            raise ToolMissingError(
                f"Ray listens on {found} instead of {_LOOPBACK}",
                hint="Ray was imported before dse set its environment; use --executor processes",
            )

    @property
    def workers(self) -> int:
        """Number of workers asked for, or of cores of the cluster."""
        return self._workers

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks here; Ray gets those that it can start soon, cheap ones in batches."""
        self._queue.extend(tasks)
        self._top_up()

    def _top_up(self) -> None:
        """Give Ray as many tasks as it should hold, and licences allow."""
        while self._queue and len(self._running) < self._most_running():
            batch = next_batch(self._queue, self._workers, self._licensed)
            if not batch:
                return
            options = self._options(batch[0].resources)
            reference = self._remote.options(**options).remote(batch)
            self._running[reference] = batch

    def _most_running(self) -> int:
        """Return how many batches Ray may hold; long tasks wait here, so they can be cancelled."""
        is_long = self._queue[0].resources.expected_s > _LONG_S
        return self._workers if is_long else _AHEAD * self._workers

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
        references = list(self._running)
        # The first call waits for one batch; the second takes all others that are ready too.
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
        """Empty the queue and return its length; tasks that Ray has already go on."""
        count = len(self._queue)
        self._queue.clear()
        return count

    @property
    def outstanding(self) -> int:
        """Number of tasks queued here or given to Ray."""
        return len(self._queue) + sum(map(len, self._running.values()))

    def close(self) -> None:
        """Cancel running tasks, and shut down or leave the Ray that this executor initialised."""
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        self._running.clear()
        self._queue.clear()
        if self._started:
            self._ray.shutdown()


@contextmanager
def _hangups_ignored() -> Iterator[None]:
    """Have processes that are started in the block ignore SIGHUP.

    A terminal that is closed sends it to Ray's processes as well. They are needed for running
    evaluations, whose results are awaited before the run ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change signal handlers
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _silently(text: str) -> None:
    """Discard a notice."""


def _not_started(error: Exception, address: str | None) -> ToolMissingError:
    """Return the error for a Ray that does not start, or a cluster that does not answer."""
    if address is None:
        return ToolMissingError(f"Ray does not start: {error}", hint="try --executor processes")
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return ToolMissingError(
        f"no Ray cluster can be joined there: {reason or type(error).__name__}",
        where=f"--ray-address {address}",
        hint="give the address that ray start --head printed, such as 10.0.0.5:6379, and this "
        "cluster's token in RAY_AUTH_TOKEN; without --ray-address, dse uses this machine",
    )


def _set_environment(*, local: bool) -> None:
    """Set the environment variables that Ray reads at import.

    A local Ray gets a random token, known to this user's processes alone. A cluster has its own
    token, which Ray reads from ``RAY_AUTH_TOKEN``, ``RAY_AUTH_TOKEN_PATH`` or
    ``~/.ray/auth_token``; for a cluster, variables that the user has set stay as they are.
    """
    if local:
        os.environ.update(_ENVIRONMENT | _LOCAL_ENVIRONMENT)
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once
    else:
        os.environ.update({k: os.environ.get(k, v) for k, v in _ENVIRONMENT.items()})


def _trust() -> dict[str, str]:
    """Return the variable by which workers on other machines trust what this user trusts."""
    return {name: text for name, text in os.environ.items() if name == TRUST}


def _python_path() -> str:
    """Return PYTHONPATH with the folder of this dse first."""
    root = str(Path(dse.__file__).parent.parent)
    return os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))


def _lost(task: Task, kind: FailureKind, error: Exception) -> Evaluation:
    return lost(task, kind, type(error).__name__, str(error))
