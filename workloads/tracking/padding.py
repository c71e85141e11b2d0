"""Graphs as network inputs: single graphs, and graphs padded to one size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workloads.tracking.detector import Ints


@dataclass(frozen=True)
class Graph:
    """Graph of one sector of one event.

    Attributes:
        nodes: (N, 3) float32: r / 1000 mm, φ / (π / n_phi) from the sector's centre,
            z / 1000 mm. Nodes with edges come first, then from the inside out.
        edges: (E, 4) float32: outer minus inner Δr, Δφ and Δz in the units of the nodes,
            and ΔR = sqrt(Δη² + Δφ²), unscaled.
        senders: (E,) int32, rows of the nodes on the inner layers.
        receivers: (E,) int32, rows of the nodes on the outer layers.
        labels: (E,) float32, 1 if both hits are of one particle, else 0.
        particle_id: (N,) int64, particles that made the hits; None where they are not known.
    """

    nodes: npt.NDArray[np.float32]
    edges: npt.NDArray[np.float32]
    senders: npt.NDArray[np.int32]
    receivers: npt.NDArray[np.int32]
    labels: npt.NDArray[np.float32]
    particle_id: Ints | None = None


@dataclass(frozen=True)
class PaddedGraphs:
    """G graphs padded with zeros to M nodes and L edges.

    Sender and receiver of a padded edge are node M, which does not exist: a gather there gives
    zeros and a scatter to it is dropped, so that padding changes no real node.

    Attributes:
        nodes: (G, M, 3) float32.
        edges: (G, L, 4) float32.
        senders: (G, L) int32.
        receivers: (G, L) int32.
        labels: (G, L) float32.
        node_mask: (G, M) bool, True for real nodes.
        edge_mask: (G, L) bool, True for real edges.
        lost_true_edges: (G,) int64, true edges removed with a node or from the edge list.
    """

    nodes: npt.NDArray[np.float32]
    edges: npt.NDArray[np.float32]
    senders: npt.NDArray[np.int32]
    receivers: npt.NDArray[np.int32]
    labels: npt.NDArray[np.float32]
    node_mask: npt.NDArray[np.bool_]
    edge_mask: npt.NDArray[np.bool_]
    lost_true_edges: Ints


def pad_graphs(
    graphs: Sequence[Graph], max_nodes: int | None = None, max_edges: int | None = None
) -> PaddedGraphs:
    """Pad graphs to one size, and truncate larger ones.

    The first nodes are kept: a graph lists nodes without edges last, and nodes of outer layers
    before them. Of the edges between kept nodes those with the smallest |Δφ/Δr| are kept,
    because true edges are straight. Neither choice uses the labels.

    Args:
        graphs: any number of graphs.
        max_nodes: nodes of a padded graph; None means those of the largest graph.
        max_edges: edges of a padded graph; None means those of the largest graph.

    Returns:
        The padded graphs, in the same order.
    """
    n_nodes = _size(max_nodes, [len(graph.nodes) for graph in graphs])
    n_edges = _size(max_edges, [len(graph.labels) for graph in graphs])
    padded = _empty(len(graphs), n_nodes, n_edges)
    for row, graph in enumerate(graphs):
        _fill(padded, row, graph)
    return padded


def _size(wanted: int | None, sizes: list[int]) -> int:
    return max(sizes, default=0) if wanted is None else wanted


def _empty(n_graphs: int, n_nodes: int, n_edges: int) -> PaddedGraphs:
    """Return graphs of padding alone: edges between node `n_nodes`, which does not exist."""
    return PaddedGraphs(
        nodes=np.zeros((n_graphs, n_nodes, 3), np.float32),
        edges=np.zeros((n_graphs, n_edges, 4), np.float32),
        senders=np.full((n_graphs, n_edges), n_nodes, np.int32),
        receivers=np.full((n_graphs, n_edges), n_nodes, np.int32),
        labels=np.zeros((n_graphs, n_edges), np.float32),
        node_mask=np.zeros((n_graphs, n_nodes), np.bool_),
        edge_mask=np.zeros((n_graphs, n_edges), np.bool_),
        lost_true_edges=np.zeros(n_graphs, np.int64),
    )


def _fill(padded: PaddedGraphs, row: int, graph: Graph) -> None:
    """Write a graph, truncated if necessary, to one row."""
    n_nodes = min(len(graph.nodes), padded.nodes.shape[1])
    kept = _kept_edges(graph, n_nodes, padded.labels.shape[1])
    n_edges = len(kept)
    padded.nodes[row, :n_nodes] = graph.nodes[:n_nodes]
    padded.node_mask[row, :n_nodes] = True
    padded.edge_mask[row, :n_edges] = True
    for name in ("edges", "senders", "receivers", "labels"):
        getattr(padded, name)[row, :n_edges] = getattr(graph, name)[kept]
    padded.lost_true_edges[row] = round(graph.labels.sum() - graph.labels[kept].sum())


def _kept_edges(graph: Graph, n_nodes: int, max_edges: int) -> Ints:
    """Return the rows of the edges that are kept, in their order."""
    rows = np.flatnonzero((graph.senders < n_nodes) & (graph.receivers < n_nodes))
    if len(rows) <= max_edges:
        return rows
    dr, dphi = graph.edges[rows, 0], graph.edges[rows, 1]
    slopes = np.divide(dphi, dr, out=np.full_like(dphi, np.inf), where=dr != 0)
    straightest = np.argsort(np.abs(slopes), kind="stable")[:max_edges]
    return np.sort(rows[straightest])
