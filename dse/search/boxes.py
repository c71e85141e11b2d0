"""Boxes that fill what a front dominates, so that volumes and their expectations are sums.

From Lacour, Klamroth and Fonseca, A box decomposition algorithm to compute the hypervolume
indicator, Computers & Operations Research 79 (2017): every point splits the corners of the region
that no point reaches, and each corner, with the points that define it, gives one box.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def dominated_boxes(front: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Return disjoint boxes of all costs that some point is better than, up to a reference.

    Args:
        front: costs, (n_points, n_objectives); none of them need be better than another.
        reference: the worst costs that count, (n_objectives,).

    Returns:
        Lower and upper corners, each (n_boxes, n_objectives).
    """
    corners = reference[None].astype(np.float64)
    defining = np.full((1, len(reference), len(reference)), -np.inf)
    np.fill_diagonal(defining[0], reference)
    for point in np.unique(front, axis=0):
        corners, defining = _split(corners, defining, point)
    return _between(corners, defining, reference)


def _split(corners: Floats, defining: Floats, point: Floats) -> tuple[Floats, Floats]:
    """Return corners and their defining points when one point more is known.

    Args:
        corners: of the region without points, (n_corners, n_objectives).
        defining: by corner and objective the point that bounds it there, (n_corners, n_objectives,
            n_objectives).
        point: the new one, (n_objectives,).
    """
    better = (point < corners).all(axis=1)
    if not better.any():
        return corners, defining
    found, by = [corners[~better]], [defining[~better]]
    for axis in range(len(point)):
        others = np.arange(len(point)) != axis
        new = point[axis] >= defining[better][:, others, axis].max(axis=1, initial=-np.inf)
        corner, points = corners[better][new], defining[better][new]
        corner[:, axis], points[:, axis] = point[axis], point
        found.append(corner)
        by.append(points)
    return np.vstack(found), np.concatenate(by)


def _between(corners: Floats, defining: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Return the boxes between corners and the points that define them."""
    lower, upper = np.empty_like(corners), corners.copy()
    lower[:, 0], upper[:, 0] = defining[:, 0, 0], reference[0]
    for axis in range(1, len(reference)):
        lower[:, axis] = defining[:, :axis, axis].max(axis=1)
    filled = (upper > lower).all(axis=1)
    return lower[filled], upper[filled]
