"""Figures of merit of the `keras` workload: accuracy, AUC, MSE, or a user's function."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.analysis.roc import auc
from dse.contracts.errors import DataError, nearest
from dse.contracts.metrics import CATALOGUE
from dse.runtime.modules import import_beside

Score = Callable[[NDArray[np.generic], NDArray[np.generic]], float]
"""A function of (targets, outputs), both with samples on the first axis; returns one number."""


def accuracy(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
    """Return the share of rows whose largest output (or rounded single output) is the target."""
    predicted = _classes(outputs)
    # Of the outputs' shape targets are one-hot; any other shape holds class numbers.
    wanted = (
        _classes(targets) if targets.shape == outputs.shape else _class_numbers(targets, predicted)
    )
    return float(np.mean(predicted == wanted))


def mse(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
    """Return the mean squared error over all outputs."""
    if targets.size != outputs.size:
        raise _shape_error(targets, outputs)
    difference = np.asarray(outputs, np.float64).ravel() - np.asarray(targets, np.float64).ravel()
    return float(np.mean(difference**2))


def macro_auc(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
    """Return the AUC; for several classes (last axis) the mean of the one-against-rest AUCs."""
    scores = _columns(outputs)
    truth = _columns(targets)
    if truth.shape != scores.shape:
        if targets.size != len(scores):
            raise _shape_error(targets, outputs)
        truth = np.equal(targets.reshape(-1, 1), np.arange(scores.shape[1])).astype(np.float64)
    pairs = zip(truth.T, scores.T, strict=True)
    return float(np.mean([auc(target, output) for target, output in pairs]))


SCORES: dict[str, Score] = {"accuracy": accuracy, "auc": macro_auc, "mse": mse}


def _columns(array: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the values as an array of shape (rows, classes); 1D values are one class."""
    values = np.asarray(array, dtype=np.float64)
    return values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(-1, 1)


def _classes(array: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the class of each row: its largest column, or a single column rounded."""
    columns = _columns(array)
    if columns.shape[1] == 1:
        return np.asarray(np.rint(columns[:, 0]), dtype=np.int64)
    return np.asarray(columns.argmax(axis=1), dtype=np.int64)


def _class_numbers(targets: NDArray[np.generic], predicted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return targets that are class numbers, one per row of `predicted`."""
    if targets.size != predicted.size:
        raise _shape_error(targets, predicted)
    return np.asarray(np.rint(np.asarray(targets, np.float64).ravel()), dtype=np.int64)


def _shape_error(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> DataError:
    return DataError(
        f"targets of shape {targets.shape} do not fit outputs of shape {outputs.shape}",
        hint="y holds one-hot rows, class numbers, or values like the network's outputs",
    )


def score_problem(name: str) -> str:
    """Return why a score cannot be one, by its name alone; empty where it may be one."""
    if name in SCORES or _OWN.fullmatch(name):
        return ""
    return f"there is no such score ({nearest(name, SCORES)}, or module:function)"


_OWN = re.compile(r"[\w.]+:\w+")
"""A user's function: a module's full name and the function's."""


def score_function(name: str, folder: Path) -> Score:
    """Return a figure of merit by name: one of `SCORES`, or ``module:function``.

    Args:
        name: name of the figure of merit.
        folder: folder that is searched for the module besides the installed packages.

    Raises:
        DataError: if the function cannot be found, or has the name of a metric of dse.
    """
    if name in SCORES:
        return SCORES[name]
    module, _, function = name.partition(":")
    if not function:
        raise DataError(f"there is no score '{name}'", hint=nearest(name, SCORES))
    if function in CATALOGUE:
        hint = f"give the function another name, such as my_{function}"
        raise DataError(f"the score '{name}' has the name of a metric of dse", hint=hint)
    try:
        found: Score = getattr(import_beside(module, folder), function)
    except (DataError, AttributeError) as error:
        raise DataError(f"the score '{name}' cannot be imported: {error}") from error
    return _with_named_errors(name, found)


def _with_named_errors(name: str, function: Score) -> Score:
    """Wrap a user's function so that its exceptions become DataErrors that name it."""

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
