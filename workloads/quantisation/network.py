"""A float network's quantised twin: the same graph in QKeras layers, starting from its weights.

Dense layers become QDense, ReLUs quantised ReLUs; network inputs, sums over edges, other
activations and bare dense outputs are quantised where a layer reads them. Outputs of the
network are left as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dse.layers import ScatterSum
from workloads.quantisation.formats import Format, best_format

KERNEL, BIAS = "{}/kernel", "{}/bias"
_LEAST_BIAS_BITS = 8
_CALIBRATION_SAMPLES = 256
_RAW = (keras.layers.Dense, keras.layers.Activation, ScatterSum)


@dataclass(frozen=True)
class LayerBits:
    """Bits of one layer's weights and of its output."""

    weights: int
    activations: int

    @property
    def bias(self) -> int:
        """As wide as a product: a bias costs no multiplier, only where its sum starts."""
        return max(_LEAST_BIAS_BITS, self.weights + self.activations)


BitsOf = Callable[[str], LayerBits]
"""Bits by layer name."""


def _is_relu(layer: Any) -> bool:
    activation = getattr(layer, "activation", None)
    return activation is keras.activations.relu or isinstance(layer, keras.layers.ReLU)


def _is_activation(layer: Any) -> bool:
    if isinstance(layer, (keras.layers.ReLU, keras.layers.Softmax)):
        return True
    return hasattr(layer, "activation") and not hasattr(layer, "kernel_initializer")


@dataclass
class _QuantisedRebuild:
    """Calls of a network's layers, with something done to what each one reads.

    Args:
        read: given the name of what made a tensor, and the tensor, what is read instead.
    """

    read: Callable[[str, Any], Any]
    made: dict[int, tuple[str, Any, bool]] = field(default_factory=dict)

    def call(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_activation(layer):
            args = keras.tree.map_structure(self._read, args)
        output = layer(*args, **kwargs)
        raw = isinstance(layer, _RAW) and not _quantises(layer)
        self.made[id(output)] = layer.name, output, raw
        return output

    def _read(self, tensor: Any) -> Any:
        name, _, raw = self.made.get(id(tensor), (tensor.name, tensor, True))
        is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype))
        return self.read(name, tensor) if raw and is_float else tensor


def _quantises(layer: Any) -> bool:
    """Whether a layer's output is in its own format already."""
    return _is_relu(layer) or "quantized" in type(getattr(layer, "activation", None)).__name__


def calibrate(
    model: keras.Model, inputs: Sequence[NDArray[Any]], bits_of: BitsOf, input_bits: int
) -> dict[str, Format]:
    """Formats that suit a trained network: by name of layer or input, `KERNEL` and `BIAS`.

    Args:
        model: a functional network with its trained weights.
        inputs: samples to see the range of every output on, one array per input.
        bits_of: bits of each layer.
        input_bits: of the network's inputs.
    """
    formats: dict[str, Format] = {}
    for layer in _dense_layers(model):
        bits = bits_of(layer.name)
        kernel = keras.ops.convert_to_numpy(layer.kernel)
        formats[KERNEL.format(layer.name)] = best_format(kernel, bits.weights, signed=True)
        if layer.use_bias:
            bias = keras.ops.convert_to_numpy(layer.bias)
            formats[BIAS.format(layer.name)] = best_format(bias, bits.bias, signed=True, least=1)
    names = {tensor.name for tensor in model.inputs}
    for name, values in _outputs(model, inputs).items():
        width = input_bits if name in names else bits_of(name).activations
        formats[name] = best_format(values, width, signed=bool(values.min() < 0))
    return formats


def _dense_layers(model: keras.Model) -> list[Any]:
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]


def _outputs(model: keras.Model, inputs: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """All values that are to be quantised, by what makes them; shared layers joined."""
    seen: list[tuple[str, Any]] = []

    def read(name: str, tensor: Any) -> Any:
        if not any(tensor is other for _, other in seen):
            seen.append((name, tensor))
        return tensor

    walk = _QuantisedRebuild(read)
    twin = keras.models.clone_model(
        model, clone_function=lambda layer: layer, call_function=walk.call
    )
    seen += [(name, t) for name, t, _ in walk.made.values() if _is_relu(model.get_layer(name))]
    probe = keras.Model(twin.inputs, [tensor for _, tensor in seen])
    samples = [a[:_CALIBRATION_SAMPLES] for a in inputs]
    found = probe.predict(samples if len(samples) > 1 else samples[0], verbose=0)
    joined: dict[str, list[NDArray[Any]]] = {}
    for (name, _), values in zip(seen, found, strict=True):
        joined.setdefault(name, []).append(np.ravel(values))
    return {name: np.concatenate(parts) for name, parts in joined.items()}


def quantised(model: keras.Model, formats: Mapping[str, Format]) -> keras.Model:
    """The network in QKeras layers with these formats, with the float network's weights."""
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
    twin = keras.models.clone_model(
        model, clone_function=lambda layer: _twin(layer, formats), call_function=walk.call
    )
    for layer in _dense_layers(model):
        twin.get_layer(layer.name).set_weights(layer.get_weights())
    return twin


def _twin(layer: Any, formats: Mapping[str, Format]) -> Any:
    from qkeras import QActivation, QDense

    if isinstance(layer, keras.layers.Dense):
        return QDense(
            layer.units,
            activation=formats[layer.name].quantiser() if _is_relu(layer) else layer.activation,
            use_bias=layer.use_bias,
            kernel_quantizer=formats[KERNEL.format(layer.name)].quantiser(),
            bias_quantizer=formats[BIAS.format(layer.name)].quantiser() if layer.use_bias else None,
            name=layer.name,
        )
    if _is_relu(layer):
        return QActivation(formats[layer.name].quantiser(), name=layer.name)
    return type(layer).from_config(layer.get_config())
