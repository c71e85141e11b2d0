"""Networks of seven kinds as people bring them; needs Keras.

All but the transformer are untrained, and their targets are what the network itself computes in
floating point, so a score says how much the fixed point costs. The transformer is trained for some
seconds on scikit-learn's digits, a row of pixels at a position.
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


def transformer() -> Any:
    """A block of attention and dense layers, each normalised before and added to its input.

    Norms of weights are limited, because hls4ml's layer normalisation is for variances below 1.
    """
    near_one = keras.initializers.RandomNormal(stddev=0.5)
    small = keras.constraints.MaxNorm(0.7)
    given = keras.Input((8, 8))
    tokens = layers.EinsumDense(  # with biases of its own at every position
        "abc,cd->abd", (8, 8), bias_axes="bd", bias_initializer=near_one, kernel_constraint=small
    )(given)
    half = keras.constraints.MaxNorm(1.4)  # of eight values, each about 0.5
    normal = layers.LayerNormalization(
        gamma_initializer=keras.initializers.Constant(0.5),
        gamma_constraint=half,
        beta_constraint=half,
    )(tokens)
    per_head = keras.constraints.MaxNorm(0.6, axis=(0, 1))
    attention = layers.MultiHeadAttention(2, 4, kernel_constraint=per_head)
    tokens = layers.Add()([tokens, attention(normal, normal)])
    inside = layers.Dense(16, "relu")(layers.LayerNormalization()(tokens))
    tokens = layers.Add()([tokens, layers.Dense(8)(inside)])
    pooled = layers.GlobalAveragePooling1D()(tokens)
    return keras.Model(given, layers.Dense(10, "softmax")(pooled))


def _trained_on_digits(model: Any) -> tuple[Any, Any]:
    """Train a model, and return pixels and labels of digits that it has not seen."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    x, y = (digits.images / 16).astype(np.float32), digits.target
    model.compile(keras.optimizers.Adam(4e-3), "sparse_categorical_crossentropy")
    model.fit(x[SAMPLES:], y[SAMPLES:], epochs=25, batch_size=64, verbose=0)
    return x[:SAMPLES], y[:SAMPLES]


NETWORKS: dict[str, Callable[[], Any]] = {
    made.__name__: made
    for made in (jet_tagger, digits_cnn, autoencoder, gru, qkeras_mlp, deep_sets, transformer)
}


def write(folder: Path, name: str) -> None:
    """Write `NAME.keras` and its test set, `test.npz`."""
    keras.utils.set_random_seed(len(name))
    model = NETWORKS[name]()
    x, y = _trained_on_digits(model) if name == "transformer" else _by_itself(model, name)
    model.save(folder / f"{name}.keras")
    np.savez(folder / "test.npz", x=x, y=y)


def _by_itself(model: Any, name: str) -> tuple[Any, Any]:
    """Give a model random biases; return random inputs, and as targets what it makes of them."""
    rng = np.random.default_rng(len(name))
    for variable in model.weights:
        if (
            variable.path.endswith(("bias", "beta", "moving_mean"))
            and "q_dense" not in variable.path
        ):
            variable.assign(rng.uniform(-0.3, 0.3, variable.shape))
    x = rng.normal(0, 1, (SAMPLES, *model.input_shape[1:])).astype(np.float32)
    outputs = model.predict(x, verbose=0)
    return x, outputs if name == "autoencoder" else outputs.argmax(axis=1)
