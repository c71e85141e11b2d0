"""LSTM and GRU in ONNX, as PyTorch exports them: what dse computes is what onnxruntime computes."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx_recurrent as recurrent
import pytest
from onnx_networks import Maker, array

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.onnx.read import checked_model
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError
from dse.runtime.onnx_runner import OnnxRunner, outputs_of

WIDE = Settings(36, 10, table_size=65536, table_precision="fixed<36,10>")


@pytest.mark.parametrize("name", recurrent.NETWORKS)
def test_a_recurrent_network_gives_what_onnxruntime_gives(name: str, tmp_path: Path) -> None:
    model = recurrent.NETWORKS[name]()
    inputs = [np.round(a * 256) / 256 for a in array(model)]
    network = checked_model(model, inputs)
    assert network.warnings == ()
    (wanted,) = OnnxRunner(model, outputs_of(model, None)[:1]).run(inputs)
    found = evaluate(build_graph(network, WIDE, tmp_path)[0], inputs).outputs
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=2e-3)


def test_a_network_of_the_last_step_computes_no_other_outputs() -> None:
    model = recurrent.last_of_all("GRU")()
    network = checked_model(model, array(model))
    kinds = [layer["class_name"] for layer in network.layers]
    assert kinds == ["InputLayer", "GRU", "Dense"]
    assert not network.layers[1]["return_sequences"]


def refused(name: str) -> Any:
    """A recurrent network that hls4ml cannot build."""
    maker, data = recurrent.start()
    given = {
        "simple": lambda: recurrent.add_recurrent(maker, "RNN", data, 4)[1],
        "before": lambda: recurrent.add_recurrent(maker, "GRU", data, 4, linear_before_reset=0)[1],
        "reverse": lambda: recurrent.add_recurrent(maker, "GRU", data, 4, direction="reverse")[1],
        "clip": lambda: recurrent.add_recurrent(maker, "LSTM", data, 4, clip=1.0)[1],
        "time first": lambda: recurrent.add_recurrent(maker, "LSTM", "x", 4)[1],
    }
    return maker.model(given[name]())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("simple", "no firmware"),
        ("before", "linear_before_reset|reset gate"),
        ("reverse", "against the direction of time"),
        ("clip", "no clip"),
        ("time first", "not along the second axis"),
    ],
)
def test_what_hls4ml_lacks_is_refused_by_name(name: str, says: str) -> None:
    model = refused(name)
    with pytest.raises(EvaluationError, match=says) as caught:
        checked_model(model, array(model))
    assert caught.value.hint


def test_outputs_of_all_steps_and_of_the_last_are_two() -> None:
    maker, data = recurrent.start()
    steps, last = recurrent.add_recurrent(maker, "GRU", data, 4)
    both = maker.op("Concat", recurrent.squeezed(maker, steps), last, axis=0)
    model = maker.model(maker.op("Transpose", both, perm=[1, 0, 2]))
    with pytest.raises(EvaluationError, match="reads all steps and the last state"):
        checked_model(model, array(model))


def test_a_state_to_start_from_is_refused() -> None:
    maker = Maker((5, 4))
    data = maker.op("Transpose", "x", perm=[1, 0, 2])
    weights = [maker.random(1, 18, n) for n in (4, 6)]
    first = maker.random(1, 1, 6)
    last = maker.op("GRU", data, *weights, "", "", first, hidden_size=6, linear_before_reset=1)
    model = maker.model(last, samples=1)
    with pytest.raises(EvaluationError, match="does not start from zeros"):
        checked_model(model, array(model))
