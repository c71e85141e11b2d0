"""Layers with weights: which of them are quantised, as which QKeras layers, and which pruned."""

from collections.abc import Iterator
from typing import Any

import keras

from dse.contracts.errors import EvaluationError, FailureKind

QUANTISED = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D)
"""Layers with a QKeras twin that hls4ml reads with all its formats."""

_RECURRENT = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)

_WINDOW = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups")
"""Settings of a convolution that its QKeras twin takes over."""

_MATRIX = 2
"""Weights with fewer axes are biases, or scales of a normalisation."""


def quantised_layers(model: keras.Model) -> list[Any]:
    """Return the layers whose weights are quantised.

    Raises:
        EvaluationError: kind invalid_point, if the weights of another layer would stay in float.
    """
    for layer in model.layers:
        floats = [w for w in layer.trainable_weights if len(w.shape) >= _MATRIX]
        if floats and not isinstance(layer, QUANTISED):
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"layer '{layer.name}' ({type(layer).__name__}) has no twin with quantised weights",
                hint="training: float, and total_bits quantise it after training; training: qat "
                "knows Dense, Conv1D and Conv2D",
            )
    return [layer for layer in model.layers if isinstance(layer, QUANTISED)]


def twin(layer: Any, **quantisers: Any) -> Any:
    """Return the QKeras layer of the same kind and settings.

    Args:
        layer: one of `QUANTISED`.
        quantisers: activation, kernel_quantizer and bias_quantizer of the twin.
    """
    import qkeras

    same = {"use_bias": layer.use_bias, "name": layer.name, **quantisers}
    if isinstance(layer, keras.layers.Dense):
        return qkeras.QDense(layer.units, **same)
    kind = qkeras.QConv1D if isinstance(layer, keras.layers.Conv1D) else qkeras.QConv2D
    return kind(**{key: getattr(layer, key) for key in _WINDOW}, **same)


def pruned_weights(model: keras.Model) -> Iterator[Any]:
    """Yield the weights that are pruned: of dense layers, convolutions and recurrent layers."""
    for layer in model.layers:
        if isinstance(layer, QUANTISED):
            yield layer.kernel
        elif isinstance(layer, _RECURRENT):
            yield layer.cell.kernel
            yield layer.cell.recurrent_kernel
