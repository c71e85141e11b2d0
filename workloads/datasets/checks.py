"""Check arrays of a data set: lengths, types and values, each error with its place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import DataError

Named = tuple[str, NDArray[np.generic]]


def checked(
    inputs: Sequence[Named], targets: Named | None = None
) -> tuple[list[NDArray[np.generic]], NDArray[np.generic]]:
    """Return inputs and targets without their places.

    Args:
        inputs: place, such as ``test.npz (x)``, and array of each input.
        targets: place and array of the targets; None checks the values of `inputs` only.

    Raises:
        DataError: an array has another number of samples than the targets, or values that are not
            finite real numbers.
    """
    for place, array in inputs:
        _check_values(place, array)
    if targets is None:
        return [array for _, array in inputs], np.empty(0)
    _check_values(*targets)
    truth = targets[1]
    for place, array in (*inputs, targets):
        if array.ndim == 0 or not len(array):
            what = "has no samples" if array.ndim else "is one number, not an array of samples"
            raise DataError(what, where=place, hint=_SAMPLES)
    samples = len(truth)
    for place, array in (*inputs, targets):
        if len(array) != samples:
            message = f"has shape {array.shape}, y has {samples} samples"
            raise DataError(message, where=place, hint=_SAMPLES)
    return [array for _, array in inputs], truth


_SAMPLES = "the first axis of every array counts the samples"
_NOT_REAL = "contains values that are not finite real numbers"


def _check_values(place: str, array: NDArray[np.generic]) -> None:
    kind = array.dtype.kind
    if kind in "USOT":
        text = "lists of different lengths or objects" if kind == "O" else "text"
        hint = (
            "pad the lists to one length, and store numbers"
            if kind == "O"
            else "store class numbers: numpy.unique(labels, return_inverse=True)[1]"
        )
        raise DataError(f"{_NOT_REAL}: {text}", where=place, hint=hint)
    if kind not in "biuf":
        hint = "store real and imaginary parts, or fields, as arrays of their own"
        raise DataError(f"{_NOT_REAL}, but {array.dtype}", where=place, hint=hint)
    wrong = ~np.isfinite(array)
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0]) if array.ndim else 0
        message = f"{_NOT_REAL}: {int(wrong.sum())} of {array.size}, the first in row {row}"
        raise DataError(message, where=place, hint="remove these rows, or replace the values")
