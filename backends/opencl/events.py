"""Batches as the host program sends them: graphs without padding, joined into one graph."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.kernel_plan import KernelPlan, Kind

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class DeviceEvent:
    """A batch: graphs joined into one without edges between them, or samples.

    Args:
        features: by input, (rows, features), float32.
        index: by index input, (edges,): number of the node at every edge.
        order: by index input, (edges,): numbers of the edges, sorted by their node.
        starts: by index input, (nodes + 1,): position in `order` where each node's edges begin.
        rows: number of rows by kind: nodes, edges, samples.
        places: (rows,): row of the padded output that each output row belongs to.
        samples: number of samples (graphs) in the batch.
    """

    features: Mapping[str, Floats]
    index: Mapping[str, Ints]
    order: Mapping[str, Ints]
    starts: Mapping[str, Ints]
    rows: Mapping[Kind, int]
    places: NDArray[np.intp]
    samples: int


BatchBuilder = Callable[[], DeviceEvent]
"""Function that prepares one batch from the evaluation set; its time is part of the latency."""


def batch_builders(
    plan: KernelPlan, inputs: Sequence[NDArray[Any]], size: int
) -> list[BatchBuilder]:
    """Return a function for every batch of an evaluation set, `size` samples each.

    Edges without any node are padding and left out. So are the nodes after the last one that an
    edge touches, unless the network's output has a row per node.

    Args:
        plan: the network.
        inputs: one array per input of the network, first axis samples.
        size: samples of a batch; the last batch may have fewer.
    """
    named = dict(zip(plan.inputs, inputs, strict=True))
    return [partial(_batch, plan, named, start, size) for start in range(0, len(inputs[0]), size)]


def batches(plan: KernelPlan, inputs: Sequence[NDArray[Any]], size: int) -> Iterator[DeviceEvent]:
    """Yield the batches of an evaluation set, prepared."""
    return (make() for make in batch_builders(plan, inputs, size))


def _batch(
    plan: KernelPlan, named: Mapping[str, NDArray[Any]], start: int, size: int
) -> DeviceEvent:
    part = {name: array[start : start + size] for name, array in named.items()}
    return _graphs(plan, part) if plan.indices else _samples(plan, part)


def _samples(plan: KernelPlan, part: Mapping[str, NDArray[Any]]) -> DeviceEvent:
    """Return a batch of samples that are not graphs; rows are samples, or rows of samples."""
    features = {
        name: np.ascontiguousarray(array.reshape(-1, plan.tables[name].features), np.float32)
        for name, array in part.items()
    }
    count = len(next(iter(part.values())))
    places = np.arange(count * plan.tables[plan.output].per_sample)
    return DeviceEvent(
        features=features,
        index={},
        order={},
        starts={},
        rows={"samples": count, "nodes": 0, "edges": 0},
        places=places,
        samples=count,
    )


def _graphs(plan: KernelPlan, part: Mapping[str, NDArray[Any]]) -> DeviceEvent:
    """Return a batch of graphs as one graph, with nodes numbered through all graphs."""
    count = len(next(iter(part.values())))
    index = np.stack([part[name].astype(np.int64) for name in plan.indices])
    real: NDArray[np.bool_] = np.any(index < plan.no_node, axis=0)  # (graphs, edges)
    nodes = _node_counts(plan, index)
    offsets = np.concatenate([[0], np.cumsum(nodes)])
    used = np.arange(plan.no_node)[None, :] < nodes[:, None]
    masks = {"nodes": used, "edges": real}
    features = {
        name: np.ascontiguousarray(array[masks[plan.tables[name].kind]], np.float32)
        for name, array in part.items()
        if name not in plan.indices
    }
    graph = np.broadcast_to(np.arange(count)[:, None], real.shape)[real]
    flat = {
        name: _joined(part[name][real], offsets[graph], plan.no_node, int(offsets[-1]))
        for name in plan.indices
    }
    # A stable sort keeps the order of summation, so results are equal in every run.
    sorted_edges = {name: np.argsort(array, kind="stable") for name, array in flat.items()}
    starts = {
        # Edges of no node sort behind all nodes, and so into no sum.
        name: np.searchsorted(flat[name][order], np.arange(offsets[-1] + 1))
        for name, order in sorted_edges.items()
    }
    return DeviceEvent(
        features=features,
        index=flat,
        order={name: order.astype(np.int32) for name, order in sorted_edges.items()},
        starts={name: begin.astype(np.int32) for name, begin in starts.items()},
        rows={"nodes": int(offsets[-1]), "edges": len(graph), "samples": count},
        places=np.flatnonzero(masks[plan.tables[plan.output].kind]),
        samples=count,
    )


def _joined(index: NDArray[Any], offset: NDArray[Any], no_node: int, total: int) -> Ints:
    """Return node numbers in the batch; no node becomes `total`, one beyond the last."""
    return np.where(index < no_node, index + offset, total).astype(np.int32)


def _node_counts(plan: KernelPlan, index: NDArray[Any]) -> NDArray[np.int64]:
    """Return the number of nodes to send of each graph, (graphs,); at least one."""
    if plan.tables[plan.output].kind == "nodes":
        return np.full(index.shape[1], plan.no_node)
    touched = np.where(index < plan.no_node, index, -1).max(axis=(0, 2)) + 1
    counts: NDArray[np.int64] = np.maximum(touched, 1)
    return counts


def scatter(plan: KernelPlan, event: DeviceEvent, rows: Floats, sample_rows: int) -> Floats:
    """Return a batch's outputs in the network's padded shape, zero at the padding.

    Args:
        plan: the network.
        event: the batch.
        rows: outputs of the device, (rows, features).
        sample_rows: rows of one sample's padded output.

    Returns:
        Outputs, (samples, sample_rows, features).
    """
    table = plan.tables[plan.output]
    whole = np.zeros((event.samples * sample_rows, table.features), np.float32)
    whole[event.places] = rows
    return whole.reshape(event.samples, sample_rows, table.features)
