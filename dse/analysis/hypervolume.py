"""Hypervolume: the share of a box of possible trade-offs that a set of points dominates.

The box lies between an ideal and a reference point. Every metric is scaled so that it is 0 at
the ideal and 1 at the reference; a volume is then a share of the box, without unit. Shares
can be compared only if they refer to the same box.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.contracts.metrics import Direction

Floats = NDArray[np.float64]

MOST_METRICS = 5
"""Most metrics of a hypervolume: 1,000 points take 0.01 s with five metrics, 2 s with six."""


@dataclass(frozen=True)
class Box:
    """The box in which volumes are measured.

    Args:
        ideal: the best value of each metric, in its unit.
        reference: the worst value of each metric, in its unit; only points better than it in
            every metric dominate any volume.
    """

    ideal: tuple[float, ...]
    reference: tuple[float, ...]

    def costs(self, values: Floats) -> Floats:
        """Return values, (n_points, n_metrics), scaled to 0 at the ideal, 1 at the reference.

        A metric whose ideal equals its reference distinguishes no points; its cost is 0.
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
    """Return the box from the best to the worst value of each metric among the points.

    The worst value is that of all given points, not of their front alone, so that the box does
    not change with every point that enters the front. A point that is the worst in one metric
    dominates no volume, however good it is in the others; a margin lets it count.

    Args:
        values: (n_points, n_metrics), finite, at least one point.
        directions: one per metric.
        reference: values to use instead of the worst, by index of the metric.
        margin: share of the span from best to worst by which the worst values are moved out.

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
    """Return the share of the box that the points dominate.

    It is above 1 only if a point is better than the ideal.

    Args:
        values: (n_points, n_metrics), in the units of the metrics; without points the share
            is 0.
        box: from `box_of`, usually over more points than these.
    """
    import moocore  # imported late: loads a C library

    costs = _at_least_two(box.costs(values))
    return float(moocore.hypervolume(costs, ref=np.ones(costs.shape[1])))


def contributions(values: Floats, box: Box) -> Floats:
    """Return the share of the box that each point alone dominates, (n_points,).

    This is the hypervolume that would be lost without the point. It is 0 for dominated points
    and for points that occur twice, of which either may go.

    Args:
        values: (n_points, n_metrics), in the units of the metrics.
        box: from `box_of` with a margin; without one, the ends of the front contribute nothing.
    """
    import moocore

    costs = _at_least_two(box.costs(values))
    found = moocore.hv_contributions(costs, ref=np.ones(costs.shape[1]))
    return np.asarray(found, dtype=np.float64)


def _at_least_two(costs: Floats) -> Floats:
    """Add a metric of cost 0 beside a single one, since moocore needs at least two."""
    if costs.shape[1] > 1:
        return costs
    return np.hstack([costs, np.zeros_like(costs)])
