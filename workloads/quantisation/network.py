"""Rebuild a float network in QKeras layers, with the same graph and the float weights.

Dense layers, convolutions, LSTM and GRU become their twins of QKeras, ReLUs quantised ReLUs.
sums over edges, means of pooling, other activations and outputs of layers with weights but without
activation are quantised where a layer reads them. The outputs of the network are not quantised.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dse.layers import ScatterSum
from workloads.quantisation.formats import Format, best_format
from workloads.quantisation.weighted import (
    QUANTISED,
    biases_of,
    quantised_layers,
    twin,
    weight,
    weights_of,
)

_WEIGHT = "{}/{}"
"""Names of the formats of a layer's weights; a layer's own name is that of its output format."""
_LEAST_BIAS_BITS = 8
_CALIBRATION_SAMPLES = 256
_MEANS = (
    keras.layers.AveragePooling1D, keras.layers.AveragePooling2D,
    keras.layers.GlobalAveragePooling1D, keras.layers.GlobalAveragePooling2D,
)  # fmt: skip
_RAW = (*QUANTISED, *_MEANS, keras.layers.Activation, keras.layers.RNN, ScatterSum)
"""Layers whose outputs are quantised where they are read; those of others, such as Concatenate
and EdgeGather, are not."""


@dataclass(frozen=True)
class LayerBits:
    """Widths of a layer's weights and of its output, in bits."""

    weights: int
    activations: int

    @property
    def bias(self) -> int:
        """Width of the bias: that of a product of weight and activation, at least 8.

        A wide bias is cheap: it is the start value of an accumulator and needs no multiplier.
        """
        return max(_LEAST_BIAS_BITS, self.weights + self.activations)


BitsOf = Callable[[str], LayerBits]
"""Function from the name of a layer to its bits."""


def _is_relu(layer: Any) -> bool:
    """Whether a layer ends in a ReLU; that of a recurrent layer is inside its cell."""
    recurrent = isinstance(layer, (keras.layers.RNN, keras.layers.Bidirectional))
    activation = None if recurrent else getattr(layer, "activation", None)
    return activation is keras.activations.relu or isinstance(layer, keras.layers.ReLU)


def _is_activation(layer: Any) -> bool:
    """Whether the layer only applies an activation: Dense has an `activation` and a kernel."""
    if isinstance(layer, (keras.layers.ReLU, keras.layers.Softmax)):
        return True
    weighted = isinstance(layer, QUANTISED) or hasattr(layer, "kernel_initializer")
    return hasattr(layer, "activation") and not weighted


