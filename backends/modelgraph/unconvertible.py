"""Networks that hls4ml would fail on without saying why, refused by name."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.keras_file import LAMBDA_HINT

_FUNCTIONAL = (
    "write it as a functional or sequential model, which may be inside another; backend cpu takes "
    "it as it is"
)
_AS_LAYERS = (
    "write it by layers, such as Add, Multiply, Reshape and Dense, instead of operators and "
    "keras.ops; backend cpu takes it as it is"
)


def refuse_unconvertible(model: Any) -> None:
    """Refuse inputs, layers and operations that cannot become hardware.

    Args:
        model: the Keras model.

    Raises:
        EvaluationError: names the input, the layer or the operation.
    """
    for checked in (_anything, _inputs, _layers, _operations):
        for message, hint in checked(model):
            raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)


def _anything(model: Any) -> Iterator[tuple[str, str]]:
    """Yield that a model computes nothing, and what to do about it."""
    import keras

    layers = getattr(model, "layers", None)
    if layers is not None and all(isinstance(one, keras.layers.InputLayer) for one in layers):
        name = getattr(model, "name", type(model).__name__)
        yield f"network '{name}' has no layers besides its inputs", "add the layers that compute"


def _inputs(model: Any) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the inputs of a model, and what to do about it."""
    for tensor in getattr(model, "inputs", ()):
        if None in tensor.shape[1:]:
            sizes = ", ".join("any" if size is None else str(size) for size in tensor.shape[1:])
            yield (
                f"input '{tensor.name}' has no fixed shape ({sizes}), as hardware needs it",
                "build the network with the sizes of its Input and save it with the same weights",
            )


def _layers(model: Any) -> Iterator[tuple[str, str]]:
    """Yield the layers that cannot be built, and what to do about them."""
    import keras

    for layer in getattr(model, "layers", ()):
        shown = f"layer '{layer.name}' ({type(layer).__name__})"
        if isinstance(layer, keras.Model):
            yield f"{shown} is a model in Python code, whose layers cannot be read", _FUNCTIONAL
        elif isinstance(layer, keras.layers.Lambda):
            yield f"{shown} runs Python code, which HLS backends cannot build", LAMBDA_HINT
        elif isinstance(layer, keras.layers.Layer) and not _finite(layer):
            yield f"{shown} has weights that are no finite numbers", "train the network again"


def _finite(layer: Any) -> bool:
    return all(np.isfinite(w).all() for w in layer.get_weights() if w.dtype.kind == "f")


def _operations(model: Any) -> Iterator[tuple[str, str]]:
    """Yield the operations on tensors that are no layers, such as ``2 * tensor``."""
    import keras

    # a Sequential keeps its operations in a Functional model
    for operation in getattr(getattr(model, "_functional", model), "operations", ()):
        if not isinstance(operation, keras.layers.Layer):
            shown = f"operation '{operation.name}' ({type(operation).__name__})"
            yield f"{shown} is no layer, and HLS backends take layers only", _AS_LAYERS
