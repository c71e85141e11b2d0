"""Generate the files of the studies digits_cnn and gru_sequence from scikit-learn's digits.

1797 handwritten digits of 8x8 pixels (Alpaydin and Kaynak, UCI repository, 1998), which
scikit-learn brings. A third of them, drawn at random, is the test set.
"""

from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
LAYERS = keras.layers


def cnn() -> keras.Model:
    """Return a convolutional network for images of 8x8 pixels."""
    return keras.Sequential(
        [
            LAYERS.Input((8, 8, 1)),
            LAYERS.Conv2D(6, 3, activation="relu", name="conv"),
            LAYERS.MaxPooling2D(2, name="pool"),
            LAYERS.Flatten(name="flatten"),
            LAYERS.Dense(18, activation="relu", name="hidden"),
            LAYERS.Dense(10, activation="softmax", name="digit"),
        ]
    )


def gru() -> keras.Model:
    """Return a recurrent network that reads an image row by row, from the top."""
    return keras.Sequential(
        [
            LAYERS.Input((8, 8)),
            LAYERS.GRU(16, name="gru"),
            LAYERS.Dense(10, activation="softmax", name="digit"),
        ]
    )


def main() -> None:
    """Train both networks; save them and their test sets."""
    images, digits = load_digits(return_X_y=True)
    x = (images / 16).astype(np.float32)  # pixels from 0 to 16
    x, x_test, y, y_test = train_test_split(x, digits, test_size=1 / 3, random_state=1)
    for name, make, shape in (("cnn", cnn, (-1, 8, 8, 1)), ("gru", gru, (-1, 8, 8))):
        keras.utils.set_random_seed(7)
        model = make()
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x.reshape(shape), y, batch_size=32, epochs=80, verbose=0)
        model.compile()  # the file needs no optimizer
        model.save(HERE / f"{name}.keras")
        test = {"x": x_test.reshape(shape), "y": y_test.astype(np.uint8)}
        np.savez_compressed(HERE / f"{name}_test.npz", **test)


if __name__ == "__main__":
    main()
