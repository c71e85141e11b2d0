"""What a search knows, as arrays of costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dse.analysis.front import front_mask
from dse.contracts.metrics import Direction
from dse.search.observed import Observation

Floats = NDArray[np.float64]

_PARENTS = 8
"""Designs, at least, that others are made from."""

_KEPT = -0.1
"""Margin of a design that keeps limits, where nothing tells by how much."""


@dataclass(frozen=True)
class Told:
    """What is known, as costs: smaller is better in every column.

    Args:
        rows: points with results, (n_points, n_axes).
        costs: their objectives, (n_points, n_objectives).
        violations: by how much each misses limits, (n_points,).
        margins: the same limit by limit, below zero where it is kept, (n_points, n_limits).
        failed: points whose evaluation failed, (n_failed, n_axes).
    """

    rows: NDArray[np.int_]
    costs: Floats
    violations: Floats
    margins: Floats
    failed: NDArray[np.int_]

    @classmethod
    def of(
        cls, told: Sequence[Observation], directions: Sequence[Direction], n_axes: int
    ) -> "Told":
        """Return observations that have values."""
        good = [one for one in told if one.values is not None]
        signs = signs_of(directions)
        costs = np.array([one.values for one in good], dtype=np.float64)
        rows = np.array([one.rows for one in good], dtype=np.int_)
        violations = np.array([one.violation for one in good], dtype=np.float64)
        margins = [one.margins or (one.violation or _KEPT,) for one in good]
        failed = np.array([one.rows for one in told if one.values is None], dtype=np.int_)
        return cls(
            rows.reshape(len(good), n_axes),
            costs.reshape(len(good), len(signs)) * signs,
            violations,
            np.array(margins, dtype=np.float64).reshape(len(good), -1 if good else 0),
            failed.reshape(-1, n_axes) if n_axes else failed.reshape(len(failed), 0),
        )

    @cached_property
    def front(self) -> NDArray[np.int_]:
        """Indices of the designs to start from: the front, or those that miss limits least."""
        kept = np.flatnonzero(self.violations == 0)
        if not len(kept):
            return np.argsort(self.violations, kind="stable")[:_PARENTS]
        mask = front_mask(self.costs[kept], all_minimised(self.costs))
        if mask.sum() >= _PARENTS:
            return kept[mask]
        # a front of few designs: those next to it, by their ranks, are worth a change too
        ranks = self.costs[kept].argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
        order = np.argsort(np.where(mask, -1, ranks.sum(axis=1)), kind="stable")
        return kept[order[:_PARENTS]]


def signs_of(directions: Sequence[Direction]) -> Floats:
    """Return by objective what makes a cost of its value, (n_objectives,)."""
    return np.array([1.0 if way == "minimise" else -1.0 for way in directions])


def all_minimised(costs: Floats) -> tuple[Direction, ...]:
    """Return the directions of costs."""
    return tuple("minimise" for _ in costs[0]) if len(costs) else ()
