"""Random networks of all layers and quantisers; imports TensorFlow, so it is imported late."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from qkeras import QActivation, QConv1D, QConv2D, QDense, quantized_bits, quantized_relu

from backends.modelgraph.extraction import checked_network

__all__ = ["checked_network"]

BRANCHES = 10
"""Networks of one model: side by side, so that they are compiled together."""

SAMPLES = 16

Random = np.random.Generator
Layer = Callable[[Any], Any]


def _activation(random: Random) -> Layer:
    made: list[Callable[[], Layer]] = [
        layers.ReLU,
        lambda: layers.LeakyReLU(negative_slope=float(random.choice([0.125, 0.3]))),
        layers.ELU,
        lambda: layers.PReLU(alpha_initializer="random_uniform"),
        lambda: layers.Activation(str(random.choice(["relu", "sigmoid", "tanh", "softsign"]))),
        layers.BatchNormalization,
    ]
    return made[random.integers(len(made))]()


def _on_vector(random: Random) -> Layer:
    if random.random() < 0.5:
        return layers.Dense(int(random.integers(2, 7)))
    return _activation(random)


def _on_sequence(random: Random) -> Layer:
    made: list[Callable[[], Layer]] = [
        lambda: layers.Dense(3),
        lambda: layers.Conv1D(3, int(random.integers(1, 4)), padding=_padding(random)),
        lambda: layers.DepthwiseConv1D(2, padding=_padding(random)),
        lambda: layers.MaxPooling1D(2),
        lambda: layers.AveragePooling1D(2),
        lambda: layers.ZeroPadding1D(1),
        lambda: layers.UpSampling1D(2),
        lambda: layers.Permute((2, 1)),
        layers.BatchNormalization,
        layers.ReLU,
    ]
    return made[random.integers(len(made))]()


def _on_image(random: Random) -> Layer:
    made: list[Callable[[], Layer]] = [
        lambda: layers.Conv2D(
            2, int(random.integers(1, 4)), strides=int(random.integers(1, 3)),
            padding=_padding(random),
        ),
        lambda: layers.DepthwiseConv2D(2, padding=_padding(random)),
        lambda: layers.SeparableConv2D(2, 2),
        lambda: layers.MaxPooling2D(2),
        lambda: layers.AveragePooling2D(2),
        lambda: layers.ZeroPadding2D(1),
        layers.BatchNormalization,
        layers.ReLU,
    ]  # fmt: skip
    return made[random.integers(len(made))]()


def _padding(random: Random) -> str:
    return str(random.choice(["same", "valid"]))


KINDS: dict[str, tuple[tuple[int, ...], Callable[[Random], Layer]]] = {
    "vector": ((5,), _on_vector),
    "sequence": ((8, 3), _on_sequence),
    "image": ((7, 6, 2), _on_image),
}


def _float_branch(random: Random, number: int, kinds: list[str]) -> tuple[Any, Any]:
    """One network: two to four layers, then a dense layer on all that is left."""
    shape, draw = KINDS[str(random.choice(kinds))]
    given = layers.Input(shape, name=f"x{number}")
    tensor = given
    for _ in range(random.integers(2, 5)):
        layer = draw(random)
        if min(tensor.shape[1:-1], default=4) < 4 and not isinstance(layer, layers.ReLU):
            continue  # too small for another window
        tensor = layer(tensor)
    if random.random() < 0.3:
        other = layers.ReLU()(tensor)
        merge = random.choice(["Add", "Subtract", "Multiply", "Maximum", "Average"])
        tensor = getattr(layers, str(merge))()([tensor, other])
    flat = layers.Flatten()(tensor) if len(tensor.shape) > 2 else tensor
    return given, layers.Dense(2)(flat)


def _quantiser(random: Random) -> Any:
    bits = int(random.integers(3, 8))
    return quantized_bits(bits, int(random.integers(0, 3)), alpha=1)


def _quantised_activation(random: Random) -> Any:
    bits, integer = int(random.integers(2, 8)), int(random.integers(0, 4))
    if random.random() < 0.5:
        return quantized_relu(bits, integer)
    negative = int(random.integers(2))
    return quantized_bits(
        bits, integer, int(random.integers(2)) * negative, keep_negative=negative, alpha=1
    )


def _quantised_branch(random: Random, number: int, kinds: list[str]) -> tuple[Any, Any]:
    """One network of quantised layers, each with a quantiser behind it or built in."""
    kind = str(random.choice(kinds))
    given = layers.Input(KINDS[kind][0], name=f"x{number}")
    tensor = QActivation(quantized_bits(8, 3, alpha=1))(given)
    for _ in range(random.integers(1, 4)):
        options = {"kernel_quantizer": _quantiser(random), "bias_quantizer": _quantiser(random)}
        if random.random() < 0.5:
            options["activation"] = _quantised_activation(random)
        window = 1 if min(tensor.shape[1:-1], default=4) < 3 else int(random.integers(1, 4))
        tensor = {
            "vector": lambda o: QDense(4, **o),
            "sequence": lambda o, w=window: QConv1D(3, w, **o),
            "image": lambda o, w=window: QConv2D(2, w, **o),
        }[kind](options)(tensor)
        if "activation" not in options:
            tensor = QActivation(_quantised_activation(random))(tensor)
    flat = layers.Flatten()(tensor) if len(tensor.shape) > 2 else tensor
    output = QDense(2, kernel_quantizer=_quantiser(random), bias_quantizer=_quantiser(random))
    return given, output(flat)


def network(seed: int) -> tuple[keras.Model, list[NDArray[np.float32]]]:
    """Return a model of `BRANCHES` networks, quantised for odd seeds, and inputs for each.

    Depthwise convolutions in one and in two dimensions are in different models: their headers in
    hls4ml 1.3.0 have one include guard.
    """
    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    branch = _quantised_branch if seed % 2 else _float_branch
    kinds = ["vector", "sequence" if seed % 4 < 2 else "image"]
    made = [branch(random, number, kinds) for number in range(BRANCHES)]
    joined = layers.Concatenate()([output for _, output in made])
    model = keras.Model([given for given, _ in made], joined)
    for layer in model.layers:  # biases and moving averages that are not zero or one
        layer.set_weights([w + random.uniform(0.05, 0.3, w.shape) for w in layer.get_weights()])
    inputs = [
        np.asarray(np.round(random.normal(0, 1.5, (SAMPLES, *given.shape[1:])) * 64) / 64, "f4")
        for given, _ in made
    ]
    return model, inputs
