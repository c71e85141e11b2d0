"""What candidates add to the hypervolume of a front, and the choice of several by it."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from dse.analysis.hypervolume import Box, hypervolume

Floats = NDArray[np.float64]

_ANY = 1e-3
"""Worth of every new design beside what it adds, as a share of the largest gain: limits count
where no design adds anything."""


def expected_gains(front: Floats, draws: Floats, box: Box) -> Floats:
    """Return the hypervolume that each candidate alone is expected to add, (n_candidates,).

    Args:
        front: costs of known designs, (n_known, n_objectives).
        draws: what the candidates may cost, (n_draws, n_candidates, n_objectives).
        box: in which the volume is measured.
    """
    return np.asarray(np.mean(gains(front, draws, box), axis=0))


def worth_of_any(found: Floats) -> float:
    """Return what every new design counts beside its own gain."""
    return _ANY * (float(found.max()) or 1.0)


def chosen(
    front: Floats, draws: Floats, share: Floats, box: Box, take: Callable[[int], bool]
) -> Iterator[int]:
    """Yield candidates greedily: each as if those before it had come out as expected.

    Args:
        front: costs of known designs, (n_known, n_objectives).
        draws: what the candidates may cost, (n_draws, n_candidates, n_objectives).
        share: chance of each to keep all limits, (n_candidates,).
        box: in which the volume is measured.
        take: whether a candidate can be had.
    """
    left = expected_gains(front, draws, box)
    anything = worth_of_any(left)
    left = share * (left + anything)
    for _ in range(len(left)):
        # what the last choice leaves of a gain is never more than it was: only the first change
        while True:
            index = int(np.argmax(left))
            alone = expected_gains(front, draws[:, [index]], box)[0]
            now = float(share[index] * (alone + anything))
            if now >= left[index] - 1e-12:
                break
            left[index] = now
        left[index] = -1.0
        if take(index):
            front = np.vstack([front, draws[:, index].mean(axis=0)])
            yield index


def gains(front: Floats, draws: Floats, box: Box) -> Floats:
    """Return the hypervolume that each candidate alone would add, (n_draws, n_candidates).

    Args:
        front: costs of known designs, (n_known, n_objectives).
        draws: what the candidates may cost, (n_draws, n_candidates, n_objectives).
        box: in which the volume is measured.
    """
    before = hypervolume(front, box)
    return np.array([_gains(front, costs, box, before) for costs in draws])


def _gains(front: Floats, costs: Floats, box: Box, before: float) -> Floats:
    inside = np.all(costs < np.asarray(box.reference), axis=1)
    beaten = np.any(np.all(front[None] <= costs[:, None], axis=2), axis=1)
    found = np.zeros(len(costs))
    for index in np.flatnonzero(inside & ~beaten):
        found[index] = hypervolume(np.vstack([front, costs[index]]), box) - before
    return found
