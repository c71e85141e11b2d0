"""Generate the network of the study jet_bn: the jet classifier with BatchNormalization.

Its test set is that of jet_mlp; see make.py.
"""

from pathlib import Path

import keras
import numpy as np
from make import N_CLASSES, N_FEATURES, jets

HERE = Path(__file__).parent
LAYERS = keras.layers


def blocks() -> list[keras.Layer]:
    """Return dense layers without activation, each normalised before its ReLU."""
    made = []
    for number, width in enumerate((32, 32, 16)):
        made += [
            LAYERS.Dense(width, name=f"dense_{number}"),
            LAYERS.BatchNormalization(name=f"norm_{number}"),
            LAYERS.ReLU(name=f"relu_{number}"),
        ]
    return made


def main() -> None:
    """Train the classifier and save it."""
    keras.utils.set_random_seed(16)
    last = LAYERS.Dense(N_CLASSES, activation="softmax", name="jet")
    model = keras.Sequential([LAYERS.Input((N_FEATURES,)), *blocks(), last])
    model.compile(keras.optimizers.Adam(3e-3), "categorical_crossentropy")
    model.fit(*jets(np.random.default_rng(1), 40_000), batch_size=256, epochs=15, verbose=0)
    model.compile()  # the file needs no optimizer
    model.save(HERE / "bn.keras")


if __name__ == "__main__":
    main()
