"""A model of one objective over a space: the sum of one curve per axis, and what they leave over.

It is a Gaussian process whose covariance is that of a sum: one term per axis, and a small one over
all axes together. The first terms give the additive part as a table of every row of every axis,
which an integer programme can be solved on; the last one lets the model meet interactions.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Points = NDArray[np.int_]

_LENGTH = 0.8
"""Distance on an axis, in shares of it, over which the curve of an ordered axis bends."""

_TOGETHER = 0.3
"""Share of the variance that interactions have at first, before it is chosen by likelihood."""

_SHARES = (0.1, _TOGETHER, 0.6, 0.9)
_NOISE = 1e-3


class AdditiveModel:
    """The model of one objective, fitted to evaluated points.

    Args:
        lengths: rows of every axis.
        ordered: by axis, whether neighbouring rows are alike.
        points: evaluated ones as row indices, (n_points, n_axes).
        values: of the objective, (n_points,), finite.
    """

    def __init__(
        self, lengths: Sequence[int], ordered: Sequence[bool], points: Points, values: Floats
    ) -> None:
        self._lengths, self._ordered, self._points = lengths, ordered, points
        self._mean, self._scale = float(values.mean()), float(values.std()) or 1.0
        target = (values - self._mean) / self._scale
        own = self._axes(points)
        fits = [(self._fit(own, share, target), share) for share in _SHARES]
        (_, self._weights, self._factor), self._share = max(fits, key=lambda fit: fit[0][0])

    def predict(self, points: Points) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of the objective, each (n_points,)."""
        with_known = self._covariance(self._axes(points), self._share)
        mean = with_known @ self._weights
        half = np.linalg.solve(self._factor, with_known.T)
        spread = np.sqrt(np.clip(1.0 - (half**2).sum(axis=0), 1e-9, None))
        return self._mean + self._scale * mean, self._scale * spread

    def tables(self) -> list[Floats]:
        """Return by axis the additive part for every row, (n_rows,), without the common mean."""
        share = (1 - self._share) / len(self._lengths)
        return [
            self._scale * share * self._near(axis, np.arange(length)) @ self._weights
            for axis, length in enumerate(self._lengths)
        ]

    def below(self, value: float) -> float:
        """Return how large the sum over the tables may be for the objective to be a value."""
        return value - self._mean

    def _near(self, axis: int, rows: Points) -> Floats:
        """Return how alike rows of an axis are to those of the known points, from 0 to 1."""
        known = self._points[:, axis]
        if not self._ordered[axis]:
            return np.equal.outer(rows, known).astype(np.float64)
        span = _LENGTH * max(self._lengths[axis] - 1, 1)
        far = np.sqrt(3) * np.abs(np.subtract.outer(rows, known)) / span
        return np.asarray((1 + far) * np.exp(-far))  # a Matérn curve: it bends, and has no corners

    def _axes(self, points: Points) -> Floats:
        """Return `_near` of every axis, (n_axes, n_points, n_known)."""
        axes = range(len(self._lengths))
        return np.array([self._near(axis, points[:, axis]) for axis in axes])

    @staticmethod
    def _covariance(own: Floats, share: float) -> Floats:
        alone = own.mean(axis=0)
        together = np.exp(np.log(np.clip(own, 1e-9, None)).sum(axis=0) / np.sqrt(len(own)))
        return np.asarray((1 - share) * alone + share * together)

    def _fit(self, own: Floats, share: float, target: Floats) -> tuple[float, Any, Any]:
        """Return the log-likelihood with a share of interactions, weights and factor."""
        covariance = self._covariance(own, share) + _NOISE * np.eye(len(target))
        factor = np.linalg.cholesky(covariance)
        half = np.linalg.solve(factor, target)
        weights = np.linalg.solve(factor.T, half)
        likelihood = -0.5 * float(half @ half) - float(np.log(np.diag(factor)).sum())
        return likelihood, np.asarray(weights), np.asarray(factor)
