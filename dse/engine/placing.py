"""Which nodes of a cluster can take a task, and what it asks of the one that does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dse.engine.nodes import Node, backend_token
from dse.engine.worker import Task, load_backend

NODE_ID = "ray.io/node-id"
"""Label that Ray gives every node."""


@dataclass(frozen=True)
class Demand:
    """What a batch asks of a node: more than any node offers would wait in Ray for ever.

    Args:
        nodes: ids of those that may take it.
        cpus: cores.
        memory: bytes.
        tokens: of licences and backends, by name.
    """

    nodes: frozenset[str]
    cpus: float
    memory: int
    tokens: Mapping[str, float]

    @property
    def options(self) -> dict[str, Any]:
        """The options of the Ray task."""
        return {
            "num_cpus": self.cpus,
            "memory": self.memory,
            "resources": dict(self.tokens),
            "label_selector": {NODE_ID: f"in({','.join(sorted(self.nodes))})"},
            "max_retries": 0,  # what is tried again is decided by the executor
        }


def tokens(task: Task, nodes: Sequence[Node]) -> dict[str, float]:
    """Return the tokens that a task takes on its node: of those that any node declares."""
    wanted = {**task.resources.licences, backend_token(task.job.backend): 1}
    return {
        name: count for name, count in wanted.items() if any(name in node.tokens for node in nodes)
    }


def able(task: Task, nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes that have the very tools in the key of a task, and the tokens it takes."""
    needed = tokens(task, nodes)
    return [
        node
        for node in _with_tools(task, nodes)
        if all(node.tokens.get(name, 0) >= count for name, count in needed.items())
    ]


def _with_tools(task: Task, nodes: Sequence[Node]) -> list[Node]:
    job, backend = task.job, load_backend(task.job.backend)
    probes = {node.id: node.probes.get(job.backend) for node in nodes}
    tools = {probe.tool for probe in probes.values() if probe and probe.available}
    right = {tool for tool in tools if backend.tools_used(tool, job.parameters) == task.tool}
    return [node for node in nodes if (p := probes[node.id]) and p.available and p.tool in right]


def demand(task: Task, nodes: Sequence[Node], able_nodes: Sequence[Node], factor: int) -> Demand:
    """Return what a batch of tasks like this one asks for.

    Args:
        task: the first of the batch.
        nodes: of the cluster.
        able_nodes: those of them that can take the task; at least one.
        factor: by which its memory is multiplied.
    """
    cpus, memory = task.resources.cpus, task.resources.memory_gb * 1e9 * factor
    # No node may have all that is wanted: then what the best fitting one has.
    best = max(able_nodes, key=lambda node: _share(node.cpus, cpus) * _share(node.memory, memory))
    return Demand(
        nodes=frozenset(node.id for node in able_nodes),
        cpus=min(cpus, best.cpus),
        memory=int(min(memory, best.memory)),
        tokens=tokens(task, nodes),
    )


def _share(offered: float, wanted: float) -> float:
    return min(1.0, offered / wanted) if wanted else 1.0


def fits(wanted: Demand, alive: Mapping[str, Mapping[str, float]]) -> bool:
    """Whether a node that is alive can take a batch, now or when others have ended.

    Args:
        wanted: what the batch asks for.
        alive: what every node that is alive offers, by its id, as Ray names it.
    """
    needs = {"CPU": wanted.cpus, "memory": float(wanted.memory), **wanted.tokens}
    return any(
        all(offer.get(name, 0.0) >= count for name, count in needs.items())
        for name, offer in alive.items()
        if name in wanted.nodes
    )
