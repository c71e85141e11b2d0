"""A Gaussian process that learns which axes count, and where along them values change.

Every axis has a length scale of its own (automatic relevance determination; Rasmussen and Williams,
Gaussian Processes for Machine Learning, section 5.1) and may be bent, so that what changes fast at
one end and slowly at the other becomes even: accuracy falls with the last few bits alone. The
process of scikit-learn has neither bends nor priors; without a prior an axis that does not count
still adds uncertainty, and designs that differ in it alone are evaluated for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LENGTHS = (0.05, 1e4)
"""Shortest and longest length scale, in shares of an axis; the longest leaves it no effect."""

_NEAR = 0.5
"""Scale of the prior of lengths, a half-Cauchy one of their inverse: long ones cost nothing."""

_NOISE = (1e-7, 0.1)
_USUAL_NOISE, _NOISE_SPREAD = 1e-4, 2.0
"""Middle of the prior of the noise's variance, and its width as a logarithm."""

_MOST_BENT = 6.0
_BEND_SPREAD = 2.0

_STEP = 1e-4
_FITS = 80
"""Most steps of a fit."""


@dataclass(frozen=True)
class Shape:
    """What is fitted: logarithms of lengths, variance and noise, and bends.

    Args:
        numbers: one after the other, (n_axes + 2 + n_bent,).
        bent: axes that are bent.
        n_axes: number of coordinates.
    """

    numbers: Floats
    bent: tuple[int, ...]
    n_axes: int

    @classmethod
    def usual(cls, n_axes: int, bent: Sequence[int]) -> "Shape":
        """Return the shape that a fit starts from."""
        numbers = [*np.zeros(n_axes), 0.0, np.log(1e-3), *np.zeros(len(bent))]
        return cls(np.array(numbers), tuple(bent), n_axes)

    @property
    def rates(self) -> Floats:
        """Inverse squares of the lengths, (n_axes,)."""
        return np.asarray(np.exp(-2 * self.numbers[: self.n_axes]))

    @property
    def variance(self) -> float:
        """Variance of the values."""
        return float(np.exp(self.numbers[self.n_axes]))

    @property
    def noise(self) -> float:
        """Variance of what no coordinate explains."""
        return float(np.exp(self.numbers[self.n_axes + 1]))

    @property
    def bends(self) -> Floats:
        """By bent axis, positive where values change faster at its start."""
        return self.numbers[self.n_axes + 2 :]

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Least and most of every number."""
        lengths = [tuple(np.log(_LENGTHS))] * self.n_axes
        bends = [(-_MOST_BENT, _MOST_BENT)] * len(self.bent)
        return [*lengths, (-3.0, 4.0), tuple(np.log(_NOISE)), *bends]

    def straightened(self, points: Floats) -> Floats:
        """Return coordinates with bends, in units of the lengths, (n_points, n_axes)."""
        found = points.copy()
        for axis, bend in zip(self.bent, self.bends, strict=True):
            found[:, axis] = _bent(points[:, axis], bend)
        return np.asarray(found * np.sqrt(self.rates))


class Process:
    """A process of values at points, fitted unless a fitted shape is given.

    Args:
        points: coordinates in the unit cube, (n_points, n_axes).
        values: (n_points,).
        start: the shape, or where its fit starts.
        fitted: whether the shape is kept.
    """

    def __init__(self, points: Floats, values: Floats, start: Shape, *, fitted: bool) -> None:
        self._points = points
        self._mean, self._scale = float(values.mean()), float(values.std()) or 1.0
        self._target = (values - self._mean) / self._scale
        self._squares = (points[:, None] - points[None]) ** 2
        self.shape = start if fitted else self._fit(start)
        rescaled = len(values) * float(np.log(self._scale))
        self.loss = self.loss_at(self.shape.numbers, start)[0] + rescaled
        """Negative logarithm of the likelihood of the values and the prior, up to a constant."""
        from scipy.linalg import cho_solve, cholesky

        self._known = self.shape.straightened(points)
        covariance = self._covariance(self._known) + self.shape.noise * np.eye(len(points))
        self._factor = cholesky(covariance, lower=True)
        self._weights = cho_solve((self._factor, True), self._target)

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation at points, each (n_points,)."""
        from scipy.linalg import solve_triangular

        alike = self._covariance(self.shape.straightened(points))
        half = solve_triangular(self._factor, alike.T, lower=True)
        spread = np.sqrt(np.maximum(self.shape.variance - (half**2).sum(axis=0), 1e-14))
        return self._mean + self._scale * (alike @ self._weights), self._scale * spread

    def _covariance(self, points: Floats) -> Floats:
        """Return the covariance of straightened points with the known ones."""
        from scipy.spatial.distance import cdist

        far = np.sqrt(5) * cdist(points, self._known)
        return np.asarray(self.shape.variance * (1 + far + far**2 / 3) * np.exp(-far))

    def _fit(self, start: Shape) -> Shape:
        from scipy.optimize import minimize  # slow to import

        found = minimize(
            self.loss_at,
            start.numbers,
            args=(start,),
            jac=True,
            method="L-BFGS-B",
            bounds=start.bounds,
            options={"maxiter": _FITS},
        )
        return Shape(found.x, start.bent, start.n_axes)

    def loss_at(self, numbers: Floats, like: Shape) -> tuple[float, Floats]:
        """Return the loss of a shape, and how it changes with every number of it.

        Args:
            numbers: of the shape.
            like: says which axes it has and which are bent.
        """
        from scipy.linalg import cho_solve, cholesky

        shape = Shape(numbers, like.bent, like.n_axes)
        squares, slopes = self._bent_squares(shape)
        far = np.sqrt(5 * (squares @ shape.rates))
        decay = np.exp(-far)
        plain = shape.variance * (1 + far + far**2 / 3) * decay
        try:
            factor = cholesky(plain + shape.noise * np.eye(len(far)), lower=True)
        except np.linalg.LinAlgError:
            return 1e10, np.zeros(len(numbers))
        weights = cho_solve((factor, True), self._target)
        inverse = cho_solve((factor, True), np.eye(len(far)))
        outer = 0.5 * (inverse - np.outer(weights, weights))
        pull = outer * (shape.variance * 5 / 3) * (1 + far) * decay
        lengths = np.einsum("ij,ijk->k", pull, squares) * shape.rates
        bends = [
            -0.5 * float((pull * slope).sum()) * shape.rates[axis]
            for axis, slope in zip(shape.bent, slopes, strict=True)
        ]
        noise = shape.noise * float(np.trace(outer))
        slope = np.array([*lengths, float((outer * plain).sum()), noise, *bends])
        likelihood = 0.5 * float(self._target @ weights) + float(np.log(np.diag(factor)).sum())
        prior, prior_slope = _prior(shape)
        return likelihood + prior, slope + prior_slope

    def _bent_squares(self, shape: Shape) -> tuple[Floats, list[Floats]]:
        """Return squared distances by axis, and how those of bent axes change with the bend."""
        squares, slopes = self._squares.copy(), []
        for axis, bend in zip(shape.bent, shape.bends, strict=True):
            column = self._points[:, axis]
            at = _bent(column, bend)
            change = (_bent(column, bend + _STEP) - _bent(column, bend - _STEP)) / (2 * _STEP)
            apart = at[:, None] - at[None]
            squares[:, :, axis] = apart**2
            slopes.append(2 * apart * (change[:, None] - change[None]))
        return squares, slopes


def _bent(column: Floats, bend: float) -> Floats:
    """Return coordinates from 0 to 1 on an axis that is bent."""
    if abs(bend) < 1e-6:
        return column
    return np.asarray(np.expm1(-bend * column) / np.expm1(-bend))


def _prior(shape: Shape) -> tuple[float, Floats]:
    """Return the loss by the prior, and how it changes with every number."""
    near = shape.rates * _NEAR**2
    variance = float(shape.numbers[shape.n_axes])
    noise = (float(np.log(shape.noise)) - np.log(_USUAL_NOISE)) / _NOISE_SPREAD
    bends = shape.bends / _BEND_SPREAD
    loss = np.log1p(near).sum() + 0.5 * (variance**2 + noise**2 + (bends**2).sum())
    slope = [*(-2 * near / (1 + near)), variance, noise / _NOISE_SPREAD, *bends / _BEND_SPREAD]
    return float(loss), np.array(slope)
