"""Layers with weights: which of them are quantised, as which QKeras layers, and which pruned."""

from collections.abc import Iterator, Mapping
from typing import Any

import keras

from dse.contracts.errors import EvaluationError, FailureKind

_WINDOW = ("kernel_size", "strides", "padding", "data_format", "dilation_rate")
_FILTERS = ("filters", "groups")
_DEPTHWISE = ("depth_multiplier", *_WINDOW)
_SEPARATE = {"depthwise_kernel": "depthwise_quantizer", "pointwise_kernel": "pointwise_quantizer"}
_CELL = {"kernel": "kernel_quantizer", "recurrent_kernel": "recurrent_quantizer"}
_STEPS = (
    "units", "recurrent_activation", "return_sequences", "return_state", "go_backwards",
    "stateful", "unroll", "dropout", "recurrent_dropout",
)  # fmt: skip

_TWINS: dict[Any, tuple[str, Mapping[str, str], tuple[str, ...]]] = {
    keras.layers.Dense: ("QDense", {"kernel": "kernel_quantizer"}, ("units",)),
    keras.layers.Conv1D: ("QConv1D", {"kernel": "kernel_quantizer"}, (*_FILTERS, *_WINDOW)),
    keras.layers.Conv2D: ("QConv2D", {"kernel": "kernel_quantizer"}, (*_FILTERS, *_WINDOW)),
    keras.layers.DepthwiseConv2D: (
        "QDepthwiseConv2D",
        {"kernel": "depthwise_quantizer"},
        _DEPTHWISE,
    ),
    keras.layers.SeparableConv1D: ("QSeparableConv1D", _SEPARATE, ("filters", *_DEPTHWISE)),
    keras.layers.SeparableConv2D: ("QSeparableConv2D", _SEPARATE, ("filters", *_DEPTHWISE)),
    keras.layers.LSTM: ("QLSTM", _CELL, _STEPS),
    keras.layers.GRU: ("QGRU", _CELL, (*_STEPS, "reset_after")),
}
"""By layer: its QKeras twin that is converted with all its formats, the twin's quantiser of every
weight but the bias, and the settings that the twin takes over."""

QUANTISED = tuple(_TWINS)
"""Layers that are quantised."""

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
                f"knows {', '.join(kind.__name__ for kind in QUANTISED)}",
            )
    return [layer for layer in model.layers if isinstance(layer, QUANTISED)]


def weights_of(layer: Any) -> list[str]:
    """Return the names of a layer's weights but the bias: ``kernel``.

    Args:
        layer: one of `QUANTISED`, or its twin.
    """
    return list(_twin_of(layer)[1])


def _twin_of(layer: Any) -> tuple[str, Mapping[str, str], tuple[str, ...]]:
    return next(found for kind, found in _TWINS.items() if isinstance(layer, kind))


def twin(layer: Any, weights: Mapping[str, Any], bias: Any, activation: Any) -> Any:
    """Return the QKeras layer of the same kind and settings.

    Args:
        layer: one of `QUANTISED`.
        weights: quantisers of its weights by the names of `weights_of`.
        bias: quantiser of its bias; None for none.
        activation: activation of the twin.
    """
    import qkeras

    name, quantisers, settings = _twin_of(layer)
    same = {key: getattr(layer, key) for key in settings}
    given = {quantisers[weight]: one for weight, one in weights.items()}
    made = getattr(qkeras, name)(
        **same,
        **given,
        bias_quantizer=bias,
        activation=activation,
        use_bias=layer.use_bias,
        name=layer.name,
    )
    made.name = layer.name  # QKeras gives the name of a recurrent layer to its cell
    return made


def pruned_weights(model: keras.Model) -> Iterator[Any]:
    """Yield the weights that are pruned: of dense layers, convolutions and recurrent layers."""
    for layer in model.layers:
        if isinstance(layer, QUANTISED):
            yield from (weight(layer, name) for name in weights_of(layer))
        elif hasattr(layer, "cell"):  # SimpleRNN, and recurrent twins
            yield layer.cell.kernel
            yield layer.cell.recurrent_kernel


def weight(layer: Any, name: str) -> Any:
    """Return a weight by its name in Keras; ``bias`` for the bias.

    QDepthwiseConv2D calls its kernel otherwise than DepthwiseConv2D does.
    """
    holder = getattr(layer, "cell", layer)
    return getattr(holder, name) if hasattr(holder, name) else getattr(holder, f"depthwise_{name}")