@dataclass
class _QuantisedRebuild:
    """Call function for `keras.models.clone_model` that replaces the inputs of layers.

    Args:
        read: function from (name of the layer or input that made a tensor, the tensor) to the
            tensor that is read instead.
        made: for each output by its id: name of its layer, the tensor, and whether it is raw,
            that is, not quantised by its layer. The tensor is kept so that its id stays unique.
    """

    read: Callable[[str, Any], Any]
    made: dict[int, tuple[str, Any, bool]] = field(default_factory=dict)

    def call(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a layer on replaced inputs; an activation reads its input unquantised."""
        if not _is_activation(layer):
            args = keras.tree.map_structure(self._read, args)
        output = layer(*args, **kwargs)
        raw = isinstance(layer, _RAW) and not _quantises(layer)
        self.made[id(output)] = layer.name, output, raw
        return output

    def _read(self, tensor: Any) -> Any:
        name, _, raw = self.made.get(id(tensor), (tensor.name, tensor, True))
        # Index inputs (senders, receivers) are integers and stay as they are.
        is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype))
        return self.read(name, tensor) if raw and is_float else tensor


def _quantises(layer: Any) -> bool:
    """Whether a layer quantises its own output."""
    return _is_relu(layer) or "quantized" in type(getattr(layer, "activation", None)).__name__


def calibrate(
    model: keras.Model, inputs: Sequence[NDArray[Any]], bits_of: BitsOf, input_bits: int
) -> dict[str, Format]:
    """Choose formats for the values of a trained network.

    Args:
        model: functional network with its trained weights.
        inputs: samples, one array per network input; the first 256 determine the ranges.
        bits_of: function from a layer's name to its bits.
        input_bits: width of the network's inputs.

    Returns:
        Formats by name: of a layer or input for its output, and ``LAYER/WEIGHT`` for weights.
    """
    formats: dict[str, Format] = {}
    for layer in quantised_layers(model):
        bits = bits_of(layer.name)
        for name in weights_of(layer):
            values = keras.ops.convert_to_numpy(weight(layer, name))
            kind = best_format(values, bits.weights, signed=True)
            formats[_WEIGHT.format(layer.name, name)] = kind
        for name in biases_of(layer):
            bias = keras.ops.convert_to_numpy(weight(layer, name))
            kind = best_format(bias, bits.bias, signed=True, least=1)
            formats[_WEIGHT.format(layer.name, name)] = kind
    names = {tensor.name for tensor in model.inputs}
    for name, values in _outputs(model, inputs).items():
        width = input_bits if name in names else bits_of(name).activations
        formats[name] = best_format(values, width, signed=bool(values.min() < 0))
    return formats


def _outputs(model: keras.Model, inputs: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return all values that are to be quantised, by the name of the layer or input.

    Values of all calls of a shared layer are joined, because it has one format.
    """
    seen: list[tuple[str, Any]] = []

    def read(name: str, tensor: Any) -> Any:
        # `in` would compare symbolic tensors by ==, which gives another tensor.
        if not any(tensor is other for _, other in seen):
            seen.append((name, tensor))
        return tensor

    walk = _QuantisedRebuild(read)
    same = keras.models.clone_model(
        model, clone_function=lambda layer: layer, call_function=walk.call
    )
    seen += [(name, t) for name, t, _ in walk.made.values() if _is_relu(model.get_layer(name))]
    probe = keras.Model(same.inputs, [tensor for _, tensor in seen])
    samples = [a[:_CALIBRATION_SAMPLES] for a in inputs]
    found = probe.predict(samples if len(samples) > 1 else samples[0], verbose=0)
    joined: dict[str, list[NDArray[Any]]] = {}
    for (name, _), values in zip(seen, found, strict=True):
        joined.setdefault(name, []).append(np.ravel(values))
    return {name: np.concatenate(parts) for name, parts in joined.items()}


def quantised(model: keras.Model, formats: Mapping[str, Format]) -> keras.Model:
    """Return the network in QKeras layers with these formats and the float network's weights.

    A tensor that several layers read is quantised once, and the calls of a shared layer share
    one quantiser.
    """
    from qkeras import QActivation

    readers: dict[int, tuple[Any, Any]] = {}
    makers: dict[str, Any] = {}

    def read(name: str, tensor: Any) -> Any:
        if id(tensor) not in readers:
            if name not in makers:
                quantiser = formats[name].quantiser()
                makers[name] = QActivation(quantiser, name=f"{name}_quantised")
            readers[id(tensor)] = tensor, makers[name](tensor)
        return readers[id(tensor)][1]

    walk = _QuantisedRebuild(read)
    made = keras.models.clone_model(
        model,
        clone_function=lambda layer: _in_qkeras(layer, formats),
        call_function=walk.call,
    )
    for layer in model.layers:
        # others have weights too: a normalisation its scales and moving averages
        made.get_layer(layer.name).set_weights(layer.get_weights())
    return made


def _in_qkeras(layer: Any, formats: Mapping[str, Format]) -> Any:
    """Return the QKeras layer that replaces `layer`, or a copy where there is none."""
    from qkeras import QActivation

    if isinstance(layer, QUANTISED):
        quantisers = {
            name: formats[_WEIGHT.format(layer.name, name)].quantiser()
            for name in (*weights_of(layer), *biases_of(layer))
        }
        return twin(layer, quantisers, formats[layer.name].quantiser() if _is_relu(layer) else None)
    if _is_relu(layer):
        return QActivation(formats[layer.name].quantiser(), name=layer.name)
    return type(layer).from_config(layer.get_config())
