"""Networks of six kinds as people bring them, untrained, with targets by the networks; needs Keras.

Targets are what the network itself computes in floating point, so a score says how much the fixed
point costs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

SAMPLES = 300


def jet_tagger() -> Any:
    """Dense layers with batch normalisation in between."""
    stack: list[Any] = [keras.Input((16,))]
    for units in (32, 16, 16):
        stack += [layers.Dense(units), layers.BatchNormalization(), layers.ReLU()]
    return keras.Sequential([*stack, layers.Dense(5, "softmax")])


def digits_cnn() -> Any:
    return keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(4, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(10, "softmax"),
    ])  # fmt: skip


def autoencoder() -> Any:
    return keras.Sequential([
        keras.Input((12,)),
        layers.Dense(8, "relu"),
        layers.Dense(3, "relu"),
        layers.Dense(8, "relu"),
        layers.Dense(12),
    ])  # fmt: skip


def gru() -> Any:
    return keras.Sequential([keras.Input((6, 4)), layers.GRU(6), layers.Dense(3, "softmax")])


def qkeras_mlp() -> Any:
    import qkeras

    def dense(units: int) -> Any:
        bits = qkeras.quantized_bits(4, 0, alpha=1)
        return qkeras.QDense(units, kernel_quantizer=bits, bias_quantizer=bits)

    between = qkeras.QActivation("quantized_relu(4, 1)")
    return keras.Sequential([
        keras.Input((16,)), dense(16), between, dense(5), layers.Activation("softmax"),
    ])  # fmt: skip


def deep_sets() -> Any:
    given = keras.Input((6, 3))
    each = layers.Dense(6, "relu")(layers.Dense(8, "relu")(given))
    summed = layers.GlobalAveragePooling1D()(each)
    return keras.Model(given, layers.Dense(5, "softmax")(layers.Dense(8, "relu")(summed)))


NETWORKS: dict[str, Callable[[], Any]] = {
    made.__name__: made
    for made in (jet_tagger, digits_cnn, autoencoder, gru, qkeras_mlp, deep_sets)
}


def write(folder: Path, name: str) -> None:
    """Write `NAME.keras` and its test set, `test.npz`."""
    keras.utils.set_random_seed(len(name))
    model, rng = NETWORKS[name](), np.random.default_rng(len(name))
    for variable in model.weights:
        if (
            variable.path.endswith(("bias", "beta", "moving_mean"))
            and "q_dense" not in variable.path
        ):
            variable.assign(rng.uniform(-0.3, 0.3, variable.shape))
    x = rng.normal(0, 1, (SAMPLES, *model.input_shape[1:])).astype(np.float32)
    outputs = model.predict(x, verbose=0)
    y = outputs if name == "autoencoder" else outputs.argmax(axis=1)
    model.save(folder / f"{name}.keras")
    np.savez(folder / "test.npz", x=x, y=y)
