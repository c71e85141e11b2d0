"""What tests of quantised networks share; it imports TensorFlow, so it is imported late."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from workloads.fitting import Checkpoint, FitSettings, fit
from workloads.quantisation.network import LayerBits, calibrate, quantised
from workloads.quantisation.pruning import magnitude_mask
from workloads.quantisation.training import Tuning, tune
from workloads.tracking.models import Network, build

__all__ = ["Checkpoint", "FitSettings", "LayerBits", "fit", "keras", "magnitude_mask", "tune"]

NODES, EDGES, SAMPLES = 12, 16, 48


def graphs(network: Network) -> list[NDArray[Any]]:
    random = np.random.default_rng(5)
    features = 4 if network == "interaction_network" else 1
    edges = random.uniform(-1, 1, (SAMPLES, EDGES, features)) * (features == 4)
    ends = random.integers(0, NODES + 1, (2, SAMPLES, EDGES)).astype(np.int32)
    nodes = random.uniform(-1, 1, (SAMPLES, NODES, 3))
    return [nodes.astype(np.float32), edges.astype(np.float32), *ends]


def float_network(network: Network, passes: int) -> keras.Model:
    keras.utils.set_random_seed(3)
    model = build(network, NODES, EDGES, passes=passes)
    random = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            kernel, bias = layer.get_weights()
            spread = random.normal(0, 0.9, kernel.shape)  # so that outputs differ
            layer.set_weights([spread, random.normal(0, 0.2, bias.shape)])
    return model


def before_sigmoid(model: keras.Model) -> keras.Model:
    """The network without its last table."""
    last = model.layers[-1]
    return keras.Model(model.inputs, last.input)


def twin(network: Network, passes: int, weights: int, activations: int) -> keras.Model:
    model = float_network(network, passes)
    bits = LayerBits(weights, activations)
    return quantised(model, calibrate(model, graphs(network), lambda _: bits, 8))


def classifier() -> tuple[keras.Model, NDArray[Any], NDArray[Any]]:
    keras.utils.set_random_seed(4)
    given = keras.layers.Input((6,), name="x")
    hidden = keras.layers.Dense(10, activation="relu", name="hidden")(given)
    output = keras.layers.Dense(1, activation="sigmoid", name="output")(hidden)
    x = np.random.default_rng(6).normal(size=(600, 6)).astype(np.float32)
    y = (x[:, :1] * x[:, 1:2] > 0).astype(np.float32)
    return keras.Model(given, output), x, y


def tuning(**given: Any) -> Tuning:
    defaults: dict[str, Any] = {
        "bits_of": None, "input_bits": 8, "sparsity": 0.0, "learning_rate": 3e-3,
        "loss": "binary_crossentropy", "settings": FitSettings(4, 32, 4, 1),
    }  # fmt: skip
    return Tuning(**{**defaults, **given})


RECURRENT: dict[str, Any] = {
    "simple": lambda: keras.layers.SimpleRNN(6, name="first", return_sequences=True),
    "gru": lambda: keras.layers.GRU(6, name="first", return_sequences=True),
    # its ReLU is one of the cell, not of the output
    "lstm": lambda: keras.layers.LSTM(6, name="first", activation="relu", use_bias=False),
    "both": lambda: keras.layers.Bidirectional(
        keras.layers.GRU(4), backward_layer=keras.layers.GRU(4, go_backwards=True), name="first"
    ),
}
"""Recurrent layers by kind."""


def images(kind: str) -> tuple[keras.Model, NDArray[Any], NDArray[Any]]:
    """A small network of a kind of layers, and samples to train it on."""
    keras.utils.set_random_seed(9)
    layers = keras.layers
    if kind == "conv2d":
        shape: tuple[int, ...] = (6, 6, 2)
        made = [
            layers.Conv2D(3, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(2),
            layers.Conv2D(4, 2, use_bias=False, name="second"),
            layers.ReLU(name="relu"),
        ]
    elif kind == "conv1d":
        shape = (8, 2)
        made = [layers.Conv1D(4, 3, strides=2, activation="relu", name="first")]
    elif kind == "depthwise":
        shape = (6, 6, 2)
        made = [
            layers.DepthwiseConv2D(3, activation="relu", name="first"),
            layers.SeparableConv2D(3, 2, strides=2, use_bias=False, name="second"),
            layers.ReLU(name="relu"),
        ]
    elif kind == "separable1d":
        shape = (8, 2)
        made = [layers.SeparableConv1D(4, 3, padding="same", activation="relu", name="first")]
    elif kind == "norm":
        shape = (4,)
        norm = layers.BatchNormalization(name="norm")
        made = [layers.Dense(5, name="first"), norm, layers.ReLU(name="relu")]
    else:
        shape, made = (5, 3), [RECURRENT[kind]()]
    given = layers.Input(shape, name="x")
    tensor = given
    for layer in (*made, layers.Flatten(), layers.Dense(3, name="output")):
        tensor = layer(tensor)
    random = np.random.default_rng(7)
    if kind == "norm":
        values = zip((1, 0.3, 0.2, 0.5), (0.5, 0.5, 0.5, 0.2), strict=True)
        norm.set_weights([random.uniform(a, a + b, 5) for a, b in values])
    x = random.uniform(-1, 1, (400, *shape)).astype(np.float32)
    weights = random.normal(size=(int(np.prod(shape)), 3))
    return keras.Model(given, tensor), x, np.tanh(x.reshape(400, -1) @ weights / 3)
