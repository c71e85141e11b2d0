"""Recurrent layers of QKeras: weights arrive exactly, tables apart the outputs too; or a reason."""

from pathlib import Path
from typing import Any

import needs
import numpy as np
import pytest
from late import Late

from backends.hls4ml.csim import compiled, run_library
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.settings import Settings
from backends.openhls.lower import lower
from backends.openhls.simulate import simulate
from dse.contracts.errors import EvaluationError

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.filterwarnings("ignore:'(delimitedList|parseString)' deprecated"),
]
"""Keras reads its own variables so; QKeras parses the text of a quantiser so."""

nets: Any = Late("qkeras_catalogue")

KINDS = {
    "QLSTM": lambda: nets.recurrent("QLSTM"),
    "QGRU": lambda: nets.recurrent("QGRU", reset_after=True, return_sequences=True),
    "without_biases": lambda: nets.recurrent("QLSTM", use_bias=False),
    "both_lstm": lambda: nets.network("QBidirectional"),
    "both_gru": lambda: nets.both_directions("QGRU", reset_after=True),
}
REFUSED = {
    "quantised activation": ("QLSTM", {"activation": "quantized_tanh(8)"}, "quantized_tanh"),
    "hard gates": ("QLSTM", {"recurrent_activation": "hard_sigmoid"}, "hard_sigmoid"),
    "gate before": ("QGRU", {}, "reset_after=False"),
    "state": ("QLSTM", {"state_quantizer": "quantized_bits(6,0,alpha=1)"}, "state_quantizer"),
    "scale": ("QLSTM", {"kernel_quantizer": "quantized_bits(4,0,alpha=0.3)"}, "no power of two"),
    "no firmware": ("QSimpleRNN", {"recurrent_activation": None}, "no firmware"),
}


def values() -> Any:
    return nets.values(nets.SEQUENCE)


@pytest.mark.parametrize("kind", KINDS)
def test_the_outputs_are_those_of_qkeras_up_to_tables(kind: str, tmp_path: Path) -> None:
    model = KINDS[kind]()
    network = nets.checked_network(model, [values()])
    graph, _ = build_graph(network, Settings(26, 8, table_size=16384), tmp_path)
    expected = np.asarray(model(values()))
    found = evaluate(graph, [values()]).outputs.reshape(expected.shape)
    assert np.abs(found - expected).max() < 0.01
    assert np.mean(np.abs(found - expected)) < 0.004
    assert np.std(expected) > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_the_weights_are_those_of_qkeras_in_their_types(kind: str, tmp_path: Path) -> None:
    model = KINDS[kind]()
    graph, _ = build_graph(nets.from_keras(model), Settings(), tmp_path)
    layer = model.layers[-1]
    sides = {"": layer}
    if "both" in kind:
        sides = {"forward_": layer.forward_layer, "backward_": layer.backward_layer}
    (node,) = (node for node in graph.get_layers() if "LSTM" in node.class_name
               or node.class_name in ("GRU", "Bidirectional"))  # fmt: skip
    for prefix, side in sides.items():
        wanted = {"weight": side.kernel_quantizer_internal(side.cell.kernel)}
        wanted["recurrent_weight"] = side.recurrent_quantizer_internal(side.cell.recurrent_kernel)
        widths = {"weight": 5, "recurrent_weight": 4, "bias": 7}
        for name, values in wanted.items():
            weights = node.weights[f"{prefix}{name}"]
            assert np.array_equal(weights.data, np.asarray(values))
            assert weights.type.precision.width == widths[name]
        if side.use_bias:
            bias = node.weights[f"{prefix}bias"]
            biases = np.asarray(side.bias_quantizer_internal(side.cell.bias))
            assert np.array_equal(bias.data, np.atleast_2d(biases)[0])
            assert bias.type.precision.width == widths["bias"]


@pytest.mark.parametrize("kind", ["QGRU", pytest.param("both_lstm", marks=pytest.mark.slow)])
def test_csim_and_bittrue_agree_bit_for_bit(kind: str, tmp_path: Path) -> None:
    settings = Settings(16, 6)
    graph, _ = build_graph(nets.from_keras(KINDS[kind]()), settings, tmp_path / "project")
    expected = evaluate(graph, [values()]).outputs
    write_project(graph)
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    assert np.array_equal(run_library(library, graph, [values()]), expected)


@needs.simulator
@pytest.mark.parametrize("kind", ["QLSTM", pytest.param("both_gru", marks=pytest.mark.slow)])
def test_simulated_circuits_give_the_same_bits(kind: str, tmp_path: Path) -> None:
    graph, _ = build_graph(nets.from_keras(KINDS[kind]()), Settings(12, 5), tmp_path)
    circuit, text = lower(graph)
    x = values()[:12]
    (name,) = (variable.name for variable in graph.get_input_variables())
    found = simulate(circuit, text, {name: x}, tmp_path, tmp_path)
    expected = evaluate(graph, [x]).outputs
    assert np.array_equal(found.outputs.reshape(expected.shape), expected)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_the_firmware_cannot_compute_is_refused_by_name(kind: str) -> None:
    name, settings, says = REFUSED[kind]
    given = {key: value for key, value in settings.items() if value is not None}
    model = nets.network(name) if name == "QSimpleRNN" else nets.recurrent(name, **given)
    with pytest.raises(EvaluationError, match=rf"layer '\w+' \({name}\)") as caught:
        nets.from_keras(model)
    assert says in caught.value.message
    assert caught.value.hint
