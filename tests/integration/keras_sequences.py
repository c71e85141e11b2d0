"""Networks on sequences, with random weights and biases; needs Keras."""

from typing import Any

import keras
import numpy as np
from keras import layers

STEPS, FEATURES = 4, 3

LAYERS: dict[str, Any] = {
    "lstm": lambda: layers.LSTM(4, return_sequences=True),
    "gru": lambda: layers.GRU(4),
    "gru_without_biases": lambda: layers.GRU(4, use_bias=False),
    "both_lstm": lambda: layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
    "both_gru": lambda: layers.Bidirectional(layers.GRU(3)),
    "both_gru_without_biases": lambda: layers.Bidirectional(layers.GRU(3, use_bias=False)),
    "softmax_of_rows": lambda: layers.Dense(5, activation="softmax"),
    "softmax_activation": lambda: layers.Activation("softmax"),
    "backwards": lambda: layers.LSTM(4, go_backwards=True),
    "reset_before": lambda: layers.GRU(4, reset_after=False),
    "sum_of_both": lambda: layers.Bidirectional(layers.LSTM(3), merge_mode="sum"),
    "hard_gate": lambda: layers.LSTM(4, recurrent_activation="hard_sigmoid"),
    "both_simple": lambda: layers.Bidirectional(layers.SimpleRNN(3)),
    "both_reset_before": lambda: layers.Bidirectional(layers.GRU(3, reset_after=False)),
}


def model(name: str) -> Any:
    """One layer of the table on a sequence; its output is flat."""
    keras.utils.set_random_seed(len(name))
    made = keras.Sequential([layers.Input((STEPS, FEATURES)), LAYERS[name](), layers.Flatten()])
    generator = np.random.default_rng(len(name))
    made.set_weights([w + generator.normal(0, 0.3, w.shape) for w in made.get_weights()])
    return made


def from_keras(made: Any) -> Any:
    from backends.modelgraph.network import from_keras

    return from_keras(made)
