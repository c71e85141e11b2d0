"""What hls4ml makes of types by layer, of tables, and of networks that do not fit."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backends.modelgraph import network as network_module
from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.job_graph import check_inputs
from backends.modelgraph.network import Network, from_keras
from backends.modelgraph.nodes import types_of
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError


def graph_of(network: Network, folder: Path, **settings: Any) -> Any:
    return build_graph(network, Settings(**settings), folder)[0]


def test_warnings_come_with_the_graph_once_each(
    networks: dict[str, Network], tmp_path: Path
) -> None:
    for _ in "ab":  # Python itself would show the second one to nobody
        settings = Settings(8, 3, table_size=4096)
        _, warnings = build_graph(networks["mlp"], settings, tmp_path)
        assert len(set(warnings)) == len(warnings) > 0
        assert any("table size is too large" in text for text in warnings)
    assert build_graph(networks["mlp"], Settings(), tmp_path)[1] == ()


def weighted(network: Network) -> list[str]:
    return [layer["name"] for layer in network.layers if layer["class_name"] == "Dense"]


def test_only_several_passes_have_a_node_block(networks: dict[str, Network]) -> None:
    """Else bits of the node block would count."""
    blocks = {
        name: any(layer.startswith("node_block") for layer in weighted(networks[name]))
        for name in ("one_pass", "two_passes")
    }
    assert blocks == {"one_pass": False, "two_passes": True}


def test_tables_have_the_type_asked_for(networks: dict[str, Network], tmp_path: Path) -> None:
    for name, layer_class in (("one_pass", "Activation"), ("mlp", "Softmax")):
        graph = graph_of(networks[name], tmp_path, table_precision="fixed<10,4>")
        nodes = [n for n in graph.get_layers() if n.class_name == layer_class]
        tables = {
            kind: text
            for node in nodes
            if node.get_attr("activation") != "relu"
            for kind, text in types_of(node).items()
            if kind.endswith("table")
        }
        assert tables
        assert {text.replace(" ", "").partition("<")[2][:4] for text in tables.values()} == {"10,4"}


def test_coarse_tables_change_the_outputs(
    networks: dict[str, Network], batch: Any, tmp_path: Path
) -> None:
    fine, coarse = (
        evaluate(graph_of(networks["one_pass"], tmp_path, table_precision=text), batch("one_pass"))
        for text in ("fixed<18,8>", "fixed<6,3>")
    )
    assert not np.array_equal(fine.outputs, coarse.outputs)


def test_the_more_specific_pattern_wins_in_any_order(
    networks: dict[str, Network], tmp_path: Path
) -> None:
    network = networks["mlp"]
    first, *others = weighted(network)
    patterns = {first: {"weight": "fixed<9,3>"}, "dense*": {"weight": "fixed<7,2>"}}
    for given in (patterns, dict(reversed(patterns.items()))):
        graph = graph_of(network, tmp_path, layer_precision=given)
        assert "9,3" in types_of(graph.graph[first])["weight"].replace(" ", "")
        for other in others:
            assert "7,2" in types_of(graph.graph[other])["weight"].replace(" ", "")


def test_types_a_layer_does_not_have_are_refused(
    networks: dict[str, Network], tmp_path: Path
) -> None:
    types = {weighted(networks["mlp"])[0]: {"exp_table": "fixed<8,3>"}}
    with pytest.raises(EvaluationError, match="has no type 'exp_table'"):
        graph_of(networks["mlp"], tmp_path, layer_precision=types)
    with pytest.raises(EvaluationError, match="no layer is called 'no_such'"):
        graph_of(networks["mlp"], tmp_path, layer_precision={"no_such": "fixed<8,3>"})


def test_inputs_of_another_shape_are_refused(networks: dict[str, Network], tmp_path: Path) -> None:
    graph = graph_of(networks["mlp"], tmp_path)
    check_inputs(graph, [np.zeros((2, 16), np.float32)])
    with pytest.raises(EvaluationError, match=r"shape 15, the network takes 16"):
        check_inputs(graph, [np.zeros((2, 15), np.float32)])


def test_joining_three_tensors_is_refused_by_name(
    networks: dict[str, Network], tmp_path: Path
) -> None:
    network = networks["one_pass"]
    layers = [dict(layer) for layer in network.layers]
    joined = next(layer for layer in layers if layer["class_name"] == "Concatenate")
    joined["inputs"] = joined["inputs"][:1] * 3
    with pytest.raises(EvaluationError, match=rf"'{joined['name']}' joins 3 tensors"):
        build_graph(Network(layers, network.inputs, network.outputs), Settings(), tmp_path)


def parser() -> Any:
    """hls4ml's module; its package has a function of the same name."""
    return import_module("hls4ml.converters.keras_v3_to_hls")


def test_what_hls4ml_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strange:
        name = "odd_one"

    def refuse(*_: Any, **__: Any) -> None:
        raise KeyError("Strange")

    monkeypatch.setattr(parser(), "parse_keras_v3_model", refuse)
    with pytest.raises(EvaluationError, match="cannot convert") as caught:
        from_keras(SimpleNamespace(layers=[Strange()]))
    assert "odd_one (Strange)" in caught.value.hint


def nested() -> Any:
    import keras

    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu")], name="encoder")
    given = keras.Input((4,))
    return keras.Model(given, keras.layers.Dense(2, "softmax", name="head")(inner(given)))


def with_lambda() -> Any:
    import keras

    given = keras.Input((4,))
    doubled = keras.layers.Lambda(lambda tensor: 2 * tensor, name="twice")(given)
    return keras.Model(given, keras.layers.Dense(2, name="head")(doubled))


def with_own_class() -> Any:
    import keras

    class Own(keras.Model):
        def call(self, tensor: Any) -> Any:
            return 2 * tensor

    given = keras.Input((4,))
    return keras.Model(given, Own(name="own")(given))


def with_operators() -> Any:
    import keras

    given = keras.Input((4,))
    return keras.Model(given, keras.layers.Dense(2)(given * 2.0))


def of_any_length() -> Any:
    import keras

    given = keras.Input((None, 3), name="rows")
    return keras.Model(given, keras.layers.Conv1D(2, 2)(given))


def not_trained() -> Any:
    import keras

    given = keras.Input((4,))
    model = keras.Model(given, keras.layers.Dense(2, name="head")(given))
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    return model


def with_a_limit() -> Any:
    import keras

    given = keras.Input((4,))
    return keras.Model(given, keras.layers.ReLU(max_value=2.0, name="limit")(given))


@pytest.mark.parametrize(
    ("make", "says", "hint"),
    [
        (with_own_class, r"'own' \(Own\) is a model in Python code", "functional or sequential"),
        (with_operators, r"operation '\w+' \(Multiply\) is no layer", "keras.ops"),
        (of_any_length, r"input 'rows' has no fixed shape \(any, 3\)", "sizes of its Input"),
        (not_trained, r"'head' \(Dense\) has weights that are no finite numbers", "train"),
        (with_a_limit, r"layer 'limit' \(ReLU\) has max_value 2", "max_value 1 and 6"),
        (with_lambda, r"'twice' \(Lambda\) runs Python code", "custom_modules"),
    ],
)
def test_layers_that_cannot_be_built_are_refused_by_name(
    make: Callable[[], Any], says: str, hint: str
) -> None:
    with pytest.raises(EvaluationError, match=says) as caught:
        from_keras(make())
    assert hint in caught.value.hint


def test_a_network_too_large_for_any_fpga_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "MOST_WEIGHTS", 22)
    with pytest.raises(EvaluationError, match="has 23 weights; HLS backends take at most 22"):
        from_keras(nested())
