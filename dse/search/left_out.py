"""Errors of what a model has not seen: whole networks, or points where there is one network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_FOLDS = 10
"""Folds of the cross-validation; with fewer networks or points, each is left out once."""


def units(networks: Sequence[str]) -> tuple[str, list[str]]:
    """Return what is left out together, ``network`` or ``point``, and its label for each point.

    With one network nothing can be told of others, and each point is left out by itself.
    """
    if len(set(networks)) > 1:
        return "network", list(networks)
    return "point", [str(number) for number in range(len(networks))]


def errors_left_out(model: Any, features: Floats, steps: Floats, labels: Sequence[str]) -> Floats:
    """Return what a scikit-learn model misses, (n,), where a point's label had no part in the fit.

    Args:
        model: a regressor, fitted anew in each fold.
        features: (n, n_features).
        steps: (n,).
        labels: (n,), two different ones at least.
    """
    from sklearn.model_selection import GroupKFold, cross_val_predict  # slow to import

    folds = GroupKFold(min(len(set(labels)), _MOST_FOLDS), shuffle=True, random_state=0)
    found: Floats = cross_val_predict(model, features, steps, groups=labels, cv=folds) - steps
    return found


def constant() -> Any:
    """Return the model that corrects all points alike, by the median step."""
    from sklearn.dummy import DummyRegressor

    return DummyRegressor(strategy="median")
