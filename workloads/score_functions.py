"""Figures of merit of networks, as functions of targets and outputs with samples on the first axis.

Class targets are one-hot rows or class numbers. Rows of sequences count one by one.
"""

import numpy as np
from numpy.typing import NDArray

from dse.analysis.roc import auc
from dse.contracts.errors import DataError

Values = NDArray[np.generic]


class UndefinedScoreError(DataError):
    """A score has no value on these samples, such as an AUC where a class is absent."""


_FAR_SHARE = 0.5
"""Share of outputs far from classes above which they cannot be probabilities, wrong as they be."""


def accuracy(targets: Values, outputs: Values) -> float:
    """Return the share of rows whose largest output (or rounded single output) is the target.

    Raises:
        DataError: most single outputs are far from the classes 0 and 1: they are no probabilities.
    """
    wanted, predicted = _wanted(targets, outputs), _classes(outputs)
    if _columns(outputs).shape[1] == 1:
        _check_probabilities(wanted, predicted)
    return float(np.mean(predicted == wanted))


def top_k(targets: Values, outputs: Values, k: int) -> float:
    """Return the share of rows whose target is among the `k` largest outputs.

    Of equal outputs the first class counts as larger, as for `accuracy`, which is k = 1.

    Raises:
        DataError: there are no more than `k` classes, so that every row would count.
    """
    scores = _columns(outputs)
    if k >= scores.shape[1]:
        hint = f"give a smaller k than the number of outputs, {scores.shape[1]}"
        raise DataError(f"the score 'top_{k}' is 1 whatever the network gives", hint=hint)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return float(np.mean((best == _wanted(targets, outputs)[:, None]).any(axis=1)))


def f1(targets: Values, outputs: Values) -> float:
    """Return the F1 score: of class 1 for a single output, else the mean over the classes.

    Classes that are neither among the targets nor predicted are left out.

    Raises:
        UndefinedScoreError: a single output, and no sample of class 1.
    """
    from sklearn.metrics import f1_score

    wanted, predicted = _wanted(targets, outputs), _classes(outputs)
    if _columns(outputs).shape[1] > 1:
        return float(f1_score(wanted, predicted, average="macro"))
    _check_probabilities(wanted, predicted)
    wanted, predicted = (np.equal(classes, 1) for classes in (wanted, predicted))
    if not wanted.any():
        raise UndefinedScoreError("F1 needs a sample of class 1")
    return float(f1_score(wanted, predicted))


def mse(targets: Values, outputs: Values) -> float:
    """Return the mean squared error over all outputs."""
    return float(np.mean(_differences(targets, outputs) ** 2))


def mae(targets: Values, outputs: Values) -> float:
    """Return the mean absolute error over all outputs."""
    return float(np.mean(np.abs(_differences(targets, outputs))))


def r2(targets: Values, outputs: Values) -> float:
    """Return the coefficient of determination, the mean over the outputs (last axis).

    Raises:
        UndefinedScoreError: an output's targets are all equal.
    """
    from sklearn.metrics import r2_score

    _differences(targets, outputs)  # for its check of the shapes
    values = _columns(outputs)
    truth = np.asarray(targets, np.float64).reshape(values.shape)
    if (np.ptp(truth, axis=0) == 0).any():
        raise UndefinedScoreError("R² needs targets that differ")
    return float(r2_score(truth, values))


def macro_auc(targets: Values, outputs: Values) -> float:
    """Return the AUC; for several classes (last axis) the mean of the one-against-rest AUCs."""
    scores = _columns(outputs)
    truth = _one_hot(targets, outputs)
    pairs = zip(truth.T, scores.T, strict=True)
    return float(np.mean([_area(target, output) for target, output in pairs]))


def class_auc(targets: Values, outputs: Values, number: int) -> float:
    """Return the AUC of class `number` against all others.

    Raises:
        DataError: the network has no such output.
    """
    truth, scores = one_against_rest(targets, outputs, number)
    return _area(truth, scores)


