"""Train a small network on scikit-learn's handwritten digits and save it for dse.

Writes digits.keras (the network) and digits.npz (inputs `x` and targets `y` to score it on).
"""

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(1)
images, labels = load_digits(return_X_y=True)
x = (images / 16.0).astype("float32")  # 8 x 8 pixels, each from 0 to 1
x_train, x_test, y_train, y_test = train_test_split(
    x, labels, test_size=0.3, random_state=1, stratify=labels
)

network = keras.Sequential(
    [
        keras.layers.Input((64,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
network.fit(x_train, y_train, epochs=60, batch_size=32, verbose=0)
_, accuracy = network.evaluate(x_test, y_test, verbose=0)
print(f"accuracy in float: {accuracy:.4f} on {len(x_test)} images")

network.save("digits.keras")
np.savez("digits.npz", x=x_test, y=y_test)
