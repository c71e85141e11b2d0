"""Generate the files of the study jet_mlp: a small classifier and its test set.

The five classes of "jets" are correlated Gaussian distributions of 16 features, which overlap so
much that the accuracy depends on the bit width. The generated files are in this folder.
"""

from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
N_CLASSES, N_FEATURES = 5, 16

Floats = NDArray[np.float32]


def jets(generator: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Draw features (count, 16) and one-hot classes (count, 5).

    The distributions have a seed of their own, so that training and test set share them.
    """
    shapes = np.random.default_rng(16)
    centres = shapes.normal(0, 0.8, (N_CLASSES, N_FEATURES))
    mixing = shapes.normal(0, 0.35, (N_CLASSES, N_FEATURES, N_FEATURES)) + np.eye(N_FEATURES)
    classes = generator.integers(0, N_CLASSES, count)
    noise = generator.normal(0, 1, (count, N_FEATURES))
    features = centres[classes] + np.einsum("nij,nj->ni", mixing[classes], noise)
    return features.astype(np.float32), np.eye(N_CLASSES, dtype=np.float32)[classes]


def main() -> None:
    """Train the classifier; save the model and the test set."""
    keras.utils.set_random_seed(16)
    generator = np.random.default_rng(1)
    layers = [keras.layers.Input((N_FEATURES,))]
    layers += [keras.layers.Dense(width, activation="relu") for width in (64, 32, 32)]
    model = keras.Sequential([*layers, keras.layers.Dense(N_CLASSES, activation="softmax")])
    model.compile(
        optimizer=keras.optimizers.AdamW(2e-3, weight_decay=0.05), loss="categorical_crossentropy"
    )
    model.fit(*jets(generator, 40_000), batch_size=256, epochs=20, verbose=0)
    model.save(HERE / "model.keras")
    features, classes = jets(generator, 4_000)
    np.savez_compressed(HERE / "test.npz", x=features, y=classes.astype(np.uint8))


if __name__ == "__main__":
    main()
