"""Layers on sequences read from Keras: the value rules give what Keras gives, or say why not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from late import Late

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

nets: Any = Late("keras_sequences")

# few integer bits: the top bits of a softmax's input address its table
WIDE = Settings(30, 6, table_size=65536, table_precision="fixed<30,6>")
AGREE = ["lstm", "gru", "gru_without_biases", "both_lstm", "both_gru", "both_gru_without_biases"]


@pytest.mark.parametrize("name", [*AGREE, "softmax_of_rows", "softmax_activation"])
def test_values_are_those_of_keras(name: str, tmp_path: Path) -> None:
    model = nets.model(name)
    x = np.random.default_rng(1).uniform(-1, 1, (50, 4, 3)).astype(np.float32)
    x = np.round(x * 1024) / 1024
    graph, _ = build_graph(nets.from_keras(model), WIDE, tmp_path)
    found = evaluate(graph, [x]).outputs.reshape(50, -1)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=4e-3)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("backwards", "go_backwards"),
        ("reset_before", "reset_after"),
        ("sum_of_both", "merge_mode sum"),
        ("both_reset_before", "reset_after"),
        ("hard_gate", "recurrent_activation hard_sigmoid"),
        ("both_simple", "SimpleRNN.* hls4ml reads it, but has no firmware"),
    ],
)
def test_settings_that_the_firmware_ignores_are_refused(name: str, says: str) -> None:
    with pytest.raises(EvaluationError, match=rf"layer '.*{says}"):
        nets.from_keras(nets.model(name))
