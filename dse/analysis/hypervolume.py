"""Hypervolume: how much of a box of possible trade-offs a set of points dominates.

The box lies between an ideal and a reference point. Every metric is scaled so that it is 0 at
the ideal and 1 at the reference; a volume is then a share of the box, without units. Shares
can be compared only where they refer to the same box.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.contracts.metrics import Direction

Floats = NDArray[np.float64]

MOST_METRICS = 5
"""The exact volume of thousand points takes 0.01 s with five metrics and 2 s with six."""


@dataclass(frozen=True)
class Box:
    """Where volumes are measured.

    Args:
        ideal: one value per metric, in its unit: as good as it gets.
        reference: one value per metric: a point must be better in all to count.
    """

    ideal: tuple[float, ...]
    reference: tuple[float, ...]

    def costs(self, values: Floats) -> Floats:
        """Values, (n_points, n_metrics), scaled: 0 at the ideal, 1 at the reference.

        A metric in which both are equal tells points apart by nothing and costs 0.
        """
        span = np.subtract(self.reference, self.ideal)
        scaled = (values - np.asarray(self.ideal)) / np.where(span == 0, np.inf, span)
        return np.asarray(scaled, dtype=np.float64)


def box_of(
    values: Floats,
    directions: Sequence[Direction],
    reference: Mapping[int, float] | None = None,
    margin: float = 0.0,
) -> Box:
    """The box from the best to the worst value of each metric among the points.

    The worst are those of all points given, not of their front alone, so that the box does not
    change with every point that enters the front. A point that is the worst in one metric
    spans no volume, however good it is in the others; a margin lets it count.

    Args:
        values: (n_points, n_metrics), finite, at least one point.
        directions: one per metric.
        reference: values that replace the worst, by index of the metric.
        margin: share of the span by which the worst values are made worse.

    Raises:
        ValueError: no point is better than a given reference value.
    """
    up = np.array([direction == "maximise" for direction in directions])
    best, worst = (
        np.where(up == better, values.max(axis=0), values.min(axis=0)) for better in (True, False)
    )
    corner = worst + margin * (worst - best)
    for index, value in (reference or {}).items():
        if (best[index] <= value) if up[index] else (best[index] >= value):
            raise ValueError(f"no point is better than {value:g}; the best is {best[index]:g}")
        corner[index] = value
    return Box(tuple(best.tolist()), tuple(corner.tolist()))


def hypervolume(values: Floats, box: Box) -> float:
    """Share of the box that the points dominate; above 1 only with points beyond its ideal.

    Args:
        values: (n_points, n_metrics); with no points the share is 0.
        box: from `box_of`, usually over more points than these.
    """
    import moocore  # loads a C library

    costs = _at_least_two(box.costs(values))
    return float(moocore.hypervolume(costs, ref=np.ones(costs.shape[1])))


def contributions(values: Floats, box: Box) -> Floats:
    """Share of the box that each point alone dominates: (n_points,).

    What would be lost without the point, were the others those of the front. Dominated points
    contribute nothing, and neither do equal ones, of which one can go.

    Args:
        values: (n_points, n_metrics).
        box: from `box_of`; with a margin, else the ends of the front contribute nothing.
    """
    import moocore

    costs = _at_least_two(box.costs(values))
    found = moocore.hv_contributions(costs, ref=np.ones(costs.shape[1]))
    return np.asarray(found, dtype=np.float64)


def _at_least_two(costs: Floats) -> Floats:
    """With a metric that is ideal everywhere beside a single one; moocore needs two."""
    if costs.shape[1] > 1:
        return costs
    return np.hstack([costs, np.zeros_like(costs)])
