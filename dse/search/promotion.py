"""Which points of a cheap step are worth an expensive one."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dse.analysis.front import front_mask
from dse.analysis.hypervolume import Box, box_of, contributions
from dse.contracts.metrics import Direction

Floats = NDArray[np.float64]

_MARGIN = 0.1


def promoted(values: Floats, directions: Sequence[Direction], count: int) -> list[int]:
    """The best points: front by front, in a front those first that alone dominate most.

    Args:
        values: (n_points, n_metrics), finite; of points that keep all limits.
        directions: one per metric.
        count: how many, at most.

    Returns:
        Indices, the best first; all where there are not more than `count`.
    """
    if not len(values):
        return []
    box = box_of(values, directions, margin=_MARGIN)
    order = [
        index for front in _fronts(values, directions) for index in _ranked(front, values, box)
    ]
    return order[:count]


def _fronts(values: Floats, directions: Sequence[Direction]) -> Iterator[NDArray[np.int_]]:
    """Indices of the front, then of the front without those, and so on."""
    left = np.arange(len(values))
    while len(left):
        mask = front_mask(values[left], directions)
        yield left[mask]
        left = left[~mask]


def _ranked(front: NDArray[np.int_], values: Floats, box: Box) -> list[int]:
    """A front by the volume each point adds, largest first; the order is stable.

    Of equal points the first stands for all, the others come behind those of the whole front.
    """
    rows, firsts = np.unique(values[front], axis=0, return_index=True)
    volumes = np.zeros(len(front))
    volumes[firsts] = contributions(rows, box)
    again = ~np.isin(np.arange(len(front)), firsts)
    return [int(index) for index in front[np.lexsort((-volumes, again))]]
