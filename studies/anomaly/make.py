"""Generate the files of the study anomaly_autoencoder from scikit-learn's breast cancer data.

569 tissue samples with 30 features (Wolberg, Street and Mangasarian, UCI repository, 1995). The
autoencoder is trained on benign samples only; malignant ones are the anomalies. Targets are the 30
features, and 1 for an anomaly as the last column, as `anomaly_score` takes them.
"""

from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
LAYERS = keras.layers


def autoencoder(features: int) -> keras.Model:
    """Return a dense autoencoder with a bottleneck of 6 values."""
    return keras.Sequential(
        [
            LAYERS.Input((features,)),
            LAYERS.Dense(16, activation="relu", name="encoder"),
            LAYERS.Dense(6, activation="relu", name="bottleneck"),
            LAYERS.Dense(16, activation="relu", name="decoder"),
            LAYERS.Dense(features, name="reconstruction"),
        ]
    )


def main() -> None:
    """Train on benign samples; save the network and a test set of benign and malignant ones."""
    keras.utils.set_random_seed(3)
    x, benign = load_breast_cancer(return_X_y=True)
    train, held = train_test_split(x[benign == 1], test_size=0.5, random_state=1)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    train, held, malignant = (
        np.clip((part - mean) / deviation, -8, 8).astype(np.float32)
        for part in (train, held, x[benign == 0])
    )
    model = autoencoder(x.shape[1])
    model.compile("adam", "mse")
    model.fit(train, train, batch_size=16, epochs=300, verbose=0)
    model.compile()  # the file needs no optimizer
    model.save(HERE / "autoencoder.keras")
    samples = np.concatenate([held, malignant])
    label = np.repeat([0, 1], [len(held), len(malignant)]).astype(np.float32)
    targets = np.column_stack([samples, label])
    np.savez_compressed(HERE / "test.npz", x=samples, y=targets)


if __name__ == "__main__":
    main()
