"""A small network for every public layer and quantiser of QKeras; it imports TensorFlow."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import qkeras
from keras import layers
from numpy.typing import NDArray
from qkeras import quantizers

from backends.modelgraph.extraction import checked_network
from backends.modelgraph.network import from_keras

__all__ = ["checked_network", "from_keras"]

ABSTRACT = {"Model", "QGRUCell", "QLSTMCell", "QSimpleRNNCell"}
"""What is a layer by its class, but of no network: a base class, and cells."""


def public_layers() -> set[str]:
    found = vars(qkeras).items()
    return {n for n, o in found if inspect.isclass(o) and issubclass(o, layers.Layer)} - ABSTRACT


def public_quantisers() -> set[str]:
    return {
        name
        for name, found in vars(quantizers).items()
        if inspect.isclass(found) and found.__module__ == quantizers.__name__
    }


def bits(width: int = 5) -> Any:
    return qkeras.quantized_bits(width, 1, alpha=1)


KERNEL = {"kernel_quantizer": "quantized_bits(5,1,alpha=1)"}
BIAS = {"bias_quantizer": "quantized_bits(7,2,alpha=1)"}
DEPTHWISE = {"depthwise_quantizer": "quantized_bits(5,1,alpha=1)"}
POINTWISE = {"pointwise_quantizer": "quantized_bits(4,1,alpha=1)"}
RELU = {"activation": "quantized_relu(6,2)"}
RECURRENT = {
    **KERNEL,
    "recurrent_quantizer": "quantized_bits(4,0,alpha=1)",
    **BIAS,
    "activation": "tanh",
}
CELL = {**RECURRENT, "recurrent_activation": "sigmoid"}

IMAGE, SEQUENCE, VECTOR = (5, 4, 2), (6, 2), (4,)

LAYERS: dict[str, tuple[tuple[int, ...], Callable[[Any], Any]]] = {
    "QActivation": (VECTOR, lambda c: c("quantized_relu(4,1)", name="q")),
    "QAdaptiveActivation": (VECTOR, lambda c: c("quantized_relu", 4, name="q")),
    "QDense": (VECTOR, lambda c: c(3, **KERNEL, **BIAS, **RELU, name="q")),
    "QDenseBatchnorm": (VECTOR, lambda c: c(3, **KERNEL, **BIAS, name="q")),
    "QConv1D": (SEQUENCE, lambda c: c(3, 3, **KERNEL, **BIAS, **RELU, name="q")),
    "QConv2D": (IMAGE, lambda c: c(3, (3, 2), **KERNEL, **BIAS, **RELU, name="q")),
    "QConv2DBatchnorm": (IMAGE, lambda c: c(3, 3, **KERNEL, **BIAS, **RELU, name="q")),
    "QConv2DTranspose": (IMAGE, lambda c: c(3, 3, **KERNEL, **BIAS, name="q")),
    "QDepthwiseConv2D": (
        IMAGE,
        lambda c: c((3, 2), padding="same", **DEPTHWISE, **BIAS, **RELU, name="q"),
    ),
    "QDepthwiseConv2DBatchnorm": (IMAGE, lambda c: c((3, 3), **DEPTHWISE, **BIAS, name="q")),
    "QDepthwiseConv2DTranspose": (
        IMAGE,
        lambda c: c(filters=2, kernel_size=(3, 3), name="q"),
    ),
    "QSeparableConv1D": (SEQUENCE, lambda c: c(3, 3, **DEPTHWISE, **POINTWISE, **BIAS, name="q")),
    "QSeparableConv2D": (
        IMAGE,
        lambda c: c(3, (2, 3), strides=(2, 2), **DEPTHWISE, **POINTWISE, **BIAS, **RELU, name="q"),
    ),
    "QSeparableConv2DTranspose": (
        IMAGE,
        lambda c: c(filters=3, kernel_size=(3, 3), name="q"),
    ),
    "QScaleShift": (VECTOR, lambda c: c(weight_quantizer=bits(), bias_quantizer=bits(), name="q")),
    "QBatchNormalization": (VECTOR, lambda c: c(name="q")),
    "QAveragePooling2D": (IMAGE, lambda c: c((2, 2), average_quantizer=bits(), name="q")),
    "QGlobalAveragePooling2D": (IMAGE, lambda c: c(average_quantizer=bits(), name="q")),
    "QSimpleRNN": (SEQUENCE, lambda c: c(3, **RECURRENT, name="q")),
    "QLSTM": (SEQUENCE, lambda c: c(3, **CELL, name="q")),
    "QGRU": (SEQUENCE, lambda c: c(3, **CELL, reset_after=True, name="q")),
    "QBidirectional": (
        SEQUENCE,
        lambda c: c(qkeras.QLSTM(3, **CELL, return_sequences=True), name="q"),
    ),
}
"""Shape of the input, and what makes the layer from its class."""


def network(name: str) -> Any:
    """Quantised inputs and one layer of QKeras."""
    shape, make = LAYERS[name]
    return _with_weights(shape, make(getattr(qkeras, name)))


def recurrent(name: str, **settings: Any) -> Any:
    """Quantised inputs and one recurrent layer of QKeras, with these settings."""
    return _with_weights(SEQUENCE, getattr(qkeras, name)(3, **{**CELL, **settings}, name="q"))


def both_directions(name: str, **settings: Any) -> Any:
    """The same in both directions."""
    made = getattr(qkeras, name)(3, **{**CELL, **settings})
    return _with_weights(SEQUENCE, qkeras.QBidirectional(made, name="q"))


def _with_weights(shape: tuple[int, ...], layer: Any) -> Any:
    keras.utils.set_random_seed(2)
    given = keras.Input(shape, name="x")
    first = qkeras.QActivation("quantized_bits(7,2,alpha=1)", name="first")(given)
    made = keras.Model(given, layer(first))
    random = np.random.default_rng(3)
    made.set_weights([w + random.uniform(0.1, 0.6, w.shape) for w in made.get_weights()])
    return made


QUANTISERS: dict[str, str] = {
    "quantized_linear": "quantized_linear(5,1,alpha=1)",
    "quantized_bits": "quantized_bits(5,1,alpha=1)",
    "bernoulli": "bernoulli()",
    "ternary": "ternary(alpha=1)",
    "stochastic_ternary": "stochastic_ternary()",
    "binary": "binary(alpha=1)",
    "stochastic_binary": "stochastic_binary()",
    "quantized_relu": "quantized_relu(5,1)",
    "quantized_ulaw": "quantized_ulaw(5)",
    "quantized_tanh": "quantized_tanh(5)",
    "quantized_sigmoid": "quantized_sigmoid(5)",
    "quantized_po2": "quantized_po2(4)",
    "quantized_relu_po2": "quantized_relu_po2(4)",
    "quantized_hswish": "quantized_hswish(5,1)",
}


def activated(name: str) -> Any:
    return _with_weights(VECTOR, qkeras.QActivation(QUANTISERS[name], name="q"))


def weighted(name: str) -> Any:
    layer = qkeras.QDense(3, kernel_quantizer=QUANTISERS[name], **BIAS, name="q")
    return _with_weights(VECTOR, layer)


def values(shape: tuple[int, ...]) -> NDArray[np.float32]:
    drawn = np.random.default_rng(4).normal(0, 1.5, (60, *shape))
    return np.asarray(np.round(drawn * 16) / 16, np.float32)
