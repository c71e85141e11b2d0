"""What a search is told of an evaluated point."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.search.candidates import Rows

KnownObjectives = Callable[[Sequence[Rows]], NDArray[np.float64]]
"""Gives objectives of points that are not evaluated, (n_points, n_objectives), in their units.

It is NaN where the objective has to be evaluated, and infinite where there is none, such as for a
configuration that is refused.
"""


@dataclass(frozen=True)
class Observation:
    """The result of one evaluated point, as a sampler needs it.

    Args:
        rows: the point, as one row index per axis.
        values: one per objective; None if the evaluation failed or lacks an objective.
        violation: sum over limits of how far the point misses each, relative to the limit; 0 if
            it keeps them all.
        margins: by limit, how far the point misses it, relative to the limit; negative by how
            far it keeps it. Empty where they are not known one by one.
    """

    rows: Rows
    values: tuple[float, ...] | None
    violation: float = 0.0
    margins: tuple[float, ...] = ()
