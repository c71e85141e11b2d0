"""Networks with several outputs: all of them by csim, by bittrue, and in one simulated circuit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import image_layers
import needs
import numpy as np
import pytest
from golden_designs import dense, given, reshape, spread
from numpy.typing import NDArray

from backends.hls4ml.csim import compiled, run_outputs
from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.hls4ml.estimate.stream_cost import stream_cost
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls import simulate
from backends.openhls.lower import lower
from backends.openhls.stream import lower_stream
from backends.openhls.stream_simulation import simulate_stream

Made = tuple[Network, NDArray[np.float32]]


def function(name: str, source: str, kind: str, *shape: int) -> dict[str, Any]:
    layer = {"name": name, "activation": kind, "n_in": int(np.prod(shape)), "inputs": [source]}
    extra = {"class_name": "Softmax", "axis": -1} if kind == "softmax" else {}
    return {"class_name": "Activation", "input_shape": [list(shape)], **layer, **extra}


def heads() -> Made:
    """Two heads of different depths and types, and a hidden layer that is an output too."""
    layers = [
        given("x", 6),
        dense("hidden", "x", 6, 5),
        function("hidden_relu", "hidden", "relu", 5),
        dense("energy", "hidden_relu", 5, 1),
        dense("scores", "hidden_relu", 5, 3),
        function("classes", "scores", "softmax", 3),
    ]
    network = Network(layers, ["x"], ["classes", "energy", "hidden_relu"])
    return network, spread(3, 40, 6, low=-3, high=3)


def image_heads() -> Made:
    """A map of pixels, which another layer reads too, and numbers of the whole image."""
    shape = (6, 5, 2)
    first, after = image_layers.convolution("c", "x", shape, np.random.default_rng(1))
    assert isinstance(after, tuple)
    size = int(np.prod(after))
    layers = [
        given("x", *shape),
        first,
        function("map", "c", "relu", *after),
        reshape("flat", "map", list(after), [size]),
        dense("numbers", "flat", size, 2),
    ]
    return Network(layers, ["x"], ["numbers", "map"]), spread(5, 8, *shape, low=-2, high=2)


SETTINGS = Settings(12, 5, "RND", layer_precision={"energy": {"result": "fixed<9,4>"}})
NETWORKS = {
    "heads": (heads, SETTINGS),
    "image_heads": (image_heads, Settings(12, 5)),
    "image_heads_stream": (image_heads, Settings(12, 5, io_type="io_stream", reuse_factor=2)),
}


@needs.compiler
@pytest.mark.parametrize("name", ["heads", "image_heads_stream"])
def test_bittrue_is_csim_in_every_output(name: str, tmp_path: Path) -> None:
    make, settings = NETWORKS[name]
    network, x = make()
    graph, _ = build_graph(network, settings, tmp_path / "project")
    expected = evaluate(graph, [x]).every
    write_project(graph)
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    found = run_outputs(library, graph, [x])
    assert len(found) == len(network.outputs)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.ptp(other) > 0


@needs.simulator
@pytest.mark.parametrize("name", NETWORKS)
def test_the_circuit_has_every_output(name: str, tmp_path: Path) -> None:
    make, settings = NETWORKS[name]
    network, x = make()
    x = x[:8]
    graph, _ = build_graph(network, settings, tmp_path / "project")
    expected = evaluate(graph, [x]).every
    folders = tmp_path / "simulation", tmp_path / "cache"
    if settings.io_type == "io_stream":
        stream, text = lower_stream(graph, len(x))
        found = simulate_stream(stream, text, {"x": x}, *folders)
        estimated = stream_cost(graph).times.latency
    else:
        circuit, text = lower(graph)
        found = simulate.simulate(circuit, text, {"x": x}, *folders)
        estimated = total(graph, layer_costs(graph)).depth
    assert found.latency_cycles == pytest.approx(estimated, rel=0.2)
    for one, other in zip(found.every, expected, strict=True):
        np.testing.assert_array_equal(one.reshape(other.shape), other)


def test_of_a_network_the_scored_output_alone_can_be_built() -> None:
    network, _ = heads()
    reduced = replace(network, outputs=["energy", "classes"]).reduced()
    assert reduced.outputs == ["energy"]
    names = [layer["name"] for layer in reduced.layers]
    assert names == ["x", "hidden", "hidden_relu", "energy"]
