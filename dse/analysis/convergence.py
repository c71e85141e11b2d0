"""Hypervolume against the number of evaluated points: has a search found what there is?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dse.analysis.hypervolume import Box, Floats, hypervolume
from dse.analysis.select import Comparison


@dataclass(frozen=True)
class Step:
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


def converge(compared: Comparison, box: Box, ordered: Sequence[tuple[datetime, int]]) -> list[Step]:
    """One step per evaluated point.

    Args:
        compared: points that count; any other was evaluated without adding to the front.
        box: from `dse.analysis.reference.reference_box`, over all of these.
        ordered: from `order`.
    """
    numbers = [row.point.number for row in compared.rows]
    costs = dict(zip(numbers, box.costs(compared.values), strict=True))
    steps: list[Step] = []
    n_metrics, share = len(compared.columns), 0.0
    front, unit = np.empty((0, n_metrics)), Box((0.0,) * n_metrics, (1.0,) * n_metrics)
    for at, number in ordered:
        entered = number in costs and not _beaten(costs[number], front)
        if entered:
            front = _with(costs[number], front)
            share = hypervolume(front, unit)
        steps.append(Step(len(steps) + 1, number, at, share, len(front), entered))
    return steps


def _beaten(cost: Floats, front: Floats) -> bool:
    return bool(((front <= cost).all(axis=1) & (front < cost).any(axis=1)).any())


def _with(cost: Floats, front: Floats) -> Floats:
    """The front with one more point, without those that it beats."""
    beaten = (cost <= front).all(axis=1) & (cost < front).any(axis=1)
    return np.vstack([front[~beaten], cost])
