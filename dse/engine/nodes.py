"""The nodes of a Ray cluster, and which backends each of them can run."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dse.contracts.backend import Probe
from dse.contracts.errors import ToolMissingError
from dse.formatting import counted

_LOOK_S = 2.0
"""Seconds between two looks for nodes that have come or gone."""

_ANSWER_S = 120.0
"""Longest wait for the first answers of all nodes: Ray sends the code and starts a worker there."""

_QUESTIONS = 3
"""Times that a node is asked whose worker dies before it answers."""


@dataclass(frozen=True)
class Node:
    """A node that is alive and has answered.

    Args:
        id: as Ray names it.
        name: of the machine.
        cpus: cores that it offers.
        memory: bytes that it offers.
        probes: what it has of each backend, by name.
        tokens: of licences and backends that it declares, by name.
    """

    id: str
    name: str
    cpus: float
    memory: float
    probes: Mapping[str, Probe]
    tokens: Mapping[str, float] = field(default_factory=dict)


def probe_here(backends: Sequence[str]) -> dict[str, Probe]:
    """Return what this machine has of the named backends."""
    return {name: _probe(name) for name in backends}


def _probe(name: str) -> Probe:
    from dse.engine.worker import load_backend  # imported on the node

    try:
        return load_backend(name).probe()
    except ToolMissingError as error:
        return Probe(available=False, tool="", reason=error.message, install=error.hint)


class Nodes:
    """Asks every node once, when it joins, which backends it can run.

    Args:
        ray: the package, joined to the cluster.
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._backends: tuple[str, ...] = ()
        self._asked: dict[str, Any] = {}
        self._known: dict[str, Node] = {}
        self._alive: dict[str, dict[str, Any]] = {}
        self._unanswered: Counter[str] = Counter()
        self._next_look = 0.0

    def ask(self, backends: Sequence[str]) -> list[Node]:
        """Ask all nodes for these backends, and return those that have answered in two minutes."""
        self._backends, self._next_look = tuple(backends), 0.0
        for one in (self._asked, self._known, self._unanswered):
            one.clear()
        self.look()
        deadline = time.monotonic() + _ANSWER_S
        while (asked := list(self._questions())) and (left := deadline - time.monotonic()) > 0:
            self._ray.wait(asked, num_returns=len(asked), timeout=left)
            self._take_answers()
        return self.known

    @property
    def alive(self) -> dict[str, Mapping[str, float]]:
        """What each node that is alive offers, by its id: cores, memory in bytes and tokens."""
        return {name: node["Resources"] for name, node in self._alive.items()}

    @property
    def known(self) -> list[Node]:
        """The nodes that are alive and have answered."""
        return [node for name, node in self._known.items() if name in self._alive]

    def look(self, *, now: bool = False) -> None:
        """Notice nodes that have come or gone: every two seconds, or now."""
        if time.monotonic() < self._next_look and not now:
            return
        self._next_look = time.monotonic() + _LOOK_S
        there = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
        self._alive = {name: node for name, node in there.items() if node["Resources"].get("CPU")}
        for name in self._alive.keys() - self._asked.keys():
            self._asked[name] = self._question(name)
        self._take_answers()

    def _question(self, node: str) -> Any:
        place = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        remote = self._ray.remote(probe_here)
        options = {"num_cpus": 0, "scheduling_strategy": place(node, soft=False)}
        return remote.options(**options).remote(self._backends)

    def _questions(self) -> dict[Any, str]:
        """Return what nodes that are alive have not answered yet, and the node."""
        asked = {ref: name for name, ref in self._asked.items() if name in self._alive}
        return {ref: name for ref, name in asked.items() if name not in self._known}

    def _take_answers(self) -> None:
        waiting = self._questions()
        if not waiting:
            return
        answered, _ = self._ray.wait(list(waiting), num_returns=len(waiting), timeout=0)
        for reference in answered:
            self._take(waiting[reference], reference)

    def _take(self, name: str, reference: Any) -> None:
        try:
            probes: dict[str, Probe] = self._ray.get(reference)
        except self._ray.exceptions.RayError:  # its worker has died, or it cannot import dse
            self._unanswered[name] += 1
            if self._unanswered[name] < _QUESTIONS:
                self._asked[name] = self._question(name)
                return
            probes = {}
        offers = self._alive[name]["Resources"]
        self._known[name] = Node(
            id=name,
            name=self._alive[name]["NodeManagerHostname"],
            cpus=offers["CPU"],
            memory=offers.get("memory", 0.0),
            probes=probes,
            tokens={key: count for key, count in offers.items() if key not in {"CPU", "memory"}},
        )


def agreed(nodes: Sequence[Node], backends: Sequence[str]) -> dict[str, Probe]:
    """Return for each backend what most cores of the cluster have: its tool is in the keys."""
    return {name: _agreed(name, nodes) for name in backends}


def _agreed(backend: str, nodes: Sequence[Node]) -> Probe:
    cores: Counter[str] = Counter()
    for node, probe in _having(backend, nodes):
        cores[probe.tool] += int(node.cpus)
    if cores:
        return Probe(available=True, tool=max(cores, key=lambda tool: (cores[tool], tool)))
    lacking = next((node.probes[backend] for node in nodes if backend in node.probes), None)
    reason = lacking.reason if lacking else "no node has answered"
    return Probe(
        available=False,
        tool="",
        reason=f"on no node of the cluster: {reason}",
        install=lacking.install if lacking else "",
    )


def _having(backend: str, nodes: Sequence[Node]) -> Iterator[tuple[Node, Probe]]:
    for node in nodes:
        probe = node.probes.get(backend)
        if probe and probe.available:
            yield node, probe


def account(nodes: Sequence[Node], probes: Mapping[str, Probe]) -> Iterator[str]:
    """Yield a line for each backend: how many nodes can take it, and which cannot, and why.

    Args:
        nodes: of the cluster.
        probes: what `agreed` has chosen.
    """
    for backend, probe in probes.items():
        having = list(_having(backend, nodes))
        token = backend_token(backend)
        limited = any(token in node.tokens for node in nodes)
        left_out = [node for node, _ in having if limited and token not in node.tokens]
        same = [n for n, found in having if found.tool == probe.tool and n not in left_out]
        cores = int(sum(node.cpus for node in same))
        yield (
            f"backend {backend}: {len(same)} of {counted(len(nodes), 'node')} "
            f"can run it ({counted(cores, 'core')})"
        )
        for node, found in having:
            if node in left_out:
                yield (
                    f"warning: {node.name} does not declare {token}, as others do: it gets no "
                    f"work of backend {backend}"
                )
            elif found.tool != probe.tool:
                yield (
                    f"warning: {node.name} has {found.tool}, others have {probe.tool}: it gets no "
                    f"work of backend {backend} that the difference concerns"
                )


def backend_token(backend: str) -> str:
    """Return the resource by which nodes limit the evaluations of a backend."""
    return f"dse_{backend}"
