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

QUANTISED = (*_TWINS, keras.layers.Bidirectional)
"""Layers that are quantised; those in both directions where the layers inside them are."""

_MATRIX = 2
"""Weights with fewer axes are biases, or scales of a normalisation."""


def quantised_layers(model: keras.Model) -> list[Any]:
    """Return the layers whose weights are quantised.

    Raises:
        EvaluationError: kind invalid_point, if the weights of another layer would stay in float.
    """
    for layer in model.layers:
        floats = [w for w in layer.trainable_weights if len(w.shape) >= _MATRIX]
        if floats and not all(isinstance(side, tuple(_TWINS)) for side in _sides(layer).values()):
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"layer '{layer.name}' ({type(layer).__name__}) has no twin with quantised weights",
                hint="training: float, and total_bits quantise it after training; training: qat "
                f"knows {', '.join(kind.__name__ for kind in QUANTISED)}",
            )
    return [layer for layer in model.layers if isinstance(layer, QUANTISED)]


def _sides(layer: Any) -> dict[str, Any]:
    """Return the two layers of one in both directions, else itself, by the start of names."""
    if isinstance(layer, keras.layers.Bidirectional):
        return {"forward_": layer.forward_layer, "backward_": layer.backward_layer}
    return {"": layer}


def weights_of(layer: Any) -> list[str]:
    """Return the names of a layer's weights but the biases, such as ``kernel``.

    Args:
        layer: one of `QUANTISED`, or its twin.
    """
    return [f"{start}{name}" for start, side in _sides(layer).items() for name in _twin_of(side)[1]]


def biases_of(layer: Any) -> list[str]:
    """Return the names of a layer's biases: ``bias``, or one for each direction."""
    return [f"{start}bias" for start, side in _sides(layer).items() if side.use_bias]


def _twin_of(layer: Any) -> tuple[str, Mapping[str, str], tuple[str, ...]]:
    return next(found for kind, found in _TWINS.items() if isinstance(layer, kind))


def twin(layer: Any, quantisers: Mapping[str, Any], activation: Any = None) -> Any:
    """Return the QKeras layer of the same kind and settings.

    Args:
        layer: one of `QUANTISED`.
        quantisers: of its weights, by the names of `weights_of` and `biases_of`.
        activation: activation of the twin; by default that of the layer.
    """
    import qkeras

    made = {
        start: _twin(side, quantisers, start, activation or side.activation)
        for start, side in _sides(layer).items()
    }
    if "" in made:
        return made[""]
    ahead, back = made.values()
    merged = layer.merge_mode
    return qkeras.QBidirectional(ahead, merged, backward_layer=back, name=layer.name)


def _twin(layer: Any, quantisers: Mapping[str, Any], start: str, activation: Any) -> Any:
    """Return the twin of a layer, or of one side of it; see `twin`."""
    import qkeras

    name, parameters, settings = _twin_of(layer)
    same = {key: getattr(layer, key) for key in settings}
    given = {key: quantisers[f"{start}{weight}"] for weight, key in parameters.items()}
    made = getattr(qkeras, name)(
        **same,
        **given,
        bias_quantizer=quantisers.get(f"{start}bias"),
        activation=activation,
        use_bias=layer.use_bias,
        name=layer.name,
    )
    made.name = layer.name  # QKeras gives the name of a recurrent layer to its cell
    return made


def pruned_weights(model: keras.Model) -> Iterator[Any]:
    """Yield the weights that are pruned: of dense layers, convolutions and recurrent layers."""
    for layer in model.layers:
        for side in _sides(layer).values():
            if isinstance(side, tuple(_TWINS)):
                yield from (weight(side, name) for name in weights_of(side))
            elif hasattr(side, "cell"):  # SimpleRNN, and recurrent twins
                yield side.cell.kernel
                yield side.cell.recurrent_kernel


def weight(layer: Any, name: str) -> Any:
    """Return a weight by its name of `weights_of` or `biases_of`.

    QDepthwiseConv2D calls its kernel otherwise than DepthwiseConv2D does.
    """
    start, side = next(found for found in _sides(layer).items() if name.startswith(found[0]))
    own = name.removeprefix(start)
    holder = getattr(side, "cell", side)
    return getattr(holder, own) if hasattr(holder, own) else getattr(holder, f"depthwise_{own}")
