"""Models of sums over axes: what candidates may cost, if they keep limits, and their optima."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dse.search.additive import AdditiveModel, Alike, Likeness
from dse.search.candidates import Rows
from dse.search.knapsack import best_rows
from dse.search.smooth import Costs
from dse.search.told import Told

Floats = NDArray[np.float64]
Points = NDArray[np.int_]

_LATEST = 500
"""Observations that models are fitted to: the best and the latest."""

_OFFSET = 0.02
"""Smallest difference to the best cost that counts, in spans."""

_FEWEST_KEPT = 16
"""Designs that keep all limits, from which on these alone tell how far costs vary."""

_FARTHEST = 3.0
"""Margin of a limit, relative to it, from which on all count alike."""


class Sums:
    """Models of objectives and limits of one batch.

    Args:
        told: what is known.
        lengths: rows of every axis.
        ordered: by axis, whether neighbouring rows are alike.
        free: axes with more than one row.
        random: of all random choices.
    """

    def __init__(
        self,
        told: Told,
        lengths: Points,
        ordered: Sequence[bool],
        free: Points,
        random: np.random.Generator,
    ) -> None:
        self._told, self._lengths, self._free, self._random = told, lengths, free, random
        self._ordered = [ordered[axis] for axis in free]

    @cached_property
    def known(self) -> Points:
        """Indices of the observations that models are fitted to."""
        latest = range(len(self._told.rows) - 1, -1, -1)
        return np.array(list(dict.fromkeys([*self._told.front.tolist(), *latest]))[:_LATEST])

    @cached_property
    def likeness(self) -> Likeness:
        """Likeness to the known observations."""
        return self._like(self._told.rows[self.known])

    def costs(self, alike: Alike) -> list[Costs]:
        """Return by objective what points may cost, given `likeness.at` of them."""
        best, span = self._span
        pairs = [model.predict(alike) for model in self._models]
        return [
            Costs(mean, spread, _OFFSET, float(low), float(wide))
            for (mean, spread), low, wide in zip(pairs, best, span, strict=True)
        ]

    def chance(self, alike: Alike, points: Points) -> Floats:
        """Return the logarithm of the chance that all limits are kept, (n_points,)."""
        found = np.zeros(len(points))
        for model in self._limits:
            found += _log_chance(*model.predict(alike))
        if self._failing is not None:
            likeness, model = self._failing
            found += _log_chance(*model.predict(likeness.at(points)))
        return found

    def optima(self, count: int) -> Iterator[Rows]:
        """Yield optima of the models, within limits and budgets between known designs."""
        tables = [model.tables() for model in self._models]
        limits = [model.tables() for model in self._limits]
        front = self._told.rows[self._told.front][:, self._free]
        worth = np.array([_sums(one, front) for one in tables])  # (n_objectives, n_front)
        kept = np.array([_sums(one, front) for one in limits])
        for _ in range(count):
            target = int(self._random.integers(len(tables)))
            others = [i for i in range(len(tables)) if i != target]
            one, two = self._random.integers(worth.shape[1], size=2)
            mix = self._random.random()
            budgets = [mix * worth[i, one] + (1 - mix) * worth[i, two] for i in others]
            # the limit itself with room, or what a design of the front takes: the model may be off
            room = float(self._random.choice((0.0, 0.3, 1.0)))
            budgets += [
                max(mix * own[one] + (1 - mix) * own[two], model.below(0.0) - room)
                for own, model in zip(kept, self._limits, strict=True)
            ]
            used = [*(tables[i] for i in others), *limits]
            found = best_rows(tables[target], used, budgets)
            if found is not None:
                rows = np.zeros(len(self._lengths), dtype=int)
                rows[self._free] = found
                yield tuple(map(int, rows))

    def _like(self, rows: Points) -> Likeness:
        lengths = self._lengths[self._free].tolist()
        return Likeness(lengths, self._ordered, rows[:, self._free])

    def _model(self, values: Floats) -> AdditiveModel:
        return AdditiveModel(self.likeness, values)

    @cached_property
    def _models(self) -> list[AdditiveModel]:
        """Models of logarithms of costs above the best, so that small differences matter most."""
        best, span = self._span
        distances = np.clip((self._told.costs[self.known] - best) / span, 0, 4)
        return [self._model(column) for column in np.log(_OFFSET + distances).T]

    @cached_property
    def _limits(self) -> list[AdditiveModel]:
        """Models of the margins of those limits that any observation misses."""
        margins = np.clip(self._told.margins[self.known], -1.0, _FARTHEST)
        # small margins matter most, on both sides
        return [self._model(np.arcsinh(10 * one)) for one in margins.T if (one > 0).any()]

    @cached_property
    def _failing(self) -> tuple[Likeness, AdditiveModel] | None:
        """Model that is above zero where evaluations fail; None where none did."""
        failed = self._told.failed[-_LATEST:]
        if not len(failed):
            return None
        rows = np.vstack([self._told.rows[self.known], failed])
        likeness = self._like(rows)
        signs = np.repeat([-1.0, 1.0], [len(self.known), len(failed)])
        return likeness, AdditiveModel(likeness, signs)

    @cached_property
    def _span(self) -> tuple[Floats, Floats]:
        """Best cost of every objective and its unit: the span of designs that keep the limits.

        Costs below those designs count too, down to one span, since a limit may be missed little.
        """
        costs = self._told.costs
        kept = costs[self._told.violations == 0]
        good = kept if len(kept) >= _FEWEST_KEPT else costs
        least = good.min(axis=0)
        span = np.maximum(np.quantile(good, 0.9, axis=0) - least, 1e-12)
        return np.maximum(costs.min(axis=0), least - span), span


def _log_chance(mean: Floats, spread: Floats) -> Floats:
    """Return the logarithm of the chance to be below zero."""
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr(-mean / (spread + 1e-3)))


def _sums(tables: Sequence[Floats], points: Points) -> Floats:
    """Return the sum of every point's rows, (n_points,)."""
    parts = [table[points[:, axis]] for axis, table in enumerate(tables)]
    return np.asarray(np.sum(parts, axis=0))
