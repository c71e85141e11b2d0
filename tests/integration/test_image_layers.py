"""Layers on sequences and images: bittrue against the compiled firmware, and against Keras.

Every network has all families of layers, and the values of all of them are in its output.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import image_layers
import needs
import numpy as np
import pytest
import random_images
from golden_designs import given
from keras_images import NETWORKS
from layer_networks import Branch, both, side_by_side

from backends.hls4ml.csim import compiled, run_library
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from dse.runtime import isolated

SETTINGS: dict[str, Callable[[Network], Settings]] = {
    "latency": lambda network: random_images.settings(network, 20),
    "resource": lambda network: random_images.settings(network, 23),
    "name": lambda _: Settings(10, 4, granularity="name", overflow="SAT", rounding="RND"),
    "model": lambda _: Settings(
        9, 3, overflow="SAT_SYM", rounding="TRN_ZERO", strategy="resource", reuse_factor=4
    ),
}
CASES = [
    (random_images.image, "latency"),
    (random_images.image, "resource"),
    (random_images.image, "model"),
    (random_images.sequence, "resource"),
    (random_images.sequence, "name"),
]


@needs.compiler
@pytest.mark.parametrize(
    ("make", "kind"), CASES, ids=[f"{make.__name__}-{kind}" for make, kind in CASES]
)
def test_bittrue_is_csim(make: Callable[[int], Any], kind: str, tmp_path: Path) -> None:
    network, shape = make(len(kind))
    x = [random_images.inputs(shape, len(kind))]
    graph, _ = build_graph(network, SETTINGS[kind](network), tmp_path / "project")
    expected = evaluate(graph, x)
    write_project(graph)
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    np.testing.assert_array_equal(run_library(library, graph, x), expected.outputs)
    assert 0 < expected.lost_share < 0.5
    assert len(np.unique(expected.outputs)) > 100


@needs.compiler
def test_depthwise_convolutions_of_one_and_two_dimensions_compile_together(tmp_path: Path) -> None:
    """hls4ml's headers of both have one include guard."""
    rng, shapes = np.random.default_rng(1), {"x": (4, 4, 2), "y": (6, 2)}
    branches = []
    for name, shape in shapes.items():
        size = (3,) * (len(shape) - 1)
        layer, made = image_layers.convolution(
            f"{name}_depthwise", name, shape, rng, size=size, stride=size, kind="DepthwiseConv"
        )
        branches.append(Branch([layer], made))
    network = side_by_side([given(name, *shape) for name, shape in shapes.items()], branches)
    inputs = [rng.uniform(-2, 2, (20, *shape)) for shape in shapes.values()]
    found = both(network, Settings(12, 5), inputs, tmp_path)
    np.testing.assert_array_equal(found.bittrue, found.csim)


def test_wide_types_give_what_keras_gives(tmp_path: Path) -> None:
    """With granularity "name" hls4ml moves normalisations into the convolutions in front."""
    here = [Path(__file__).parent]
    isolated.call("keras_images:convert_all", tmp_path, log=tmp_path / "log", folders=here)
    for name in NETWORKS:
        network = Network.load(tmp_path / name)
        with np.load(tmp_path / name / "values.npz") as values:
            x, expected = values["x"], values["y"]
        for granularity in ("model", "name"):
            settings = Settings(48, 20, granularity=granularity)
            graph, _ = build_graph(network, settings, tmp_path / "project")
            np.testing.assert_allclose(evaluate(graph, [x]).outputs, expected, atol=1e-4)
    # hls4ml's own handlers would convert these into other networks
    said = (tmp_path / "refused.txt").read_text()
    assert "converted" not in said
    for what in (
        "dilation_rate (2, 2)",
        "groups 2",
        "depth_multiplier 2",
        "axis 1",
        "bilinear",
        "2.5",
        "Conv1D inside",
    ):
        assert what in said
