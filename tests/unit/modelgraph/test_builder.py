"""Conversion to hls4ml's ModelGraph, from layer lists and without Keras."""

from pathlib import Path
from typing import Any

import golden_designs
import image_layers
import layer_samples
import numpy as np
import pytest

from backends.modelgraph.builder import build_graph
from backends.modelgraph.effective import effective
from backends.modelgraph.job_graph import Converted
from backends.modelgraph.network import Network
from backends.modelgraph.nodes import types_of
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError


def test_a_network_can_be_converted_again(tmp_path: Path) -> None:
    """A worker keeps its network; hls4ml must not rewire it while it drops a linear layer."""
    network = golden_designs.quantised()
    found = []
    for _ in range(2):
        graph, _ = build_graph(network, Settings(16, 6), tmp_path)
        found.append({node.name: types_of(node) for node in graph.get_layers()})
    assert found[0] == found[1]
    assert found[0]["x"]["result"].startswith("fixed<8,3")


def convolution(kind: str, shape: tuple[int, ...], tmp_path: Path, settings: Settings) -> Any:
    """The node of a convolution of 8 x 8 or 8 pixels, made with these settings."""
    rank = len(shape) - 1
    layer, _ = image_layers.convolution(
        "c", "x", shape, np.random.default_rng(0), kind=kind, n_filt=4, size=(2,) * rank,
        stride=(1,) * rank, padding="same",
    )  # fmt: skip
    network = Network([golden_designs.given("x", *shape), layer], ["x"], ["c"])
    graph, _ = build_graph(network, settings, tmp_path)
    return list(graph.get_layers())[1]


@pytest.mark.parametrize("shape", [(8, 3), (8, 8, 3)])
def test_reuse_factors_of_convolutions_do_not_exceed_the_kernel(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    """hls4ml allows them, but their code reads beyond its arrays or ends with an assertion."""
    settings = Settings(strategy="resource", reuse_factor=10_000)
    node = convolution("Conv", shape, tmp_path, settings)
    assert node.get_attr("reuse_factor") == 2 ** (len(shape) - 1) * 3


@pytest.mark.parametrize("kind", ["Conv", "DepthwiseConv"])
@pytest.mark.parametrize(("asked", "pixels"), [(None, 64), (16, 16), (1, 1)])
def test_pixels_of_a_convolution_are_computed_as_asked(
    kind: str, asked: int | None, pixels: int, tmp_path: Path
) -> None:
    settings = Settings(parallelization_factor=asked)
    node = convolution(kind, (8, 8, 3), tmp_path, settings)
    assert node.get_attr("n_partitions") == 64 // pixels


def test_depthwise_convolutions_have_no_resource_strategy(tmp_path: Path) -> None:
    """The firmware has none, and ends with an assertion."""
    settings = Settings(strategy="resource", reuse_factor=2)
    node = convolution("DepthwiseConv", (8, 3), tmp_path, settings)
    assert node.get_attr("strategy") == "latency"


def test_by_name_convolutions_are_as_wide_as_they_need(tmp_path: Path) -> None:
    """But not the results of depthwise ones: hls4ml would then move a normalisation into it.

    It does so wrongly: every channel of the kernel would be multiplied by all scales.
    """
    settings = Settings(16, 6, granularity="name")
    types = types_of(convolution("Conv", (8, 3), tmp_path, settings))
    assert types["result"] == types["accum"] == "fixed<36,16,TRN,WRAP,0>"
    pool, _ = image_layers.pooling("p", "x", (8, 3), kind="Average", size=(4,), stride=(4,))
    network = Network([golden_designs.given("x", 8, 3), pool], ["x"], ["p"])
    types = types_of(list(build_graph(network, settings, tmp_path)[0].get_layers())[1])
    assert types["accum"].startswith("fixed<20,8")
    types = types_of(convolution("DepthwiseConv", (8, 3), tmp_path, settings))
    assert types["accum"].startswith("fixed<34,14")
    assert types["result"].startswith("fixed<16,6")


def test_each_product_of_a_recurrent_layer_has_a_legal_reuse_factor(tmp_path: Path) -> None:
    """Products of one output: 7 inputs or 3 states; outputs: 4 gates of an LSTM, 3 of a GRU."""
    shape, settings = (5, 7, 3), Settings(strategy="resource", reuse_factor=16)
    network = Network(
        [
            golden_designs.given("x", 5, 7),
            layer_samples.recurrent("one", "GRU", shape),
            layer_samples.bidirectional("two", ("LSTM", "GRU"), shape, return_sequences=False),
        ],
        ["x"],
        ["two"],
    )
    graph, _ = build_graph(network, settings, tmp_path)
    layers: Any = effective(Converted(network, graph, settings, ()), hardware=True)["layers"]
    one, two = (layers[name]["effective"] for name in ("one", "two"))
    assert (one["reuse_factor"], one["recurrent_reuse_factor"]) == (21, 9)
    assert (two["forward_reuse_factor"], two["forward_recurrent_reuse_factor"]) == (14, 18)
    assert (two["backward_reuse_factor"], two["backward_recurrent_reuse_factor"]) == (21, 9)
    assert layers["two"]["requested"]["backward_recurrent_reuse_factor"] == 16


def test_a_dot_product_with_a_binary_first_input_is_refused(tmp_path: Path) -> None:
    """hls4ml's configuration of Dot lacks what its C++ asks for there."""
    dot = {"name": "d", "class_name": "Dot", "op": "dot1d", "axes": 1}
    layers = [golden_designs.given("x", 4), golden_designs.given("y", 4)]
    settings = Settings(layer_precision={"x": "uint<1>"})
    swapped = Network([*layers, dot | {"inputs": ["y", "x"]}], ["x", "y"], ["d"])
    build_graph(swapped, settings, tmp_path)
    network = Network([*layers, dot | {"inputs": ["x", "y"]}], ["x", "y"], ["d"])
    with pytest.raises(EvaluationError, match=r"'d' \(Dot\).* uint<1>"):
        build_graph(network, settings, tmp_path)
