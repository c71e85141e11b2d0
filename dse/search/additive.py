"""A model of one value over a space: the sum of one curve per axis, and what they leave over.

It is a Gaussian process whose covariance is that of a sum: one term per axis, and a small one over
all axes together. The first terms give the additive part as a table of every row of every axis,
which an integer programme can be solved on; the last one lets the model meet interactions. How
large that one is, and how much of a value no axis explains, is chosen by likelihood: an accuracy is
noisy in the bits, since each width rounds other events to the wrong side, and a cost is not.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Points = NDArray[np.int_]

Alike = tuple[Floats, Floats]
"""Likeness of points to known ones: the mean over axes, and on all of them at once."""

_LENGTH = 0.8
"""Distance on an axis, in shares of it, over which the curve of an ordered axis bends."""

_SHARES = (0.1, 0.3, 0.6, 0.9)
"""Shares of the variance that interactions may have."""

_NOISES = (1e-4, 1e-3, 1e-2, 0.1)
"""Variances of what no axis explains, as shares of what the axes do."""


class Spectrum(NamedTuple):
    """A covariance of known points by its eigenvalues, so that any noise is added at once."""

    share: float
    values: Floats
    vectors: Floats


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

    @cached_property
    def spectra(self) -> list[Spectrum]:
        """Of the covariance of the known points, one for each share of interactions."""
        among = self.at(self._known)
        return [Spectrum(share, *np.linalg.eigh(mixed(among, share))) for share in _SHARES]

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
        values: of them, (n_points,), finite.
    """

    def __init__(self, likeness: Likeness, values: Floats) -> None:
        self._likeness = likeness
        self._mean, self._scale = float(values.mean()), float(values.std()) or 1.0
        target = (values - self._mean) / self._scale
        fits = [_Fit(one, noise, target) for one in likeness.spectra for noise in _NOISES]
        self._fit = max(fits, key=lambda fit: fit.likelihood)

    def predict(self, alike: Alike) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of what the axes explain, each (n_points,).

        Args:
            alike: of the points, by `Likeness.at`.
        """
        with_known = mixed(alike, self._fit.spectrum.share)
        seen = ((with_known @ self._fit.spectrum.vectors) ** 2) @ (1 / self._fit.diagonal)
        spread = np.sqrt(self._fit.variance * np.clip(1.0 - seen, 1e-6, None))
        return self._mean + self._scale * (with_known @ self._fit.weights), self._scale * spread

    def tables(self) -> list[Floats]:
        """Return by axis the additive part for every row, (n_rows,), without the common mean."""
        lengths = self._likeness.lengths
        share = (1 - self._fit.spectrum.share) / len(lengths)
        parts = (self._likeness.of_axis(axis, np.arange(n)) for axis, n in enumerate(lengths))
        return [self._scale * share * part @ self._fit.weights for part in parts]

    def below(self, value: float) -> float:
        """Return how large the sum over the tables may be for the model to give a value."""
        return value - self._mean


class _Fit:
    """A process with one share of interactions and one noise; its variance is the likeliest."""

    def __init__(self, spectrum: Spectrum, noise: float, target: Floats) -> None:
        self.spectrum = spectrum
        self.diagonal = np.maximum(spectrum.values, 0.0) + noise
        turned = spectrum.vectors.T @ target
        self.weights = spectrum.vectors @ (turned / self.diagonal)
        self.variance = max(float((turned**2 / self.diagonal).mean()), 1e-12)
        size = len(target)
        logs = float(np.log(self.diagonal).sum())
        self.likelihood = -0.5 * (size * float(np.log(self.variance)) + logs)


def mixed(alike: Alike, share: float) -> Floats:
    """Return the covariance with a share of interactions."""
    alone, together = alike
    return np.asarray((1 - share) * alone + share * together)
