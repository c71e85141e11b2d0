"""Convergence of a search: hypervolume against the number of evaluated points."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dse.analysis.hypervolume import Box, Floats, hypervolume

_CHUNK = 1000
"""Points that are compared with the front in one array operation."""


@dataclass(frozen=True)
class ConvergenceStep:
    """State of a search after one more evaluated point.

    Args:
        n_evaluated: evaluated points, this one included.
        point: number of this point in the study.
        at: when its last evaluation ended, in UTC.
        hypervolume: share of the box that the points evaluated so far dominate.
        n_front: points on the front of those.
        entered: whether this point entered the front; later points may dominate it.
    """

    n_evaluated: int
    point: int
    at: datetime
    hypervolume: float
    n_front: int
    entered: bool


def order(
    finishes: Mapping[int, Mapping[str, datetime]], backends: Collection[str]
) -> list[tuple[datetime, int]]:
    """Return (time, number) of evaluated points in the order of their evaluation.

    Args:
        finishes: end of each evaluation, by number of the point and backend.
        backends: backends whose metrics are compared. A point counts as evaluated at the end
            of the last of them, and is left out while one is missing.
    """
    done = {
        number: max(ends[backend] for backend in backends)
        for number, ends in finishes.items()
        if ends.keys() >= set(backends)
    }
    return sorted((at, number) for number, at in done.items())


def converge(
    numbers: Sequence[int], costs: Floats, ordered: Sequence[tuple[datetime, int]]
) -> list[ConvergenceStep]:
    """Return one step per evaluated point.

    Args:
        numbers: points that have all compared metrics; the others are steps without effect.
        costs: scaled metrics of these, (n_points, n_metrics), from `Box.costs`.
        ordered: all evaluated points, from `order`.
    """
    steps: list[ConvergenceStep] = []
    rows = {number: index for index, number in enumerate(numbers)}
    n_metrics, share = costs.shape[1], 0.0
    front, unit = np.empty((0, n_metrics)), Box((0.0,) * n_metrics, (1.0,) * n_metrics)
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        # Most points are dominated by the front before their chunk; one array operation sorts
        # these out, and only the others are compared one by one.
        hopeful = _not_dominated([rows[n] for _, n in chunk if n in rows], costs, front)
        for at, number in chunk:
            row = rows.get(number, -1)
            entered = row in hopeful and not _dominated(costs[[row]], front)[0]
            if entered:
                front = _add_to_front(costs[row], front)
                share = hypervolume(front, unit)
            steps.append(ConvergenceStep(len(steps) + 1, number, at, share, len(front), entered))
    return steps


def _not_dominated(rows: Sequence[int], costs: Floats, front: Floats) -> set[int]:
    """Return the rows of `costs` that no point of the front dominates."""
    dominated = _dominated(costs[list(rows)], front)
    return {row for row, is_dominated in zip(rows, dominated, strict=True) if not is_dominated}


def _dominated(costs: Floats, front: Floats) -> NDArray[np.bool_]:
    """Whether the front has a point no worse in all metrics and better in one, for each row."""
    values = costs[:, np.newaxis, :]
    no_worse, better = np.all(front <= values, axis=2), np.any(front < values, axis=2)
    dominated: NDArray[np.bool_] = np.any(no_worse & better, axis=1)
    return dominated


def _add_to_front(cost: Floats, front: Floats) -> Floats:
    """Return the front with one more point and without those that the point dominates."""
    dominated = (cost <= front).all(axis=1) & (cost < front).any(axis=1)
    return np.vstack([front[~dominated], cost])
