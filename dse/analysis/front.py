"""Pareto fronts: the points that no other point dominates."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dse.contracts.metrics import Direction


def front_mask(values: NDArray[np.float64], directions: Sequence[Direction]) -> NDArray[np.bool_]:
    """Return which rows are non-dominated, (n_points,); equal rows are all kept.

    Args:
        values: (n_points, n_metrics), finite.
        directions: one per metric.
    """
    import moocore  # imported late: loads a C library

    if len(values) == 0:
        return np.zeros(0, dtype=np.bool_)
    maximise = [direction == "maximise" for direction in directions]
    if len(directions) == 1:  # without moocore: the front is every point with the best value
        best = values.max() if maximise[0] else values.min()
        return np.asarray(values[:, 0] == best)
    mask = moocore.is_nondominated(values, maximise=maximise, keep_weakly=True)
    return np.asarray(mask, dtype=np.bool_)
