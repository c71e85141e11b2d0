"""Bounds on what designs cost, from evaluated ones with more bits and with fewer.

A network with fewer bits is no more accurate, but for luck: once a width is too small with all the
others at their most, no design with that width is worth an evaluation. Which way an objective goes
with the bits is not assumed but read from the results: the way that they contradict clearly less.
And a design that is contradicted, as one with fewer bits is better, bounds no other.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dse.search.smooth import Modelled

Floats = NDArray[np.float64]
Points = NDArray[np.int_]
Flags = NDArray[np.bool_]

_CLEARLY = 0.5
"""Share of the contradictions of one way that the other has at most, else bits say nothing."""


class BoundedCosts:
    """What points may cost, by a model, within bounds.

    Args:
        model: of the points.
        least: no point costs less, (n_points,).
        most: nor more, (n_points,).
    """

    def __init__(self, model: Modelled, least: Floats, most: Floats) -> None:
        self._model, self._most = model, most
        # bounds that cross are both off; the lower one promises less
        self._least = np.minimum(least, most)

    @property
    def median(self) -> Floats:
        """What each is as likely to be below as above, (n_points,)."""
        return np.clip(self._model.median, self._least, self._most)

    def below(self, values: Floats) -> Floats:
        """Return by how much each is expected to be below costs, (n_points, n_values)."""
        least, most = self._least[:, None], self._most[:, None]
        inside = self._model.below(np.clip(values, least, most)) - self._model.below(least)
        return np.asarray(np.maximum(inside, 0.0) + np.maximum(values - most, 0.0))


def bounded(
    model: Modelled, points: Points, known: Points, costs: Floats, widths: Points
) -> Modelled:
    """Return a model within the bounds that known designs set; the model where they set none.

    Args:
        model: of the points.
        points: as row indices, (n_points, n_axes).
        known: designs with results, (n_known, n_axes).
        costs: of them, (n_known,).
        widths: by axis 1 where it is of bits, -1 where they fall with the rows, else 0.
    """
    if not widths.any():
        return model
    ways = [_Order(known, costs, one) for one in (widths, -widths)]
    better, worse = sorted(ways, key=lambda one: one.contradicted)
    if not better.contradicted < _CLEARLY * worse.contradicted:
        return model
    return BoundedCosts(model, *better.bounds(points))


class _Order:
    """An order of designs in which more bits cost no more.

    Args:
        known: designs with results, (n_known, n_axes).
        costs: of them, (n_known,).
        widths: by axis 1 where more rows are more bits, -1 where they are less, else 0.
    """

    def __init__(self, known: Points, costs: Floats, widths: Points) -> None:
        self._known, self._costs, self._widths = known, costs, widths
        every = np.ones(len(known), dtype=bool)
        least, most = self._bounds(known, every, every)
        self._above, self._below = costs <= most, costs >= least
        self.contradicted = float((least - costs).max())
        """By how much a design at most costs less than one with more bits."""

    def bounds(self, points: Points) -> tuple[Floats, Floats]:
        """Return the least and the most that each point costs, both (n_points,)."""
        return self._bounds(points, self._above, self._below)

    def _bounds(self, points: Points, above: Flags, below: Flags) -> tuple[Floats, Floats]:
        """Return bounds by some designs with more bits, and some with fewer."""
        least, most = np.full(len(points), -np.inf), np.full(len(points), np.inf)
        for at, by in self._comparable(points):
            bits, known = points[at][:, None] * self._widths, self._known[by] * self._widths
            more = (known >= bits).all(axis=2) & above[by]
            fewer = (known <= bits).all(axis=2) & below[by]
            least[at] = np.where(more, self._costs[by], -np.inf).max(axis=1)
            most[at] = np.where(fewer, self._costs[by], np.inf).min(axis=1)
        return least, most

    def _comparable(self, points: Points) -> Iterator[tuple[Points, Points]]:
        """Yield indices of points and of known designs that differ in bits alone."""
        others = np.vstack([self._known, points])[:, self._widths == 0]
        labels = np.unique(others, axis=0, return_inverse=True)[1].reshape(-1)
        of_known, own = np.split(labels, [len(self._known)])
        for label in np.unique(of_known):
            yield np.flatnonzero(own == label), np.flatnonzero(of_known == label)
