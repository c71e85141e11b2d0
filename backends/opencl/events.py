"""Samples as the host program sends them: graphs without their padding, joined into batches."""

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
    """One batch: a graph, several graphs side by side, or samples.

    Args:
        features: by input, (rows, features) float32.
        index: by input, (edges,) node of every edge.
        order: by index input, (edges,) edges sorted by their node.
        starts: by index input, (nodes + 1,) where each node's edges begin in `order`.
        rows: how many of each kind.
        places: where rows of the output belong, (rows,) into the padded output of the batch.
        samples: how many samples it holds.
    """

    features: Mapping[str, Floats]
    index: Mapping[str, Ints]
    order: Mapping[str, Ints]
    starts: Mapping[str, Ints]
    rows: Mapping[Kind, int]
    places: NDArray[np.intp]
    samples: int


BatchBuilder = Callable[[], DeviceEvent]
"""Prepares one batch from the evaluation set; part of what is timed."""


def batch_builders(
    plan: KernelPlan, inputs: Sequence[NDArray[Any]], size: int
) -> list[BatchBuilder]:
    """How to prepare every batch of an evaluation set, `size` samples each.

    Edges without any node are padding and left out, and so are nodes behind the last that an
    edge touches, unless the network's output is of nodes.
    """
    named = dict(zip(plan.inputs, inputs, strict=True))
    return [partial(_batch, plan, named, start, size) for start in range(0, len(inputs[0]), size)]


def batches(plan: KernelPlan, inputs: Sequence[NDArray[Any]], size: int) -> Iterator[DeviceEvent]:
    """The batches themselves."""
    return (make() for make in batch_builders(plan, inputs, size))


def _batch(
    plan: KernelPlan, named: Mapping[str, NDArray[Any]], start: int, size: int
) -> DeviceEvent:
    part = {name: array[start : start + size] for name, array in named.items()}
    return _graphs(plan, part) if plan.indices else _samples(plan, part)


def _samples(plan: KernelPlan, part: Mapping[str, NDArray[Any]]) -> DeviceEvent:
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
    sorted_edges = {name: np.argsort(array, kind="stable") for name, array in flat.items()}
    starts = {
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
    """Node numbers in the batch; `total`, one beyond the last, for no node."""
    return np.where(index < no_node, index + offset, total).astype(np.int32)


def _node_counts(plan: KernelPlan, index: NDArray[Any]) -> NDArray[np.int64]:
    """Nodes of each graph that matter, (graphs,)."""
    if plan.tables[plan.output].kind == "nodes":
        return np.full(index.shape[1], plan.no_node)
    touched = np.where(index < plan.no_node, index, -1).max(axis=(0, 2)) + 1
    counts: NDArray[np.int64] = np.maximum(touched, 1)
    return counts


def scatter(plan: KernelPlan, event: DeviceEvent, rows: Floats, sample_rows: int) -> Floats:
    """Output rows of a batch in the shape the network gives, zero where there was padding.

    Args:
        plan: the network.
        event: the batch.
        rows: (rows, features).
        sample_rows: rows of one sample's padded output.
    """
    table = plan.tables[plan.output]
    whole = np.zeros((event.samples * sample_rows, table.features), np.float32)
    whole[event.places] = rows
    return whole.reshape(event.samples, sample_rows, table.features)
