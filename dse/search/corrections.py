"""Predict expensive metrics from cheap ones, learned from points that have both.

Predictions are shown with their error and never stored: a stored metric of some fidelity always
comes from a tool of that fidelity.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

import numpy as np

from dse.analysis.columns import Column, columns_of
from dse.search.encoding import is_ordered
from dse.search.left_out import Floats, constant, errors_left_out, units
from dse.store.queries import StoredPoint
from dse.study.space import Axis

LEAST_POINTS = 5
"""Points with both numbers that a correction needs at least."""

_QUANTILE = 0.9
"""Share of the points whose error is within the stated range."""


@dataclass(frozen=True)
class Prediction:
    """A predicted value of the expensive metric, with a range that holds for 90 % of points."""

    point: StoredPoint
    cheap: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Correction:
    """A model that predicts one column from a cheaper one.

    Errors are of networks that the model was not fitted to; of points, where there is one network.
    They are relative to the expensive value where all values are positive, else in the metric's
    unit.

    Args:
        cheap: column of the lower fidelity.
        expensive: column of the higher fidelity.
        n_both: points with both, which the model was fitted to.
        relative: whether the model corrects by a factor; otherwise by a difference.
        model: ``constant`` (the same correction for all points) or ``parameters`` (one that
            depends on the parameters and the cheap value).
        left_out: ``network`` or ``point``.
        error_before: median error of the cheap value without correction.
        error_after: median error after the correction.
        error_90: 90 % quantile of the error after the correction.
        predictions: for the points that have the cheap value only.
    """

    cheap: Column
    expensive: Column
    n_both: int
    relative: bool
    model: str
    left_out: str
    error_before: float
    error_after: float
    error_90: float
    predictions: tuple[Prediction, ...]


def corrections(
    points: Sequence[StoredPoint], axes: Sequence[Axis], networks: Mapping[int, str]
) -> list[Correction]:
    """Return a correction for every pair of fidelities of a metric that enough points have.

    Args:
        points: points of one study.
        axes: parameters that differ between them, from `dse.search.importance.varying_axes`.
        networks: fingerprint of the workload by evaluation; those that lack are one network.
    """
    columns = sorted(columns_of(points), key=lambda c: (c.metric, c.fidelity.rank, c.backend))
    found = (
        _learn(points, axes, networks, *pair)
        for _, same in groupby(columns, key=lambda column: column.metric)
        for pair in combinations(same, 2)
        if pair[0].fidelity.rank < pair[1].fidelity.rank
    )
    return [correction for correction in found if correction]


def _learn(
    points: Sequence[StoredPoint],
    axes: Sequence[Axis],
    networks: Mapping[int, str],
    cheap: Column,
    expensive: Column,
) -> Correction | None:
    known = [(p, low.value, expensive.of(p)) for p in points if (low := cheap.of(p))]
    both = [(p, low, high.value) for p, low, high in known if high]
    if len(both) < LEAST_POINTS:
        return None
    start, goal = (np.array([row[i] for row in both], dtype=np.float64) for i in (1, 2))
    relative = bool(min(low for _, low, _ in known) > 0 and goal.min() > 0)
    scale = _Scale(relative)
    features = _features([p for p, *_ in both], axes, start)
    left_out, labels = units([_network(cheap, p, networks) for p, *_ in both])
    name, model, missed = _best(features, scale.step(start, goal), labels)
    left = [(p, low) for p, low, high in known if not high]
    return Correction(
        cheap,
        expensive,
        len(both),
        relative,
        name,
        left_out,
        float(np.median(scale.error(-scale.step(start, goal)))),
        float(np.median(scale.error(missed))),
        float(np.quantile(scale.error(missed), _QUANTILE)),
        tuple(_predict(left, axes, model, scale, float(np.quantile(np.abs(missed), _QUANTILE)))),
    )


@dataclass(frozen=True)
class _Scale:
    """The quantity that is fitted: the logarithm of a factor, or a difference."""

    relative: bool

    def step(self, start: Floats, goal: Floats) -> Floats:
        """Return the steps from cheap to expensive values."""
        return np.log(goal / start) if self.relative else goal - start

    def after(self, start: float, step: float) -> float:
        """Return the value after a step from a cheap value."""
        return float(start * np.exp(step)) if self.relative else start + step

    def error(self, missed: Floats) -> Floats:
        """Return errors of values from errors of steps: relative, or in the metric's unit."""
        return np.abs(np.expm1(missed)) if self.relative else np.abs(missed)


def _network(cheap: Column, point: StoredPoint, networks: Mapping[int, str]) -> str:
    """Return the network whose cheap number a point has; empty for unknown."""
    made = next(m for m in point.metrics if (m.name, m.backend) == (cheap.metric, cheap.backend))
    return networks.get(made.evaluation_id, "")


def _best(features: Floats, steps: Floats, labels: Sequence[str]) -> tuple[str, Any, Floats]:
    """Return name, fitted model and errors of the model that does better on what is left out."""
    from sklearn.linear_model import RidgeCV  # slow to import
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # 13 penalties from 0.001 to 1000, of which cross-validation inside RidgeCV takes the best
    ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-3, 3, 13)))
    models = {"constant": constant(), "parameters": ridge}
    missed = {
        name: errors_left_out(model, features, steps, labels) for name, model in models.items()
    }
    name = min(missed, key=lambda name: float(np.median(np.abs(missed[name]))))
    return name, models[name].fit(features, steps), missed[name]


def _predict(
    left: Sequence[tuple[StoredPoint, float]],
    axes: Sequence[Axis],
    model: Any,
    scale: _Scale,
    spread: float,
) -> Iterator[Prediction]:
    if not left:  # scikit-learn's models refuse an empty table
        return
    starts = np.array([low for _, low in left], dtype=np.float64)
    steps = model.predict(_features([p for p, _ in left], axes, starts))
    for (point, low), step in zip(left, steps, strict=True):
        around = (scale.after(low, step + way * spread) for way in (0, -1, 1))
        yield Prediction(point, low, *around)


def _features(points: Sequence[StoredPoint], axes: Sequence[Axis], start: Floats) -> Floats:
    """Return the features, (n_points, n_features): cheap value, its logarithm, parameters.

    An ordered axis gives the index of its row, any other one column of 0 and 1 per row.
    """
    columns = [start, np.log(np.maximum(start, np.finfo(np.float64).tiny))]
    for axis in axes:
        rows = [axis.find([p.parameters[name] for name in axis.names]) for p in points]
        index = np.array(rows, dtype=np.float64)
        ordered = is_ordered(axis)
        columns += [index] if ordered else [index == row for row in range(len(axis.rows))]
    return np.stack(columns, axis=1).astype(np.float64)
