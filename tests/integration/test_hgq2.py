"""Networks of HGQ2: every weight has its own number of bits, and every result is exact.

HGQ2 has an environment of its own, because it brings a package `qkeras` of its own. These tests
run where it is installed: docs/how-to/hgq2.md says how.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import needs
import numpy as np
import pytest
from late import Late

from backends.hls4ml.estimate.network_cost import layer_costs
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.settings import Settings
from backends.openhls import simulate as simulation
from backends.openhls.lower import lower

pytestmark = [
    pytest.mark.skipif(find_spec("hgq") is None, reason="HGQ2 is not installed here"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

nets: Any = Late("hgq_networks")


@pytest.mark.parametrize("name", ["dense", "convolution"])
def test_the_difference_is_nothing(name: str, tmp_path: Path) -> None:
    model, inputs = getattr(nets, name)()
    network = nets.checked_network(model, [inputs])
    assert network.warnings == ()
    graph, _ = build_graph(network, Settings(), tmp_path)
    wanted = np.asarray(model(inputs))
    found = evaluate(graph, [inputs]).outputs.reshape(wanted.shape)
    np.testing.assert_array_equal(found, wanted)


def test_every_weight_arrives_with_its_own_bits() -> None:
    model, inputs = nets.dense()
    assert all(len(np.unique(bits)) > 3 for bits in nets.kernel_bits(model))
    network = nets.checked_network(model, [inputs])
    found = [layer["weight_data"] for layer in network.layers if "weight_data" in layer]
    for weights, wanted in zip(found, nets.kernels(model), strict=True):
        np.testing.assert_array_equal(weights, wanted)


@needs.compiler
def test_the_compiled_firmware_gives_the_same(tmp_path: Path) -> None:
    model, inputs = nets.dense()
    graph, _ = build_graph(nets.checked_network(model, [inputs]), Settings(), tmp_path)
    write_project(graph)
    graph.compile()
    wanted = np.asarray(model(inputs))
    np.testing.assert_array_equal(graph.predict(inputs).reshape(wanted.shape), wanted)


@needs.simulator
@pytest.mark.parametrize("name", ["dense", "convolution"])
def test_the_circuit_gives_the_same(name: str, tmp_path: Path) -> None:
    model, inputs = getattr(nets, name)()
    network = nets.checked_network(model, [inputs])
    graph, _ = build_graph(network, Settings(), tmp_path / "project")
    circuit, text = lower(graph)
    given = {graph.get_input_variables()[0].name: inputs[:50]}
    found = simulation.simulate(circuit, text, given, tmp_path, tmp_path / "cache").outputs
    wanted = np.asarray(model(inputs[:50]))
    np.testing.assert_array_equal(found.reshape(wanted.shape), wanted)


def test_every_layer_has_a_cost(tmp_path: Path) -> None:
    model, inputs = nets.dense()
    graph, _ = build_graph(nets.checked_network(model, [inputs]), Settings(), tmp_path)
    cost = layer_costs(graph)
    quantisers = [n.name for n in graph.get_layers() if n.class_name == "FixedPointQuantizer"]
    assert quantisers
    assert any(cost[name].lut > 0 for name in quantisers)
