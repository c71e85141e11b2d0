"""A model of one objective over a space of few axes, whose designs may be far from sums.

It is a Gaussian process of the logarithm of a cost's distance from the best one, plus an offset.
The likelihood chooses the offset, and so a scale from nearly logarithmic to nearly linear (a warped
Gaussian process; Snelson et al. 2003).
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dse.search.process import Process, Shape

Floats = NDArray[np.float64]
Points = NDArray[np.int_]

_OFFSETS = (0.02, 0.1, 0.4, 2.0)
"""What is added to the distance from the best, in spans, before the logarithm."""

_USUAL = 0.1
"""The offset that is tried first."""

_FARTHEST = 4.0
"""Distance from the best, in spans, from which on all costs are alike."""


class SmoothModel:
    """The model of one objective, fitted to evaluated points.

    Args:
        lengths: rows of every axis.
        ordered: by axis, whether neighbouring rows are alike.
        points: evaluated ones as row indices, (n_points, n_axes).
        costs: of them, (n_points,), finite; smaller is better.
    """

    def __init__(
        self, lengths: Sequence[int], ordered: Sequence[bool], points: Points, costs: Floats
    ) -> None:
        self._lengths, self._ordered = lengths, ordered
        self._best = float(costs.min())
        self._span = max(float(np.quantile(costs, 0.9)) - self._best, 1e-12)
        distances = np.clip((costs - self._best) / self._span, 0, _FARTHEST)
        coordinates = self._coordinates(points)
        shape = Shape.usual(coordinates.shape[1], self._bent())
        self._offset, self._process = _fitted(coordinates, distances, shape)

    def at(self, points: Points) -> "Costs":
        """Return what points may cost, given as row indices, (n_points, n_axes)."""
        mean, spread = self._process.predict(self._coordinates(points))
        return Costs(mean, spread, self._offset, self._best, self._span)

    def _coordinates(self, points: Points) -> Floats:
        """Return points in the unit cube; unordered axes have a coordinate for every row."""
        columns = [
            points[:, [axis]] / max(length - 1, 1)
            if self._ordered[axis]
            else np.equal.outer(points[:, axis], np.arange(length)).astype(np.float64)
            for axis, length in enumerate(self._lengths)
        ]
        return np.hstack(columns)

    def _bent(self) -> list[int]:
        """Return the coordinates that may be bent: those of ordered axes of three rows or more."""
        pairs = list(zip(self._lengths, self._ordered, strict=True))
        starts = np.cumsum([0] + [1 if ordered else length for length, ordered in pairs])
        return [int(at) for at, (n, o) in zip(starts, pairs, strict=False) if o and n > 2]


class Modelled(Protocol):
    """What points may cost in one objective, as a choice needs it."""

    @property
    def median(self) -> Floats:
        """What each is as likely to be below as above, (n_points,)."""

    def below(self, values: Floats) -> Floats:
        """Return by how much each is expected to be below costs, (n_points, n_values)."""


class Costs:
    """What points may cost in one objective: their logarithms are normally distributed.

    Args:
        mean: of the logarithms, (n_points,).
        spread: their standard deviations, (n_points,).
        offset: added to costs before the logarithm, in spans.
        best: cost whose distance is zero.
        span: unit of distances.
    """

    def __init__(
        self, mean: Floats, spread: Floats, offset: float, best: float, span: float
    ) -> None:
        self._mean, self._spread = mean, spread
        self._offset, self._best, self._span = offset, best, span

    @property
    def median(self) -> Floats:
        """What each is as likely to be below as above, (n_points,)."""
        return np.asarray(self._best + self._span * (np.exp(self._mean) - self._offset))

    def below(self, values: Floats) -> Floats:
        """Return by how much each is expected to be below costs, (n_points, n_values).

        Where it is above one, nothing counts.

        Args:
            values: the costs, (n_values,), or those of each point, (n_points, n_values).
        """
        from scipy.special import ndtr

        distances = (values - self._best) / self._span + self._offset
        reached = np.maximum(distances, 1e-300)
        far = (np.log(reached) - self._mean[:, None]) / self._spread[:, None]
        mean = np.exp(self._mean + self._spread**2 / 2)[:, None]
        found = reached * ndtr(far) - mean * ndtr(far - self._spread[:, None])
        return np.asarray(self._span * np.maximum(found, 0.0))


class KnownCosts:
    """Costs that are known of some points, and modelled for the others.

    Args:
        known: of all points, (n_points,); NaN where they are not known.
        model: of all points; None where all are known.
    """

    def __init__(self, known: Floats, model: Modelled | None = None) -> None:
        self._known, self._model = known, model

    @property
    def median(self) -> Floats:
        """What each costs, or is as likely to be below as above, (n_points,)."""
        if self._model is None:
            return self._known
        return np.where(np.isnan(self._known), self._model.median, self._known)

    def below(self, values: Floats) -> Floats:
        """Return by how much each is expected to be below costs, (n_points, n_values)."""
        known = self._known[:, None]
        exact = np.maximum(values - known, 0.0)
        return (
            exact
            if self._model is None
            else np.where(np.isnan(known), self._model.below(values), exact)
        )


def _fitted(coordinates: Floats, distances: Floats, start: Shape) -> tuple[float, Process]:
    """Return the offset under which distances are most likely, and the process fitted there."""
    first = Process(coordinates, np.log(_USUAL + distances), start, fitted=False)

    def loss(offset: float) -> float:
        # which axes count hardly depends on the scale: it is chosen with the same shape
        values = np.log(offset + distances)
        return Process(coordinates, values, first.shape, fitted=True).loss + float(values.sum())

    offset = min(_OFFSETS, key=loss)
    if offset == _USUAL:
        return offset, first
    return offset, Process(coordinates, np.log(offset + distances), first.shape, fitted=False)
