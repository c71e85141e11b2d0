"""A model of one objective over a space of few axes, whose designs may be far from sums.

It is a Gaussian process with a length scale of its own for every axis (automatic relevance
determination; Rasmussen and Williams, Gaussian Processes for Machine Learning, section 5.1), so
that it learns which parameters count. Costs are fitted on a scale that the likelihood chooses,
from nearly logarithmic to nearly linear (a warped Gaussian process; Snelson et al. 2003).
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.analysis.hypervolume import Box
from dse.search.gains import gains, worth_of_any

Floats = NDArray[np.float64]
Points = NDArray[np.int_]

_LENGTHS = (0.1, 20.0)
"""Shortest and longest length scale, in shares of an axis."""

_NOISE = (1e-6, 1e-2)

_OFFSETS = (0.02, 0.1, 0.4, 2.0)
"""What is added to the distance from the best, in spans, before the logarithm."""

_USUAL = 0.4
"""The offset that is tried first."""

_FARTHEST = 4.0
"""Distance from the best, in spans, from which on all costs are alike."""

_SHORTLIST = 160
"""Most hopeful points, whose expected gain is computed."""

_DRAWS = 16
"""Samples of what a point may cost."""


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
        self._offset, self._process = _fitted(coordinates, distances)

    def draws(self, points: Points, normal: Floats) -> Floats:
        """Return what points may cost, (n_draws, n_points).

        Args:
            points: as row indices, (n_points, n_axes).
            normal: by how many standard deviations each draw lies above the mean on the model's
                scale, (n_draws, n_points) or (n_draws, 1).
        """
        mean, spread = self._process.predict(self._coordinates(points), return_std=True)
        distances = np.exp(mean + spread * normal) - self._offset
        return np.asarray(self._best + self._span * distances)

    def _coordinates(self, points: Points) -> Floats:
        """Return points in the unit cube; unordered axes have a coordinate for every row."""
        columns = [
            points[:, [axis]] / max(length - 1, 1)
            if self._ordered[axis]
            else np.equal.outer(points[:, axis], np.arange(length)).astype(np.float64)
            for axis, length in enumerate(self._lengths)
        ]
        return np.hstack(columns)


def _fitted(coordinates: Floats, distances: Floats) -> tuple[float, Any]:
    """Return the offset under which distances are most likely, and the process fitted there."""
    from sklearn.gaussian_process.kernels import Matern, WhiteKernel  # slow to import

    kernel = Matern(np.ones(coordinates.shape[1]), _LENGTHS, nu=2.5) + WhiteKernel(1e-4, _NOISE)
    first = _process(kernel, coordinates, np.log(_USUAL + distances))
    # which axes count hardly depends on the scale: it is chosen with the same length scales
    scales = {
        offset: _process(first.kernel_, coordinates, np.log(offset + distances), fitted=True)
        for offset in _OFFSETS
    }
    offset = max(_OFFSETS, key=lambda one: _likelihood(scales[one], np.log(one + distances)))
    if offset == _USUAL:
        return offset, first
    return offset, _process(first.kernel_, coordinates, np.log(offset + distances))


def _process(kernel: Any, coordinates: Floats, values: Floats, fitted: bool = False) -> Any:
    """Return a process of values, its length scales fitted unless they are already."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor

    how = {"optimizer": None} if fitted else {}
    with warnings.catch_warnings():
        # a length scale at its bound is an axis that does not count
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GaussianProcessRegressor(kernel, normalize_y=True, **how).fit(coordinates, values)


def _likelihood(process: Any, values: Floats) -> float:
    """Return the logarithmic likelihood of distances, from that of their logarithms."""
    change = -values.sum() - len(values) * np.log(values.std() or 1.0)
    return float(process.log_marginal_likelihood_value_ + change)


def hopeful(
    models: Sequence[SmoothModel],
    points: Points,
    share: Floats,
    front: Floats,
    box: Box,
    random: np.random.Generator,
) -> tuple[Points, Floats]:
    """Return the points that may add most to a front.

    Args:
        models: of the objectives.
        points: candidates as row indices, (n_points, n_axes).
        share: chance of each to keep all limits, (n_points,).
        front: costs of known points, (n_known, n_objectives).
        box: in which the hypervolume is measured.
        random: of the samples.

    Returns:
        Indices of the points, (n_chosen,), and samples of what they may cost,
        (n_draws, n_chosen, n_objectives).
    """
    levels = np.array([[0.0], [-1.0]])  # as expected, and a standard deviation better
    hopes = np.stack([model.draws(points, levels) for model in models], axis=2)
    gained = np.max(gains(front, hopes, box), axis=0)
    worth = share * (gained + worth_of_any(gained))
    far = box.costs(hopes[0]).sum(axis=1) / np.maximum(share, 1e-9)
    best = np.lexsort((far, -worth))[:_SHORTLIST]  # where nothing gains: nearest to the ideal
    normal = random.standard_normal((len(models), _DRAWS, len(best)))
    pairs = zip(models, normal, strict=True)
    return best, np.stack([model.draws(points[best], one) for model, one in pairs], axis=2)
