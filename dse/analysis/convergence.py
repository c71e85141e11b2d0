"""Hypervolume against the number of evaluated points: has a search found what there is?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dse.analysis.hypervolume import Box, Floats, hypervolume

_CHUNK = 1000


@dataclass(frozen=True)
class ConvergenceStep:
    """The state after one more point.

    Args:
        n_evaluated: points so far, this one included.
        point: its number in the study.
        at: when its last evaluation ended, in UTC.
        hypervolume: share of the box that the points so far dominate.
        n_front: points on the front of those so far.
        entered: whether this one was on the front when it came; later ones may beat it.
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
    """When points were evaluated, in that order; those that are not yet are left out.

    Args:
        finishes: ends of evaluations, by number of the point and backend.
        backends: those whose numbers are compared; a point is evaluated once all of them are.
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
    """One step per evaluated point.

    Args:
        numbers: of points that count; any other was evaluated without adding to the front.
        costs: theirs, of shape (points, metrics), from `dse.analysis.hypervolume.Box.costs`.
        ordered: from `order`.
    """
    steps: list[ConvergenceStep] = []
    rows = {number: index for index, number in enumerate(numbers)}
    n_metrics, share = costs.shape[1], 0.0
    front, unit = np.empty((0, n_metrics)), Box((0.0,) * n_metrics, (1.0,) * n_metrics)
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        hopeful = _hopeful([rows[n] for _, n in chunk if n in rows], costs, front)
        for at, number in chunk:
            row = rows.get(number, -1)
            entered = row in hopeful and not _beaten(costs[[row]], front)[0]
            if entered:
                front = _with(costs[row], front)
                share = hypervolume(front, unit)
            steps.append(ConvergenceStep(len(steps) + 1, number, at, share, len(front), entered))
    return steps


def _hopeful(rows: Sequence[int], costs: Floats, front: Floats) -> set[int]:
    """Those that the front so far does not beat; of many points, most are not worth a look."""
    beaten = _beaten(costs[list(rows)], front)
    return {row for row, is_beaten in zip(rows, beaten, strict=True) if not is_beaten}


def _beaten(costs: Floats, front: Floats) -> NDArray[np.bool_]:
    """Of each row, whether the front has one that is no worse in all and better in some."""
    values = costs[:, np.newaxis, :]
    no_worse, better = np.all(front <= values, axis=2), np.any(front < values, axis=2)
    beaten: NDArray[np.bool_] = np.any(no_worse & better, axis=1)
    return beaten


def _with(cost: Floats, front: Floats) -> Floats:
    """The front with one more point, without those that it beats."""
    beaten = (cost <= front).all(axis=1) & (cost < front).any(axis=1)
    return np.vstack([front[~beaten], cost])
