"""The executor for a Ray cluster: nodes need no common file system, may differ, come and go."""

import hashlib
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from dse.contracts.backend import Probe, Resources
from dse.contracts.errors import NoNodeError
from dse.engine.executor import Executor
from dse.engine.nodes import Node, Nodes, account, agreed
from dse.engine.placing import Demand, able, demand
from dse.engine.preparing import Preparing
from dse.engine.ray_start import import_ray, join_cluster
from dse.engine.ray_tasks import ahead, lost_with_worker, ready, silently
from dse.engine.receiving import show, take_in
from dse.engine.sent_code import runtime
from dse.engine.stranded import PATIENCE_S, Held, Kind, Waiting
from dse.engine.task_queue import next_batch, tokens_free
from dse.engine.visiting import Parcel, Update
from dse.engine.worker import Task
from dse.formatting import counted
from dse.runtime.parcels import packed
from dse.store.records import Evaluation

_STARTS = 6
"""Times that a task is started whose worker dies: nodes end for reasons of their own."""

_KEPT = 32
"""Networks whose archives are kept in Ray's object store while no task needs them."""

_MOST_CORES = 10_000
"""Most cores that a cluster is asked for; its own configuration says how many it may have."""


def _run_on_node(tasks: Sequence[Task], parcels: Mapping[str, Parcel]) -> Iterator[Update]:
    import ray  # on the node, as all here

    from dse.engine.visiting import run_here

    yield from run_here(tasks, parcels, ray.get)


