"""Magnitude pruning: hold the smallest weights of every layer with weights at zero."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from workloads.quantisation.weighted import pruned_weights


def magnitude_mask(weights: NDArray[np.floating], sparsity: float) -> NDArray[np.float32]:
    """Return 1 for weights that are kept, 0 for the `sparsity` share of smallest magnitude.

    Exactly ``floor(sparsity * n)`` weights are masked; of equal magnitudes the first ones.
    """
    gone = np.argsort(np.abs(weights), axis=None, kind="stable")[: int(sparsity * weights.size)]
    mask = np.ones(weights.size, dtype=np.float32)
    mask[gone] = 0
    return mask.reshape(weights.shape)


@contextmanager
def pruned(model: keras.Model, sparsity: float) -> Iterator[None]:
    """Set the smallest weights to zero and hold them there while the model is trained.

    Keras applies a variable's constraint after each step of the optimizer; the constraints that
    the variables had before are restored at the end.
    """
    kernels = list(pruned_weights(model))
    before = [kernel.constraint for kernel in kernels]
    for kernel in kernels if sparsity else ():
        mask = magnitude_mask(keras.ops.convert_to_numpy(kernel), sparsity)
        kernel.assign(kernel * mask)
        kernel.constraint = _masked(mask)
    try:
        yield
    finally:
        for kernel, constraint in zip(kernels, before, strict=True):
            kernel.constraint = constraint


def _masked(mask: NDArray[np.float32]) -> Callable[[Any], Any]:
    """Return a Keras constraint that multiplies weights by the mask."""
    return lambda weights: weights * mask
