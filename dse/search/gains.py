"""What candidates are expected to add to the hypervolume of a front, and a choice of several by it.

The expectation is exact for costs that are independent of each other: what a candidate dominates is
a sum over boxes, and in a box the expectation of a product is the product of expectations
(Emmerich, Deutz and Klinkenberg 2011; Yang et al. 2019).
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dse.analysis.hypervolume import Box
from dse.search.boxes import dominated_boxes

Floats = NDArray[np.float64]

Below = Callable[[Floats], Floats]
"""Of one objective: for costs, (n_costs,), by how much each candidate is expected to be below each,
counting nothing where it is above: (n_candidates, n_costs)."""

_ANY = 1e-3
"""Worth of every new design beside what it adds, as a share of the largest gain: limits count
where no design adds anything."""

_AT_ONCE = 2_000_000
"""Products of boxes and candidates that are held in memory."""


def expected_gains(front: Floats, below: Sequence[Below], box: Box) -> Floats:
    """Return the hypervolume that each candidate alone is expected to add, (n_candidates,).

    Args:
        front: costs of known designs, (n_known, n_objectives).
        below: of every objective.
        box: in which the volume is measured.
    """
    reference = np.array(box.reference)
    lower, upper = dominated_boxes(front, reference)
    values = np.vstack([reference, lower, upper])
    # a metric that distinguishes no points leaves the volume as it is
    spans = np.where(reference == box.ideal, 1.0, np.abs(reference - box.ideal))
    shares = []
    for column, own, span in zip(values.T, below, spans, strict=True):
        distinct, places = np.unique(column, return_inverse=True)
        shares.append((own(distinct) / span)[:, places])
    whole = np.prod([share[:, 0] for share in shares], axis=0)
    return np.asarray(np.maximum(whole - _dominated(shares, len(lower)), 0.0))


def _dominated(shares: Sequence[Floats], n_boxes: int) -> Floats:
    """Return the volume that a front dominates already of what each candidate does."""
    found = np.zeros(len(shares[0]))
    rows = max(_AT_ONCE // max(n_boxes, 1), 1)
    for start in range(0, len(found), rows):
        parts = [share[start : start + rows, 1:] for share in shares]
        inside = np.prod([part[:, n_boxes:] - part[:, :n_boxes] for part in parts], axis=0)
        found[start : start + rows] = inside.sum(axis=1)
    return found


def worth_of_any(gains: Floats) -> float:
    """Return what a new design is worth beside what it is expected to add."""
    return _ANY * (float(gains.max()) or 1.0)


def chosen(
    front: Floats,
    below: Sequence[Below],
    expected: Floats,
    share: Floats,
    box: Box,
    take: Callable[[int], bool],
) -> Iterator[int]:
    """Yield candidates greedily: each as if those before it had come out as expected.

    Args:
        front: costs of known designs, (n_known, n_objectives).
        below: of every objective.
        expected: costs of the candidates, (n_candidates, n_objectives).
        share: chance of each to keep all limits, (n_candidates,).
        box: in which the volume is measured.
        take: whether a candidate can be had.
    """
    found = expected_gains(front, below, box)
    anything = worth_of_any(found)
    left = np.ones(len(share), dtype=bool)
    while left.any():
        worth = np.where(left, share * (found + anything), -1.0)
        best = np.flatnonzero(worth == worth.max())
        # of equal ones, such as where nothing is gained: the nearest to the ideal
        index = int(best[np.argmin(box.costs(expected[best]).sum(axis=1))])
        left[index] = False
        if take(index):
            yield index
            front = np.vstack([front, expected[index]])
            found = expected_gains(front, below, box)
