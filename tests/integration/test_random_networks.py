"""Random networks: Keras, the checked conversion, bittrue and csim give the same answer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from late import Late

from backends.hls4ml.csim import compiled, run_library
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
"""Keras reads its own variables so."""

nets: Any = Late("random_layers")

MODELS = 32
"""Of ten networks each."""


def settings(seed: int) -> Settings:
    random = np.random.default_rng(1000 + seed)
    total = int(random.integers(8, 22))
    return Settings(
        total_bits=total,
        integer_bits=int(random.integers(3, 8)),
        rounding=str(random.choice(["TRN", "RND", "RND_CONV"])),
        overflow=str(random.choice(["WRAP", "SAT"])),
        granularity=str(random.choice(["model", "name"])),
        # hls4ml has depthwise convolutions, which quantised networks lack, for latency only
        strategy=str(random.choice(["latency", "resource"])) if seed % 2 else "latency",
    )


def agree(seed: int, folder: Path) -> None:
    model, inputs = nets.network(seed)
    network = nets.checked_network(model, inputs)
    assert network.warnings == ()
    graph, _ = build_graph(network, settings(seed), folder / "project")
    found = evaluate(graph, inputs).outputs
    write_project(graph)
    library = compiled(folder / "project", folder / "cache", folder / "log")
    assert np.array_equal(run_library(library, graph, inputs), found)
    if seed % 2:  # all types are the network's own
        expected = model.predict(inputs, verbose=0)
        assert np.mean(found == expected) > 0.9
    assert len(np.unique(found)) > 10


@pytest.mark.parametrize("seed", [0, 3])
def test_networks_agree(seed: int, tmp_path: Path) -> None:
    agree(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [s for s in range(MODELS) if s not in {0, 3}])
def test_many_networks_agree(seed: int, tmp_path: Path) -> None:
    agree(seed, tmp_path)
