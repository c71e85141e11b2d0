"""Intervals of numbers that were measured or resampled, and of predictions."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def central_95(values: NDArray[np.float64] | Sequence[float]) -> tuple[float, float]:
    """Return the bounds of the central 95 % of values, (n,), in the values' unit."""
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


Interval = tuple[float | None, float | None]
"""Lower and upper end of a 95 % interval; None where there is none."""


def told_apart(one: Interval, other: Interval) -> bool:
    """Return whether a difference of two numbers may be called better or worse.

    The one rule of commands and dashboard: where both numbers have an interval, the intervals
    must not overlap, ends included. It errs on the side of no verdict: a paired test, as fronts
    do for ties, finds smaller differences. Without both intervals the numbers count as exact.
    """
    (low, high), (least, most) = one, other
    if low is None or high is None or least is None or most is None:
        return True
    return high < least or most < low


WITHIN = "within the intervals"
"""What stands where two numbers differ but are not told apart."""


def conformal(errors: NDArray[np.float64] | Sequence[float], level: float) -> float:
    """Return the size of error that a new one stays below with a probability of `level`.

    The split-conformal quantile (Lei et al. 2018, doi 10.1080/01621459.2017.1307116): the
    ceil((n + 1) level)-th smallest size of n errors that had no part in the fit. Too few errors
    give the largest size, which then promises less than `level`.

    Args:
        errors: (n,), of either sign, n at least 1.
        level: share of new errors that shall be smaller, 0 to 1.
    """
    sizes = np.sort(np.abs(errors))
    place = math.ceil((len(sizes) + 1) * level)
    return float(sizes[min(place, len(sizes)) - 1])
