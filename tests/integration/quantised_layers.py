"""QKeras networks of one kind of layer each; it imports TensorFlow, so it is imported late."""

from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from qkeras import (
    QActivation,
    QConv1D,
    QConv2D,
    QDense,
    QDenseBatchnorm,
    quantized_bits,
)

from backends.modelgraph.extraction import checked_network

__all__ = ["checked_network"]

SAMPLES = 200


def values(*shape: int) -> NDArray[np.float32]:
    """Inputs with many ties: multiples of a sixteenth, beyond the range of most types."""
    random = np.random.default_rng(5)
    return np.asarray(np.round(random.normal(0, 2, (SAMPLES, *shape)) * 16) / 16, np.float32)


def dense(units: int, name: str, **more: Any) -> Any:
    kernel, bias = quantized_bits(6, 1, alpha=1), quantized_bits(8, 2, alpha=1)
    return QDense(units, kernel_quantizer=kernel, bias_quantizer=bias, name=name, **more)


def between(activation: Any) -> keras.Model:
    """A dense layer, an activation named ``act``, and a dense layer."""
    keras.utils.set_random_seed(1)
    given = layers.Input((4,), name="x")
    tensor = QActivation(quantized_bits(10, 3, alpha=1), name="first")(given)
    tensor = dense(6, "before")(tensor)
    tensor = activation(tensor) if callable(activation) else activated(activation)(tensor)
    return model(given, dense(2, "after")(tensor))


def activated(activation: Any) -> Any:
    return QActivation(activation, name="act")


def model(given: Any, output: Any) -> keras.Model:
    made = keras.Model(given, output)
    random = np.random.default_rng(2)
    for layer in made.layers:  # biases and moving averages that are not zero or one
        weights = [w + random.uniform(0.1, 0.4, w.shape) for w in layer.get_weights()]
        layer.set_weights(weights)
    return made


def first(activation: Any) -> keras.Model:
    """A quantiser of the inputs and a dense layer."""
    given = layers.Input((4,), name="x")
    return model(given, dense(2, "after")(activated(activation)(given)))


def built_in(activation: Any) -> keras.Model:
    """A dense layer with a quantiser as its activation."""
    given = layers.Input((4,), name="x")
    tensor = QActivation(quantized_bits(10, 3, alpha=1), name="first")(given)
    return model(given, dense(2, "after")(dense(6, "before", activation=activation)(tensor)))


def two_readers() -> keras.Model:
    """A dense layer that is read as it is, and quantised."""
    given = layers.Input((4,), name="x")
    tensor = dense(6, "before")(QActivation(quantized_bits(10, 3, alpha=1), name="first")(given))
    narrow = activated(quantized_bits(4, 1, alpha=1))(tensor)
    return model(given, layers.Add(name="sum")([narrow, tensor]))


def normalised() -> keras.Model:
    """A batch normalisation behind quantised weights."""
    return between(layers.BatchNormalization(name="norm"))


def after_table(activation: str) -> keras.Model:
    """A sigmoid or tanh, then a quantiser."""
    signed = activation == "tanh"
    quantiser = quantized_bits(6, 0, keep_negative=signed, alpha=1)

    def both(tensor: Any) -> Any:
        return activated(quantiser)(layers.Activation(activation, name="table")(tensor))

    return between(both)


def folded() -> keras.Model:
    given = layers.Input((4,), name="x")
    tensor = QActivation(quantized_bits(10, 3, alpha=1), name="first")(given)
    kernel, bias = quantized_bits(6, 1, alpha=1), quantized_bits(8, 2, alpha=1)
    layer = QDenseBatchnorm(3, kernel_quantizer=kernel, bias_quantizer=bias, name="folded")
    return model(given, layer(tensor))


def convolution(dimensions: int, padding: str, strides: int) -> keras.Model:
    keras.utils.set_random_seed(1)
    shape = (6, 6)[:dimensions]
    given = layers.Input((*shape, 2), name="x")
    tensor = QActivation(quantized_bits(8, 2, alpha=1), name="first")(given)
    kind = QConv1D if dimensions == 1 else QConv2D
    tensor = kind(
        3,
        3,
        strides=strides,
        padding=padding,
        kernel_quantizer=quantized_bits(5, 0, alpha=1),
        bias_quantizer=quantized_bits(6, 1, alpha=1),
        activation="quantized_relu(6, 2)",
        name="conv",
    )(tensor)
    return model(given, dense(2, "after")(layers.Flatten()(tensor)))


def float_network(kind: str) -> tuple[keras.Model, NDArray[np.float32]]:
    """A network of plain Keras layers, and inputs."""
    keras.utils.set_random_seed(3)
    rows = {"simple_rnn", "softmax_rows", "normalised_rows", "by_row"}
    shape = (6, 4) if kind in rows else (4,)
    given = layers.Input(shape, name="x")
    odd = {
        "hard_sigmoid": lambda: layers.Activation("hard_sigmoid", name="odd"),
        "simple_rnn": lambda: layers.SimpleRNN(5, name="odd"),
        "gelu": lambda: layers.Activation("gelu", name="odd"),
        "softmax": lambda: layers.Softmax(name="odd"),
        "softmax_rows": lambda: layers.Softmax(name="odd"),
        "relu_layer": lambda: layers.ReLU(name="odd"),
        "clipped": lambda: layers.ReLU(max_value=1.0, name="odd"),
        "hard_tanh": lambda: layers.Activation("hard_tanh", name="odd"),
        "by_row": lambda: layers.TimeDistributed(layers.Dense(3, "elu", name="in"), name="odd"),
        "repeated": lambda: layers.RepeatVector(3, name="odd"),
        "names": lambda: layers.Activation("relu", name="1st-re.lu"),
        "normalised": lambda: layers.BatchNormalization(name="odd"),
        "normalised_rows": lambda: layers.LayerNormalization(name="odd"),
    }[kind]()
    if kind == "normalised_rows":  # hls4ml's table is for variances below 1, and coarse near 0
        rows = values(*shape)
        return model(given, odd(given)), 0.8 * rows / rows.std(axis=-1, keepdims=True)
    tensor = odd(layers.Dense(6, name="Before")(given))
    if kind in {"softmax", "softmax_rows"}:
        return model(given, tensor), 2 * values(*shape)
    return model(given, layers.Dense(2, name="before")(tensor)), values(*shape)
