"""The paper's graph builder (arXiv:2012.01563, section 2, and its public code).

Nodes are pixel hits, edges pairs of hits on neighbouring layers that pass two geometric
cuts, built inside each sector of the detector. Edges go from the inner to the outer
layer on both sides; in the public code those of the negative endcap go inwards.
"""

import numpy as np

from workloads.tracking.detector import Floats, Ints
from workloads.tracking.edges import Edges, find_edges, wrapped
from workloads.tracking.events import Event
from workloads.tracking.nodes import GraphSettings, Nodes, sector_of, select_hits
from workloads.tracking.padding import Graph, PaddedGraphs, pad_graphs

__all__ = [
    "Graph",
    "GraphSettings",
    "Nodes",
    "PaddedGraphs",
    "build_graphs",
    "count_border_edges",
    "graphs_from_nodes",
    "pad_graphs",
    "select_hits",
]

_MM_PER_UNIT = 1000.0
_DEPTH = np.array([*range(4), *range(10, 3, -1), *range(4, 11)])
"""Rank of each of the 18 layers from the inside out; layers of both endcaps share their ranks."""


def build_graphs(event: Event, settings: GraphSettings) -> list[Graph]:
    """Return the graphs of one event.

    Args:
        event: hits, truth and particles.
        settings: cuts and segmentation.

    Returns:
        One graph per sector, ``n_phi * n_eta`` graphs, φ slowest; some may be empty.
    """
    return graphs_from_nodes(select_hits(event, settings), settings)


def graphs_from_nodes(nodes: Nodes, settings: GraphSettings) -> list[Graph]:
    """Return the graphs of selected hits; `pt_min_gev` has no effect.

    Args:
        nodes: hits of one event, one per particle and layer.
        settings: cuts and segmentation.

    Returns:
        One graph per sector, as from `build_graphs`.
    """
    sector = sector_of(nodes, settings)
    nodes, sector = nodes.take(inside := np.flatnonzero(sector >= 0)), sector[inside]
    edges = find_edges(nodes, sector, settings)
    order = _order(nodes, sector, edges)
    nodes, sector, edges = nodes.take(order), sector[order], _renumbered(edges, order)
    parts = np.arange(settings.n_phi * settings.n_eta + 1)
    node_bounds = np.searchsorted(sector, parts)
    edge_bounds = np.searchsorted(sector[edges.inner], parts)
    features = _node_features(nodes, sector, settings), _edge_features(nodes, edges, settings)
    return [
        _graph(
            nodes, edges, features, slice(*node_bounds[i : i + 2]), slice(*edge_bounds[i : i + 2])
        )
        for i in parts[:-1]
    ]


def count_border_edges(nodes: Nodes, settings: GraphSettings) -> int:
    """Return the true edges of one event between hits of different sectors, or outside of all.

    Args:
        nodes: hits of one event, one per particle and layer.
        settings: cuts and segmentation.
    """
    sector = sector_of(nodes, settings)
    edges = find_edges(nodes, np.zeros_like(sector), settings)
    true = nodes.particle_id[edges.inner] == nodes.particle_id[edges.outer]
    apart = (sector[edges.inner] != sector[edges.outer]) | (sector[edges.inner] < 0)
    return int((true & apart).sum())


def _order(nodes: Nodes, sector: Ints, edges: Edges) -> Ints:
    """Return the order of nodes: by sector, nodes with edges first, then from the inside out.

    Truncation removes the last nodes of a graph; nodes without edges are lost first.
    """
    isolated = np.ones(len(sector), dtype=bool)
    isolated[edges.inner] = isolated[edges.outer] = False
    return np.lexsort((nodes.phi, nodes.r_mm, _DEPTH[nodes.layer], isolated, sector))


def _renumbered(edges: Edges, order: Ints) -> Edges:
    """Return edges with the row numbers of the reordered nodes, by sender, then receiver."""
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    inner, outer = rank[edges.inner], rank[edges.outer]
    rows = np.lexsort((outer, inner))
    return Edges(inner[rows], outer[rows])


def _node_features(nodes: Nodes, sector: Ints, settings: GraphSettings) -> Floats:
    """Return (N, 3): r and z in m, φ from the sector's centre in half sector widths."""
    half = np.pi / settings.n_phi
    centre = -np.pi + half * (2 * (sector // settings.n_eta) + 1)
    phi = (nodes.phi - centre) / half
    return np.column_stack([nodes.r_mm / _MM_PER_UNIT, phi, nodes.z_mm / _MM_PER_UNIT])


def _edge_features(nodes: Nodes, edges: Edges, settings: GraphSettings) -> Floats:
    """Return (E, 4): Δr, Δφ and Δz in the units of the nodes, and ΔR = hypot(Δη, Δφ)."""
    inner, outer = nodes.take(edges.inner), nodes.take(edges.outer)
    dphi = wrapped(outer.phi - inner.phi)
    deta = np.arcsinh(outer.z_mm / outer.r_mm) - np.arcsinh(inner.z_mm / inner.r_mm)
    dr, dz = outer.r_mm - inner.r_mm, outer.z_mm - inner.z_mm
    scaled = (dr / _MM_PER_UNIT, dphi / (np.pi / settings.n_phi), dz / _MM_PER_UNIT)
    return np.column_stack([*scaled, np.hypot(deta, dphi)])


def _graph(
    nodes: Nodes, edges: Edges, features: tuple[Floats, Floats], rows: slice, links: slice
) -> Graph:
    """Return the graph of one sector: `rows` of the nodes and `links` of the edges."""
    inner, outer = edges.inner[links], edges.outer[links]
    same = nodes.particle_id[inner] == nodes.particle_id[outer]
    return Graph(
        nodes=features[0][rows].astype(np.float32),
        edges=features[1][links].astype(np.float32),
        senders=(inner - rows.start).astype(np.int32),
        receivers=(outer - rows.start).astype(np.int32),
        labels=same.astype(np.float32),
        particle_id=nodes.particle_id[rows],
    )
