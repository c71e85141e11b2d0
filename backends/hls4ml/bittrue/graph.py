"""Graph layers and plumbing: gather, scatter-sum, concatenate, reshape, add."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import (
    FixedType,
    Raw,
    Tensor,
    fitting,
    limit,
    overflows,
    rescale,
)


def _flat_index(index: Raw, n_nodes: int) -> Raw:
    """Rows of a (batch * (n_nodes + 1)) table; the last of each sample is "no node"."""
    clipped = np.minimum(index.astype(np.int64), n_nodes)
    return clipped + np.arange(len(index))[:, None] * (n_nodes + 1)


def edge_gather(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Node features (batch, nodes, f) at the nodes of an index (batch, edges)."""
    nodes, index = inputs
    cast = counter.cast(nodes, FixedType.of(node.types["result_t"].precision))
    batch, n_nodes, features = cast.raw.shape
    padded = np.zeros((batch, n_nodes + 1, features), dtype=cast.raw.dtype)
    padded[:, :n_nodes] = cast.raw
    rows = padded.reshape(-1, features)[_flat_index(index.raw, n_nodes)]
    return Tensor(rows, cast.fractional)


def scatter_sum(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Sums of edge features (batch, edges, f) by node; edges in order, as the firmware adds."""
    edges, index = inputs
    accum = FixedType.of(node.types["accum_t"].precision)
    terms = counter.cast(edges, accum)
    n_nodes = int(node.get_attr("n_nodes"))
    total = _sum_by_node(terms, index.raw, n_nodes, accum, counter)
    return counter.cast(
        Tensor(total, accum.fractional), FixedType.of(node.types["result_t"].precision)
    )


def _sum_by_node(
    terms: Tensor, index: Raw, n_nodes: int, accum: FixedType, counter: CastCounter
) -> Raw:
    batch, n_edges, features = terms.raw.shape
    rows = _flat_index(index, n_nodes)
    raw = fitting(terms.raw, terms.magnitude * (n_edges + 1))
    total = np.zeros((batch * (n_nodes + 1), features), dtype=raw.dtype)
    if accum.overflow == "WRAP":
        np.add.at(total, rows.ravel(), raw.reshape(-1, features))
        total = _limited(total, accum, counter)
    else:
        for edge in range(n_edges):
            total[rows[:, edge]] = _limited(total[rows[:, edge]] + raw[:, edge], accum, counter)
    return total.reshape(batch, n_nodes + 1, features)[:, :n_nodes]


def _limited(raw: Raw, to: FixedType, counter: CastCounter) -> Raw:
    lost = overflows(raw, to)
    counter.add(raw.size, lost, to)
    return limit(raw, to) if lost else raw


def concatenate(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Join along the layer's axis, each part cast to the result type."""
    result = FixedType.of(node.types["result_t"].precision)
    parts = [counter.cast(part, result).raw for part in inputs]
    axis = int(node.get_attr("axis"))
    return Tensor(np.concatenate(parts, axis=axis), result.fractional)


def reshape(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:  # noqa: ARG001
    """Another shape for the same numbers."""
    (data,) = inputs
    shape = node.get_output_variable().shape
    return Tensor(data.raw.reshape(len(data.raw), *shape), data.fractional)


def add(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Element-wise sum, exact before the cast."""
    first, second = inputs
    fractional = max(first.fractional, second.fractional)
    left, right = (rescale(part, fractional, "TRN") for part in (first, second))
    bound = sum(abs(int(part.min())) + abs(int(part.max())) for part in (left, right))
    total = fitting(left, bound) + fitting(right, bound)
    return counter.cast(Tensor(total, fractional), FixedType.of(node.types["result_t"].precision))
