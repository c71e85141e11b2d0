"""Edge efficiency: true edges that are kept and found, at a stated purity.

The AUC ranks the edges of the graphs that the network sees. It does not see true edges that
truncation to a fixed size, or the border of a sector, has taken away.
"""

import numpy as np
from numpy.typing import NDArray

from dse.analysis.intervals import central_95
from dse.analysis.roc import N_REPLICAS, Estimate, resamples

Floats = NDArray[np.float64]


def threshold_at(labels: NDArray[np.generic], scores: NDArray[np.generic], purity: float) -> float:
    """Return the lowest score from which on the selected edges have a purity; else infinity.

    Args:
        labels: (n,), 1 for true edges.
        scores: (n,), larger for more likely true ones.
        purity: smallest share of true edges among the selected.
    """
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    ordered = np.asarray(scores, np.float64)[order]
    true = np.cumsum(np.asarray(labels)[order] > 0.5)
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))  # equal scores go together
    pure = ends[true[ends] >= purity * (ends + 1)]
    return float(ordered[pure[-1]]) if len(pure) else float("inf")


def edge_efficiency(
    labels: NDArray[np.generic],
    scores: NDArray[np.generic],
    groups: NDArray[np.integer],
    lost: NDArray[np.integer],
    at_borders: float,
    purity: float,
) -> Estimate:
    """Return the share of all true edges that are kept and selected, with its 95 % interval.

    The interval is that of a bootstrap over graphs at the threshold of the whole sample, with the
    same resamples as the AUC. True edges at sector borders belong to no graph; every resample has
    them in proportion.

    Args:
        labels: (n,), 1 for true edges, of the edges that the network sees.
        scores: (n,), larger for more likely true ones.
        groups: (n,), number of the graph of each edge.
        lost: (n_graphs,), true edges of each graph that truncation removed.
        at_borders: true edges between hits of different sectors, in all events.
        purity: smallest share of true edges among the selected.
    """
    true = np.asarray(labels) > 0.5
    found = true & (np.asarray(scores, np.float64) >= threshold_at(labels, scores, purity))
    n_graphs = len(lost)
    kept = np.bincount(groups[true], minlength=n_graphs) + np.asarray(lost, np.float64)
    selected = np.bincount(groups[found], minlength=n_graphs).astype(np.float64)
    whole = 1 + at_borders / max(kept.sum(), 1.0)
    weights = resamples(n_graphs, N_REPLICAS)
    replicas = _ratio(weights @ selected, weights @ kept * whole)
    value = float(_ratio(selected.sum(keepdims=True), kept.sum(keepdims=True) * whole)[0])
    return Estimate(value, *central_95(replicas), replicas)


def _ratio(above: Floats, below: Floats) -> Floats:
    """Return ratios; a resample without true edges finds none of them."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
