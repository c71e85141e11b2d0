"""Keras networks of layers on sequences and images; needs Keras where it is called."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Layers = Callable[[Any], list[Any]]

NETWORKS: dict[str, tuple[tuple[int, ...], Layers]] = {
    "image": (
        (9, 8, 2),
        lambda k: [
            k.Conv2D(3, (3, 2), strides=(2, 1), padding="same", activation="relu"),
            k.BatchNormalization(),
            k.DepthwiseConv2D(3, padding="same", use_bias=False),
            k.AveragePooling2D((3, 2), strides=(1, 2), padding="same"),
            k.ZeroPadding2D(((1, 0), (2, 1))),
            k.SeparableConv2D(4, (2, 3)),
            k.UpSampling2D((2, 3)),
            k.MaxPooling2D(3, strides=2, padding="same"),
            k.Cropping2D(((0, 1), (1, 2))),
            k.Conv2D(2, 1, strides=2),
            k.GlobalAveragePooling2D(),
        ],
    ),
    "sequence": (
        (13, 2),
        lambda k: [
            k.Conv1D(3, 3, padding="causal"),
            k.Conv1D(3, 2, strides=2, padding="same", activation="relu"),
            k.BatchNormalization(scale=False, center=False),
            k.DepthwiseConv1D(3),
            k.AveragePooling1D(3, strides=1, padding="same"),
            k.ZeroPadding1D((1, 2)),
            k.SeparableConv1D(4, 3, padding="same"),
            k.UpSampling1D(3),
            k.MaxPooling1D(4, strides=3, padding="same"),
            k.Cropping1D((1, 0)),
            k.Conv1D(2, 1, strides=2),
            k.GlobalMaxPooling1D(),
        ],
    ),
}

REFUSED: tuple[Layers, ...] = (
    lambda k: [k.Conv2D(2, 3, dilation_rate=2)],
    lambda k: [k.Conv2D(2, 3, groups=2)],
    lambda k: [k.DepthwiseConv2D(3, depth_multiplier=2)],
    lambda k: [k.BatchNormalization(axis=1)],
    lambda k: [k.UpSampling2D(2, interpolation="bilinear")],
    lambda k: [k.ReLU(max_value=2.5)],
    lambda k: [k.TimeDistributed(k.Conv1D(2, 3))],
)


def convert_all(folder: Path) -> None:
    """Save layer lists, inputs and outputs by network, and what is said of those refused."""
    for seed, (name, (shape, layers)) in enumerate(NETWORKS.items()):
        (folder / name).mkdir()
        _convert(folder / name, shape, layers, seed)
    (folder / "refused.txt").write_text("\n".join(map(_refusal, REFUSED)))


def _convert(folder: Path, shape: tuple[int, ...], layers: Layers, seed: int) -> None:
    import keras

    from backends.modelgraph.network import from_keras

    model = keras.Sequential([keras.layers.Input(shape), *layers(keras.layers)])
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 0.9, w.shape) - 0.4 * (w.ndim > 1) for w in
                       model.get_weights()])  # fmt: skip  # variances are positive
    x = rng.uniform(-2, 2, (20, *shape)).astype(np.float32)
    from_keras(model).save(folder)
    np.savez(folder / "values.npz", x=x, y=np.asarray(model.predict(x, verbose=0)))


def _refusal(layers: Layers) -> str:
    import keras

    from backends.modelgraph.network import from_keras
    from dse.contracts.errors import EvaluationError

    model = keras.Sequential([keras.layers.Input((8, 8, 2)), *layers(keras.layers)])
    try:
        from_keras(model)
    except EvaluationError as error:
        return str(error)
    return "converted"
