"""A model of one objective over a space: the sum of one curve per axis, and what they leave over.

It is a Gaussian process whose covariance is that of a sum: one term per axis, and a small one over
all axes together. The first terms give the additive part as a table of every row of every axis,
which an integer programme can be solved on; the last one lets the model meet interactions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Points = NDArray[np.int_]

Alike = tuple[Floats, Floats]
"""Likeness of points to known ones: the mean over axes, and on all of them at once."""

_LENGTH = 0.8
"""Distance on an axis, in shares of it, over which the curve of an ordered axis bends."""

_TOGETHER = 0.3
"""Share of the variance that interactions have at first, before it is chosen by likelihood."""

_SHARES = (0.1, _TOGETHER, 0.6, 0.9)
_NOISE = 1e-3


class Likeness:
    """How alike points are to known ones: on the mean of all axes, and on all axes at once.

    It is the same for all models of the same points.

    Args:
        lengths: rows of every axis.
        ordered: by axis, whether neighbouring rows are alike.
        known: evaluated points as row indices, (n_known, n_axes).
    """

    def __init__(self, lengths: Sequence[int], ordered: Sequence[bool], known: Points) -> None:
        self.lengths, self._ordered, self._known = lengths, ordered, known

    def at(self, points: Points) -> Alike:
        """Return both from 0 to 1, each (n_points, n_known)."""
        alone = np.zeros((len(points), len(self._known)))
        logs = np.zeros_like(alone)
        for axis in range(len(self.lengths)):
            near = self.of_axis(axis, np.arange(self.lengths[axis]))
            alone += near[points[:, axis]]
            logs += np.log(np.clip(near, 1e-9, None))[points[:, axis]]
        count = len(self.lengths)
        return alone / count, np.exp(logs / np.sqrt(count))

    def of_axis(self, axis: int, rows: Points) -> Floats:
        """Return how alike rows of an axis are to those of the known points, from 0 to 1."""
        known = self._known[:, axis]
        if not self._ordered[axis]:
            return np.equal.outer(rows, known).astype(np.float64)
        span = _LENGTH * max(self.lengths[axis] - 1, 1)
        far = np.sqrt(3) * np.abs(np.subtract.outer(rows, known)) / span
        return np.asarray((1 + far) * np.exp(-far))  # a Matérn curve: it bends, and has no corners


class AdditiveModel:
    """The model of one value, fitted to evaluated points.

    Args:
        likeness: to the evaluated points.
        among: of these to each other, `likeness.at` of them.
        values: (n_points,), finite.
    """

    def __init__(self, likeness: Likeness, among: Alike, values: Floats) -> None:
        self._likeness = likeness
        self._mean, self._scale = float(values.mean()), float(values.std()) or 1.0
        target = (values - self._mean) / self._scale
        fits = [(_fit(_mixed(among, share), target), share) for share in _SHARES]
        (_, self._weights, self._factor), self._share = max(fits, key=lambda fit: fit[0][0])

    def predict(self, alike: Alike) -> tuple[Floats, Floats]:
        """Return mean and standard deviation, each (n_points,).

        Args:
            alike: of the points, by `Likeness.at`.
        """
        from scipy.linalg import solve_triangular

        with_known = _mixed(alike, self._share)
        half = solve_triangular(self._factor, with_known.T, lower=True)
        spread = np.sqrt(np.clip(1.0 - (half**2).sum(axis=0), 1e-9, None))
        return self._mean + self._scale * (with_known @ self._weights), self._scale * spread

    def tables(self) -> list[Floats]:
        """Return by axis the additive part for every row, (n_rows,), without the common mean."""
        lengths = self._likeness.lengths
        share = (1 - self._share) / len(lengths)
        return [
            self._scale * share * self._likeness.of_axis(axis, np.arange(length)) @ self._weights
            for axis, length in enumerate(lengths)
        ]

    def below(self, value: float) -> float:
        """Return how large the sum over the tables may be for the model to give a value."""
        return value - self._mean


def _mixed(alike: Alike, share: float) -> Floats:
    """Return the covariance with a share of interactions."""
    alone, together = alike
    return np.asarray((1 - share) * alone + share * together)


def _fit(covariance: Floats, target: Floats) -> tuple[float, Floats, Floats]:
    """Return log-likelihood, weights and lower factor."""
    from scipy.linalg import cho_solve, cholesky  # slow to import

    factor = cholesky(covariance + _NOISE * np.eye(len(target)), lower=True)
    weights = cho_solve((factor, True), target)
    likelihood = -0.5 * float(target @ weights) - float(np.log(np.diag(factor)).sum())
    return likelihood, np.asarray(weights), np.asarray(factor)
