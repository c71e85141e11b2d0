"""Figures of merit of anyone's network: accuracy, AUC, mean squared error, or one's own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.analysis.roc import auc
from dse.contracts.errors import DataError, nearest
from dse.contracts.metrics import CATALOGUE
from dse.runtime.modules import import_beside

Score = Callable[[NDArray[np.generic], NDArray[np.generic]], float]
"""Takes targets and outputs, first axis samples; gives one number."""


def accuracy(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
    """Share of rows whose largest output (or rounded single output) is the target."""
    predicted = _classes(outputs)
    wanted = _classes(targets) if targets.shape == outputs.shape else _numbers(targets, predicted)
    return float(np.mean(predicted == wanted))


def mse(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
    """Mean squared error over all outputs."""
    if targets.size != outputs.size:
        raise _unlike(targets, outputs)
    difference = np.asarray(outputs, np.float64).ravel() - np.asarray(targets, np.float64).ravel()
    return float(np.mean(difference**2))


def macro_auc(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
    """AUC; with several classes (the last axis) the mean of one-against-rest."""
    scores = _columns(outputs)
    truth = _columns(targets)
    if truth.shape != scores.shape:
        if targets.size != len(scores):
            raise _unlike(targets, outputs)
        truth = np.equal(targets.reshape(-1, 1), np.arange(scores.shape[1])).astype(np.float64)
    pairs = zip(truth.T, scores.T, strict=True)
    return float(np.mean([auc(target, output) for target, output in pairs]))


SCORES: dict[str, Score] = {"accuracy": accuracy, "auc": macro_auc, "mse": mse}


def _columns(array: NDArray[np.generic]) -> NDArray[np.float64]:
    """(rows, classes)."""
    values = np.asarray(array, dtype=np.float64)
    return values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(-1, 1)


def _classes(array: NDArray[np.generic]) -> NDArray[np.int64]:
    columns = _columns(array)
    if columns.shape[1] == 1:
        return np.asarray(np.rint(columns[:, 0]), dtype=np.int64)
    return np.asarray(columns.argmax(axis=1), dtype=np.int64)


def _numbers(targets: NDArray[np.generic], predicted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Targets that are class numbers."""
    if targets.size != predicted.size:
        raise _unlike(targets, predicted)
    return np.asarray(np.rint(np.asarray(targets, np.float64).ravel()), dtype=np.int64)


def _unlike(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> DataError:
    return DataError(
        f"targets of shape {targets.shape} do not fit outputs of shape {outputs.shape}",
        hint="y holds one-hot rows, class numbers, or values like the network's outputs",
    )


def score_function(name: str, folder: Path) -> Score:
    """A figure of merit by name: one of `SCORES`, or ``module:function``.

    Args:
        name: of the figure of merit.
        folder: where the module's file may lie, besides being installed.

    Raises:
        DataError: it cannot be found, or is called like a metric of something else.
    """
    if name in SCORES:
        return SCORES[name]
    module, _, function = name.partition(":")
    if not function:
        raise DataError(f"there is no score '{name}'", hint=nearest(name, SCORES))
    if function in CATALOGUE:
        hint = f"call the function otherwise, such as my_{function}"
        raise DataError(f"the score '{name}' has the name of a metric of dse", hint=hint)
    try:
        found: Score = getattr(import_beside(module, folder), function)
    except (DataError, AttributeError) as error:
        raise DataError(f"the score '{name}' cannot be imported: {error}") from error
    return _guarded(name, found)


def _guarded(name: str, function: Score) -> Score:
    """Says whose function it was that failed."""

    def score(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
        try:
            value = float(function(targets, outputs))
        except Exception as error:
            message = f"the score '{name}' failed: {type(error).__name__}: {error}"
            raise DataError(message) from error
        if not np.isfinite(value):
            raise DataError(f"the score '{name}' gave {value}, not a finite number")
        return value

    return score
