"""Where one design stands: on the front or not, what beats it, and what to take instead."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.analysis.columns import Column
from dse.analysis.comparison import compare
from dse.analysis.decision import beaten_by, that_beat
from dse.analysis.points import Points


@dataclass(frozen=True)
class Standing:
    """Standing of a design among all points of its study that have its objectives.

    Args:
        lacks: objectives that it has no number for; all else is empty then.
        n_compared: points with all objectives, itself included.
        beaten_by: points that are as good in all objectives and better in one, nearest first.
        beats: number of points that are worse in one objective and better in none.
    """

    lacks: tuple[Column, ...]
    n_compared: int = 0
    beaten_by: tuple[int, ...] = ()
    beats: int = 0

    @property
    def on_front(self) -> bool:
        """Whether no other point beats it."""
        return not self.lacks and not self.beaten_by

    @property
    def nearest_better(self) -> int | None:
        """The point that beats it and differs least in the objectives."""
        return self.beaten_by[0] if self.beaten_by else None


def standing(points: Points, columns: Sequence[Column], number: int) -> Standing:
    """Return how a design stands in some columns, whatever the limits of the study are."""
    values = {column: points.numbers(column)["value"] for column in columns}
    lacks = tuple(column for column, found in values.items() if np.isnan(found[number]))
    if lacks or not columns:
        return Standing(lacks)
    compared = compare(points, columns, points.select(()))
    place = compared.numbers.index(number)
    better = that_beat(compared.values, compared.directions, place)
    ordered = sorted(better.tolist(), key=lambda index: _distance(compared.values, index, place))
    beaten = beaten_by(compared.values, compared.directions, place)
    numbers = tuple(compared.numbers[index] for index in ordered)
    return Standing((), len(compared.numbers), numbers, len(beaten))


def _distance(values: NDArray[np.float64], index: int, place: int) -> float:
    """Return the distance of two rows, each column as a share of its span."""
    span = np.ptp(values, axis=0)
    return float(np.linalg.norm((values[index] - values[place]) / np.where(span > 0, span, 1.0)))