class ClusterExecutor(Executor):
    """Runs each task, or batch of cheap tasks, as one Ray task on a node that has its tool.

    Networks are prepared on this machine. Nodes get them, and the code, through Ray, and send
    results, artifacts and statuses back.

    Args:
        address: of a running cluster, such as ``10.0.0.5:6379``; this machine is one of its nodes.
        workers: evaluations at a time; by default as many as the cluster has cores at the time.
        notice: called with a sentence about nodes that are missing, or differ.
        patience_s: longest wait for a node where none can take what is left to do.

    Raises:
        ToolMissingError: Ray is not installed, or no cluster answers there.
    """

    name: ClassVar[str] = "cluster"

    def __init__(
        self,
        address: str,
        workers: int | None = None,
        notice: Callable[[str], None] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._ray = ray = import_ray(local=False)
        self._started = not ray.is_initialized()
        if self._started:
            join_cluster(ray, address, runtime())
        self._notice = notice or silently
        self._most = workers
        self._nodes = Nodes(ray)
        self._backends: set[str] = set()
        self._preparing = Preparing()
        self._parcel = lru_cache(_KEPT)(self._packed)
        self._remote = ray.remote(_run_on_node)
        self._queues: dict[Kind, deque[Task]] = {}
        self._running: dict[Any, list[Task]] = {}
        self._demands: dict[Any, Demand] = {}
        self._deaths: Counter[str] = Counter()
        self._patience_s = patience_s
        self._waiting = Waiting(self._notice, patience_s)
        self._held = Held()
        self._scaling = import_module("ray.autoscaler.sdk")
        self._wished = 0

    def probes(self, backends: Sequence[str]) -> dict[str, Probe]:
        """Return what the cluster has of these backends, and tell which nodes can run them.

        Raises:
            NoNodeError: nobody answers the first question: all are busy, or the head is gone.
        """
        first = not self._backends
        self._backends |= set(backends)
        self._await_nodes()
        nodes = self._nodes.ask(sorted(self._backends))
        if first and self._nodes.alive and not nodes:
            count = counted(len(self._nodes.alive), "node")
            hint = "busy, or the head is gone: see ray status, then give the command again"
            raise NoNodeError(f"the cluster has {count}, and none has answered", hint=hint)
        found = agreed(nodes, backends)
        for line in account(nodes, found):
            self._notice(line)
        return found

    def _await_nodes(self) -> None:
        """Wait for the first node: a cluster that scales may have none while nothing runs."""
        deadline = time.monotonic() + self._patience_s
        while not self._ray.cluster_resources().get("CPU") and time.monotonic() < deadline:
            if not self._wished:
                self._notice("the cluster has no cores now: waiting for its first node")
            self._wish(1)
            time.sleep(1.0)

    def _wish(self, cores: int) -> None:
        """Ask a cluster that scales for so many cores in all; others take no notice."""
        if cores != self._wished:
            self._wished = cores
            self._scaling.request_resources(num_cpus=cores)

    @property
    def workers(self) -> int:
        """Number of workers asked for, or of cores that the cluster has now."""
        return self._most or max(1, int(sum(node.cpus for node in self._nodes.known)))

    @property
    def preparers(self) -> int:
        """Number of networks that this machine prepares at a time."""
        return self._preparing.workers

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks here, and prepare their networks; Ray gets those that it can start soon."""
        needed = {task.job.backend for task in tasks}
        if not needed <= self._backends:
            self.probes(sorted(needed | self._backends))
        self._queue(self._preparing.submit(tasks))
        self._top_up()

    def _queue(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            self._queues.setdefault(_kind(task), deque()).append(task)

    def _top_up(self) -> None:
        """Give Ray as many tasks as it should hold, and nodes and licences allow."""
        for kind, queue in self._queues.items():
            while queue:
                nodes = able(queue[0], self._nodes.known)
                self._waiting.look(kind, can_run=bool(nodes))
                batch = self._next(queue, nodes)
                if not batch:
                    break
                self._start(batch, nodes)

    def _next(self, queue: deque[Task], nodes: Sequence[Node]) -> list[Task]:
        """Take a batch for which there is room on these nodes, and in the cluster."""
        first = queue[0]
        most = ahead(first)
        alike = sum(_kind(batch[0]) == _kind(first) for batch in self._running.values())
        cores = int(sum(node.cpus for node in nodes))
        if alike >= most * cores or len(self._running) >= most * self.workers:
            return []
        return next_batch(queue, self.workers, self._licensed)

    def _licensed(self, resources: Resources) -> bool:
        """Whether the licence tokens that one more task needs are free."""
        running = (batch[0].resources for batch in self._running.values())
        return tokens_free(running, resources, self._ray.cluster_resources())

    def _start(self, batch: list[Task], nodes: Sequence[Node]) -> None:
        parcels = {
            task.job.fingerprint: self._parcel(task.job.fingerprint, task.folders.networks)
            for task in batch
        }
        # after a death, which may be for want of memory, with less beside it
        deaths = max(self._deaths[task.job.key] for task in batch)
        wanted = demand(batch[0], self._nodes.known, nodes, 2**deaths)
        stream = self._remote.options(**wanted.options).remote(batch, parcels)
        self._running[stream], self._demands[stream] = batch, wanted

    def _packed(self, fingerprint: str, networks: Path) -> Parcel:
        content = packed(networks / fingerprint)
        return Parcel(hashlib.sha256(content).hexdigest(), self._ray.put(content))

    def wait(self, timeout_s: float) -> list[Evaluation]:
        """Return finished evaluations; tasks whose workers died too often are failures.

        Raises:
            NoNodeError: no node could take what is left for `patience_s`; nothing runs, and all
                that has finished was returned.
        """
        self._nodes.look()
        self._take_back()
        prepared, found = self._preparing.take(0.0 if self._running else timeout_s)
        self._queue(prepared)
        if self._running:
            streams = ready(self._ray, list(self._running), timeout_s)
            found += [one for stream in streams for one in self._take(stream)]
        self._top_up()
        self._wish(min(self._most or _MOST_CORES, math.ceil(self._cores_wanted())))
        if not (found or self._running or self._preparing.outstanding):
            self._waiting.check(kind for kind, queue in self._queues.items() if queue)
        return found

    def _take_back(self) -> None:
        """Queue once more what Ray holds for nodes that are gone."""
        for stream in self._held.stranded(self._demands, self._nodes.alive):
            self._ray.cancel(stream, force=True)
            self._queue_first(self._released(stream))

    def _released(self, stream: Any) -> list[Task]:
        """Return the tasks of what Ray holds no more."""
        del self._demands[stream]
        return self._running.pop(stream)

    def _queue_first(self, tasks: Sequence[Task]) -> None:
        for task in reversed(tasks):
            self._queues.setdefault(_kind(task), deque()).appendleft(task)

    def _cores_wanted(self) -> float:
        """Return the cores on which all that waits or runs could run at once."""
        waiting = [task for queue in self._queues.values() for task in queue]
        running = [batch[0] for batch in self._running.values()]
        return sum(task.resources.cpus for task in (*waiting, *running))

    def _take(self, stream: Any) -> list[Evaluation]:
        """Take the next update of a batch; return its evaluations if it has ended."""
        try:
            update: Update = self._ray.get(next(stream))
        except (self._ray.exceptions.RayError, StopIteration) as error:
            return self._died(stream, error)
        if update.returned:
            tasks = self._released(stream)
            for task in tasks:
                self._deaths.pop(task.job.key, None)
            return [take_in(*pair) for pair in zip(tasks, update.returned, strict=True)]
        show(self._running[stream], update.statuses)
        return []

    def _died(self, stream: Any, error: Exception) -> list[Evaluation]:
        """Queue the tasks of a worker that died once more, or return them where that is enough."""
        self._nodes.look(now=True)  # what starts on a node that has just gone dies at once
        tasks = self._released(stream)
        show(tasks, {})
        self._deaths.update(task.job.key for task in tasks)
        given_up = [task for task in tasks if self._deaths[task.job.key] >= _STARTS]
        self._queue_first([task for task in tasks if self._deaths[task.job.key] < _STARTS])
        for task in given_up:
            del self._deaths[task.job.key]
        return [lost_with_worker(self._ray, task, error) for task in given_up]

    def cancel_pending(self) -> int:
        """Drop what waits here and return how much; tasks that Ray has already go on."""
        count = sum(map(len, self._queues.values())) + self._preparing.cancel()
        self._queues.clear()
        return count

    @property
    def outstanding(self) -> int:
        """Number of tasks that wait here or were given to Ray."""
        waiting = sum(map(len, self._queues.values())) + self._preparing.outstanding
        return waiting + sum(map(len, self._running.values()))

    def close(self) -> None:
        """Cancel running tasks, and leave the cluster if this executor joined it."""
        for stream in self._running:
            self._ray.cancel(stream, force=True)
        self.cancel_pending()
        self._running.clear()
        self._demands.clear()
        self._wish(0)
        if self._started:
            self._ray.shutdown()


def _kind(task: Task) -> Kind:
    return task.job.backend, task.tool
