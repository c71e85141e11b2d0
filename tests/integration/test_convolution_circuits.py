"""Convolutions as circuits: simulated RTL against the arithmetic, which csim confirms elsewhere."""

from functools import partial
from pathlib import Path
from typing import Any

import image_layers as layers
import needs
import numpy as np
import pytest
import random_images
from random_images import chain

from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls.lower import lower
from backends.openhls.simulate import simulate

SETTINGS = {
    "r1": Settings(16, 6),
    "overflows_r3_turns": Settings(9, 3, reuse_factor=3, parallelization_factor=4),
    "name_rnd_sat_r2": Settings(
        12, 5, rounding="RND_CONV", overflow="SAT", granularity="name", reuse_factor=2
    ),
    "r30_one_position": Settings(
        10, 4, rounding="TRN_ZERO", reuse_factor=30, parallelization_factor=1
    ),
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def images() -> tuple[Network, tuple[int, ...]]:
    step = partial(partial, layers.convolution, rng=np.random.default_rng(11))
    shape = (4, 5, 2)
    return chain(
        shape,
        step(n_filt=3, size=(3, 2), padding="same"),
        step(kind="DepthwiseConv", size=(2, 3), stride=(1, 2)),
        step(kind="SeparableConv", n_filt=2, padding="same"),
        step(n_filt=2, size=(1, 1), stride=(2, 2)),
    ), shape


def sequences() -> tuple[Network, tuple[int, ...]]:
    step = partial(partial, layers.convolution, rng=np.random.default_rng(12), stride=(1,))
    shape = (8, 3)
    return chain(
        shape,
        step(n_filt=2, size=(3,), padding="causal"),
        step(kind="DepthwiseConv", size=(3,), stride=(2,), padding="same"),
        step(kind="SeparableConv", size=(2,), n_filt=3),
        step(n_filt=2, size=(1,)),
    ), shape


@needs.simulator
@pytest.mark.parametrize(
    ("make", "setting"),
    [
        (sequences, "r1"),
        (images, "overflows_r3_turns"),
        (images, "r30_one_position"),
        (sequences, "name_rnd_sat_r2"),
    ],
)
def test_rtl_is_bittrue(make: Any, setting: str, tmp_path: Path, cache: Path) -> None:
    (network, shape), settings = make(), SETTINGS[setting]
    graph, _ = build_graph(network, settings, tmp_path / "project")
    x = random_images.inputs(shape, 5)
    expected = evaluate(graph, [x])
    circuit, text = lower(graph, settings.parallelization_factor)
    found = simulate(circuit, text, {"x": x}, tmp_path, cache)
    np.testing.assert_array_equal(found.outputs, expected.outputs)
    assert len(np.unique(expected.outputs)) > 100
    if "overflows" in setting:
        assert expected.lost_share > 0
    cost = total(graph, layer_costs(graph))
    assert cost.interval == found.interval_cycles
    assert cost.depth == pytest.approx(found.latency_cycles, rel=0.2)


def test_positions_in_turns_need_fewer_multipliers(tmp_path: Path) -> None:
    """Four times fewer blocks for a quarter of the positions at a time; the wiring costs LUTs."""
    layer, _ = layers.convolution("c", "x", (8, 8, 2), np.random.default_rng(3), padding="same")
    network = Network([layers.given("x", 8, 8, 2), layer], ["x"], ["c"])
    slices = []
    for parallel in (64, 16, 4, 1):
        settings = Settings(16, 6, parallelization_factor=parallel)
        graph, _ = build_graph(network, settings, tmp_path)
        circuit, _ = lower(graph)
        blocks = {m: n for (_, m), n in circuit.instances.items() if m.startswith("dense")}
        assert list(blocks.values()) == [parallel]
        assert circuit.interval == 64 // parallel
        slices.append(total(graph, layer_costs(graph)).dsp)
    assert slices == [slices[-1] * n for n in (64, 16, 4, 1)]
