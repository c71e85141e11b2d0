"""Generate the files of the study diabetes: a trained regression and its test set.

442 patients with ten features (age, body mass index, blood pressure, blood serum), and how far the
illness has progressed a year later (Efron, Hastie, Johnstone and Tibshirani, Annals of Statistics
32, 2004). scikit-learn has the data. Features and targets are scaled by the training half: a target
of 1 is one standard deviation, 77 on the scale of the paper.
"""

from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
LAYERS = keras.layers


def regression(features: int) -> keras.Model:
    """Return a regression with two hidden layers."""
    decay = keras.regularizers.L2(0.02)
    return keras.Sequential(
        [
            LAYERS.Input((features,)),
            LAYERS.Dense(16, activation="relu", kernel_regularizer=decay, name="first"),
            LAYERS.Dense(8, activation="relu", kernel_regularizer=decay, name="second"),
            LAYERS.Dense(1, kernel_regularizer=decay, name="progression"),
        ]
    )


def main() -> None:
    """Train the regression; save the network and the test set."""
    keras.utils.set_random_seed(5)
    x, y = load_diabetes(return_X_y=True, scaled=False)
    parts = train_test_split(x, y[:, None], test_size=0.5, random_state=2)
    features, targets = StandardScaler().fit(parts[0]), StandardScaler().fit(parts[2])
    train, test = (features.transform(part).astype(np.float32) for part in parts[:2])
    wanted, truth = (targets.transform(part).astype(np.float32) for part in parts[2:])
    model = regression(x.shape[1])
    model.compile(keras.optimizers.Adam(0.003), "mse")
    model.fit(train, wanted, batch_size=16, epochs=150, verbose=0)
    model.compile()  # the file needs no optimizer
    model.save(HERE / "model.keras")
    np.savez_compressed(HERE / "test.npz", x=test, y=truth)


if __name__ == "__main__":
    main()
