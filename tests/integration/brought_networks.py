"""Keras networks as people bring them, with random weights; needs Keras."""

from typing import Any

import keras
import numpy as np
from keras import layers


def with_weights(model: Any) -> Any:
    """All weights, of batch normalisations too, are random and positive."""
    rng = np.random.default_rng(1)
    for variable in model.weights:
        variable.assign(rng.uniform(0.1, 1, variable.shape))
    return model


def encoder(name: str = "encoder") -> Any:
    inner = [keras.Input((4,)), layers.Dense(3, "relu"), layers.BatchNormalization()]
    return keras.Sequential(inner, name=name)


def nested() -> Any:
    """Two inputs; a model inside, used twice, that has a model inside."""
    first, second, inside = (keras.Input((4,), name=name) for name in ("one", "two", "inside"))
    both = layers.Add()([encoder()(inside), layers.Dense(3, name="linear")(inside)])
    deep = keras.Model(inside, both, name="deep")
    joined = layers.Concatenate()([deep(first), deep(second)])
    return with_weights(keras.Model([first, second], layers.Dense(2, "softmax")(joined)))


def two_outputs() -> Any:
    given = keras.Input((4,), name="given")
    hidden = layers.Dense(3, "relu", name="hidden")(given)
    classes = layers.Dense(2, "softmax", name="classes")(hidden)
    energy = layers.Dense(1, name="energy")(hidden)
    return with_weights(keras.Model(given, [classes, energy]))


def with_nan() -> Any:
    model = encoder()
    model.layers[0].kernel.assign(np.full((4, 3), np.nan))
    return model


def with_unknown_layer() -> Any:
    class Unknown(layers.Layer):  # type: ignore[misc]
        def call(self, tensor: Any) -> Any:
            return tensor

    return keras.Sequential([keras.Input((4,)), Unknown()])
