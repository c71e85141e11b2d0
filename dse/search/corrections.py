"""From cheap numbers to expensive ones: learned from points that have both, with their error.

What is predicted here is shown and never stored: a metric of a fidelity is what a tool of that
fidelity gave.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.analysis.columns import Column, columns_of
from dse.search.encoding import is_ordered
from dse.store.queries import StoredPoint
from dse.study.space import Axis

Floats = NDArray[np.float64]

LEAST_POINTS = 5
"""Fewer points that have both numbers teach nothing."""

_MOST_FOLDS = 10
_QUANTILE = 0.9


@dataclass(frozen=True)
class Prediction:
    """An expensive number that nobody has computed yet, with a range that holds for 90 %."""

    point: StoredPoint
    cheap: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Correction:
    """How one column follows from a cheaper one.

    Errors are those of points that the model had not seen (cross-validation), relative where
    all numbers are above zero, else in the metric's unit.

    Args:
        cheap: where it starts.
        expensive: where it leads.
        n_both: points it was learned from.
        relative: whether it corrects by a factor, else by a difference.
        model: ``constant`` or ``parameters`` (a factor that depends on the design).
        error_before: median of what the cheap number misses.
        error_after: the same after the correction.
        error_90: 90 % of points miss less, after the correction.
        predictions: of the points that have the cheap number alone.
    """

    cheap: Column
    expensive: Column
    n_both: int
    relative: bool
    model: str
    error_before: float
    error_after: float
    error_90: float
    predictions: tuple[Prediction, ...]


def corrections(points: Sequence[StoredPoint], axes: Sequence[Axis]) -> list[Correction]:
    """All that can be learned from some points.

    Args:
        points: of one study.
        axes: what differs between them, see `dse.search.importance.varying_axes`.
    """
    columns = sorted(columns_of(points), key=lambda c: (c.metric, c.fidelity.rank, c.backend))
    found = (
        _learn(points, axes, *pair)
        for _, same in groupby(columns, key=lambda column: column.metric)
        for pair in combinations(same, 2)
        if pair[0].fidelity.rank < pair[1].fidelity.rank
    )
    return [correction for correction in found if correction]


def _learn(
    points: Sequence[StoredPoint], axes: Sequence[Axis], cheap: Column, expensive: Column
) -> Correction | None:
    known = [(p, low.value, expensive.of(p)) for p in points if (low := cheap.of(p))]
    both = [(p, low, high.value) for p, low, high in known if high]
    if len(both) < LEAST_POINTS:
        return None
    start, goal = (np.array([row[i] for row in both], dtype=np.float64) for i in (1, 2))
    relative = bool(min(low for _, low, _ in known) > 0 and goal.min() > 0)
    scale = _Scale(relative)
    features = _features([p for p, *_ in both], axes, start)
    name, model, missed = _best(features, scale.step(start, goal))
    left = [(p, low) for p, low, high in known if not high]
    return Correction(
        cheap,
        expensive,
        len(both),
        relative,
        name,
        float(np.median(scale.error(-scale.step(start, goal)))),
        float(np.median(scale.error(missed))),
        float(np.quantile(scale.error(missed), _QUANTILE)),
        tuple(_predict(left, axes, model, scale, float(np.quantile(np.abs(missed), _QUANTILE)))),
    )


@dataclass(frozen=True)
class _Scale:
    """A step from a cheap to an expensive number: a logarithm of a factor, or a difference."""

    relative: bool

    def step(self, start: Floats, goal: Floats) -> Floats:
        return np.log(goal / start) if self.relative else goal - start

    def after(self, start: float, step: float) -> float:
        return float(start * np.exp(step)) if self.relative else start + step

    def error(self, missed: Floats) -> Floats:
        """From errors of steps: relative to the expensive number, or in its unit."""
        return np.abs(np.expm1(missed)) if self.relative else np.abs(missed)


def _best(features: Floats, steps: Floats) -> tuple[str, Any, Floats]:
    """The model with the smaller error on points it has not seen: name, model, its errors."""
    from sklearn.dummy import DummyRegressor  # slow to import
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-3, 3, 13)))
    models = {"constant": DummyRegressor(strategy="median"), "parameters": ridge}
    folds = KFold(min(len(steps), _MOST_FOLDS), shuffle=True, random_state=0)
    missed = {
        name: cross_val_predict(model, features, steps, cv=folds) - steps
        for name, model in models.items()
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
    if not left:
        return
    starts = np.array([low for _, low in left], dtype=np.float64)
    steps = model.predict(_features([p for p, _ in left], axes, starts))
    for (point, low), step in zip(left, steps, strict=True):
        around = (scale.after(low, step + way * spread) for way in (0, -1, 1))
        yield Prediction(point, low, *around)


def _features(points: Sequence[StoredPoint], axes: Sequence[Axis], start: Floats) -> Floats:
    """(n_points, n_features): the cheap number, its logarithm, and the parameters.

    An axis in order is the index of its row, any other has one column for each row.
    """
    columns = [start, np.log(np.maximum(start, np.finfo(np.float64).tiny))]
    for axis in axes:
        rows = [axis.find([p.parameters[name] for name in axis.names]) for p in points]
        index = np.array(rows, dtype=np.float64)
        ordered = is_ordered(axis)
        columns += [index] if ordered else [index == row for row in range(len(axis.rows))]
    return np.stack(columns, axis=1).astype(np.float64)
