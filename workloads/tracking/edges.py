"""Edges of the paper's graphs: pairs of hits on neighbouring layers that pass the cuts."""

import itertools
from dataclasses import dataclass

import numpy as np

from workloads.tracking.detector import LAYER_PAIRS, N_LAYERS, Floats, Ints
from workloads.tracking.nodes import GraphSettings, Nodes


@dataclass(frozen=True)
class Edges:
    """Directed edges, from the inner to the outer layer, arrays of shape (E,).

    Attributes:
        inner: row of the sending node.
        outer: row of the receiving node.
    """

    inner: Ints
    outer: Ints


def wrapped(angle: Floats) -> Floats:
    """Return angles shifted by whole turns into [-π, π)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def find_edges(nodes: Nodes, group: Ints, settings: GraphSettings) -> Edges:
    """Return all edges between nodes of the same group that pass the cuts.

    Args:
        nodes: N hits.
        group: (N,) group of each node, such as its sector.
        settings: the cuts on |Δφ/Δr| and |z0|.

    Returns:
        The edges, ordered by layer pair.
    """
    order = np.lexsort((nodes.phi, nodes.layer))
    bounds = np.searchsorted(nodes.layer[order], np.arange(N_LAYERS + 1))
    layers = [order[start:stop] for start, stop in itertools.pairwise(bounds)]
    found = [_near(nodes, layers[a], layers[b], settings.slope_max) for a, b in LAYER_PAIRS]
    inner, outer = (np.concatenate(rows) for rows in zip(*found, strict=True))
    keep = (group[inner] == group[outer]) & _passes(nodes, inner, outer, settings)
    return Edges(inner[keep], outer[keep])


def _near(nodes: Nodes, inner: Ints, outer: Ints, slope_max: float) -> tuple[Ints, Ints]:
    """Return candidate pairs of rows: those whose Δφ is legal for the largest possible Δr.

    Both row lists are sorted by φ. The outer one is repeated three times, one turn apart, so
    that a window across the border at π is one range of a binary search.
    """
    if len(inner) == 0 or len(outer) == 0:
        return inner[:0], outer[:0]
    reach_mm = max(
        nodes.r_mm[outer].max() - nodes.r_mm[inner].min(),
        nodes.r_mm[inner].max() - nodes.r_mm[outer].min(),
    )
    # 0.1 % wider than the cut, so that rounding loses no edge; `_passes` applies the exact cut.
    window = min(slope_max * reach_mm * 1.001, np.pi)
    turns = np.concatenate([nodes.phi[outer] + turn for turn in (-2 * np.pi, 0, 2 * np.pi)])
    first = np.searchsorted(turns, nodes.phi[inner] - window)
    count = np.searchsorted(turns, nodes.phi[inner] + window) - first
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(inner, count), outer[(np.repeat(first, count) + within) % len(outer)]


def _passes(nodes: Nodes, inner: Ints, outer: Ints, settings: GraphSettings) -> np.ndarray:
    """Whether each edge passes the cuts on |Δφ/Δr| and |z0|; never if Δr is zero."""
    dr = nodes.r_mm[outer] - nodes.r_mm[inner]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = wrapped(nodes.phi[outer] - nodes.phi[inner]) / dr
        z0 = nodes.z_mm[inner] - nodes.r_mm[inner] * (nodes.z_mm[outer] - nodes.z_mm[inner]) / dr
    return (np.abs(slope) < settings.slope_max) & (np.abs(z0) < settings.z0_max_mm)