def background_rejection(
    targets: Values, outputs: Values, efficiency: float, number: int | None
) -> float:
    """Return the inverse share of background that passes where enough signal does.

    The threshold is the highest that a share of at least `efficiency` of the signal passes.

    Args:
        targets: (samples, …).
        outputs: (samples, …, classes).
        efficiency: share of the signal, above 0 and below 1.
        number: class that is the signal, the others are background; None for class 1 of two (one or
            two outputs).

    Returns:
        At least 1; infinite where no background passes.

    Raises:
        DataError: the network has several outputs and `number` is None, or has no such output.
        UndefinedScoreError: signal or background is absent.
    """
    count = _columns(outputs).shape[1]
    if number is None and count > 2:
        hint = "name the class that is the signal, such as rejection_50_of_0"
        raise DataError(f"rejection needs a signal class: the network has {count}", hint=hint)
    truth, scores = one_against_rest(targets, outputs, 1 if number is None else number)
    signal, background = scores[truth > 0.5], scores[truth <= 0.5]
    if not len(signal) or not len(background):
        raise UndefinedScoreError("background rejection needs signal and background")
    # a share such as 0.7 of 10 is 7, not 8, whatever its rounding error
    enough = int(np.ceil(efficiency * len(signal) - 1e-9))
    threshold = np.sort(signal)[len(signal) - enough]
    passing = int((background >= threshold).sum())
    return len(background) / passing if passing else float("inf")


def one_against_rest(
    targets: Values, outputs: Values, number: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return whether each row is of a class, and that class's output, both (rows,).

    Raises:
        DataError: the network has no such output.
    """
    scores = _columns(outputs)
    if scores.shape[1] == 1 and number <= 1:  # one output for two classes: class 1, or not
        truth = _one_hot(targets, outputs)[:, 0]
        return (truth, scores[:, 0]) if number else (1 - truth, -scores[:, 0])
    if number >= scores.shape[1]:
        hint = f"legal: 0 to {scores.shape[1] - 1}"
        raise DataError(f"there is no class {number} among the outputs", hint=hint)
    return _one_hot(targets, outputs)[:, number], scores[:, number]


def _area(truth: Values, scores: Values) -> float:
    positive = np.asarray(truth, np.float64) > 0.5
    if positive.all() or not positive.any():
        raise UndefinedScoreError("an AUC needs samples of the class and others")
    return auc(positive, scores)


def _one_hot(targets: Values, outputs: Values) -> NDArray[np.float64]:
    """Return targets as one column per class, of the shape of the outputs' columns."""
    scores, truth = _columns(outputs), _columns(targets)
    if truth.shape == scores.shape:
        return truth
    if targets.size != len(scores):
        raise _shape_error(targets, outputs)
    numbers = targets.reshape(-1, 1)
    return np.equal(numbers, np.arange(scores.shape[1])).astype(np.float64)


def _differences(targets: Values, outputs: Values) -> NDArray[np.float64]:
    if targets.size != outputs.size:
        raise _shape_error(targets, outputs)
    difference = np.asarray(outputs, np.float64).ravel() - np.asarray(targets, np.float64).ravel()
    return np.asarray(difference)


def _columns(array: Values) -> NDArray[np.float64]:
    """Return the values as an array of shape (rows, classes); 1D values are one class."""
    values = np.asarray(array, dtype=np.float64)
    return values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(-1, 1)


def _wanted(targets: Values, outputs: Values) -> NDArray[np.int64]:
    """Return the class of each row; of the outputs' shape targets are one-hot, else numbers."""
    if targets.shape == outputs.shape:
        return _classes(targets)
    predicted = _classes(outputs)
    if targets.size != predicted.size:
        raise _shape_error(targets, predicted)
    return np.asarray(np.rint(np.asarray(targets, np.float64).ravel()), dtype=np.int64)


def _classes(array: Values) -> NDArray[np.int64]:
    """Return the class of each row: its largest column, or a single column rounded."""
    columns = _columns(array)
    if columns.shape[1] == 1:
        return np.asarray(np.rint(columns[:, 0]), dtype=np.int64)
    return np.asarray(columns.argmax(axis=1), dtype=np.int64)


def _check_probabilities(wanted: NDArray[np.int64], predicted: NDArray[np.int64]) -> None:
    """Raise DataError for outputs of a network without its sigmoid, as PyTorch's often are."""
    if wanted.max(initial=0) <= 1 and np.mean((predicted < 0) | (predicted > 1)) > _FAR_SHARE:
        hint = "end the network with a sigmoid, or use the score auc, which takes any output"
        raise DataError("most outputs are no probabilities: neither 0 nor 1 rounded", hint=hint)


def _shape_error(targets: Values, outputs: Values) -> DataError:
    return DataError(
        f"targets of shape {targets.shape} do not fit outputs of shape {outputs.shape}",
        hint="y holds one-hot rows, class numbers, or values like the network's outputs",
    )
