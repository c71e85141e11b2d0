"""Select the points of one step of a ladder that the next, more expensive step evaluates."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dse.analysis.front import front_mask
from dse.analysis.hypervolume import Box, box_of, contributions
from dse.contracts.metrics import Direction

Floats = NDArray[np.float64]

_MARGIN = 0.1
"""Share of each metric's span added to its worst value; else the front's ends add no volume."""


def promoted(values: Floats, directions: Sequence[Direction], count: int) -> list[int]:
    """Return the best points: front by front, and within a front by hypervolume contribution.

    Args:
        values: (n_points, n_metrics), finite; of points that keep all limits.
        directions: one per metric.
        count: largest number of points to return.

    Returns:
        Indices, the best first; all of them if there are at most `count`.
    """
    if not len(values):
        return []
    box = box_of(values, directions, margin=_MARGIN)
    order = [
        index for front in _fronts(values, directions) for index in _ranked(front, values, box)
    ]
    return order[:count]


def _fronts(values: Floats, directions: Sequence[Direction]) -> Iterator[NDArray[np.int_]]:
    """Yield the indices of the front, then of the front of the remaining points, and so on."""
    left = np.arange(len(values))
    while len(left):
        mask = front_mask(values[left], directions)
        yield left[mask]
        left = left[~mask]


def _ranked(front: NDArray[np.int_], values: Floats, box: Box) -> list[int]:
    """Return a front sorted by the volume that each point adds, largest first; stable.

    Of equal points, the first is ranked by its volume; the others come after the whole front,
    since evaluating one of them is enough.
    """
    rows, firsts = np.unique(values[front], axis=0, return_index=True)
    volumes = np.zeros(len(front))
    volumes[firsts] = contributions(rows, box)
    again = ~np.isin(np.arange(len(front)), firsts)
    # lexsort's last key is the primary one: first whether it is a repetition, then the volume
    return [int(index) for index in front[np.lexsort((-volumes, again))]]
