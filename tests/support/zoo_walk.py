"""One network through csim, bittrue, estimate and open with its simulation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.hls4ml.csim import compiled, run_outputs
from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls import simulate
from backends.openhls.lower import lower

SETTINGS = (
    Settings(16, 6),
    Settings(12, 5, "RND", reuse_factor=2),
    Settings(11, 5, granularity="name", strategy="resource", reuse_factor=4),
)
SIMULATED = 6
"""Samples of a simulation."""


def settings_of(name: str) -> Settings:
    """Settings of a network; one of three."""
    return SETTINGS[sum(map(ord, name)) % len(SETTINGS)]


def walk(
    network: Network,
    inputs: Sequence[NDArray[Any]],
    settings: Settings,
    folder: Path,
    cache: Path,
) -> None:
    """Hold csim and the circuit to bittrue, bit for bit, and the estimate to the circuit.

    Raises:
        AssertionError: they differ.
        EvaluationError: a backend refuses the network.
    """
    graph, _ = build_graph(network, settings, folder / "project")
    expected = evaluate(graph, inputs).every
    write_project(graph)
    library = compiled(folder / "project", cache, folder / "log")
    for one, other in zip(run_outputs(library, graph, inputs), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    circuit, text = lower(graph)
    names = [variable.name for variable in graph.get_input_variables()]
    few = {n: array[:SIMULATED] for n, array in zip(names, inputs, strict=True)}
    found = simulate.simulate(circuit, text, few, folder / "simulation", cache)
    for one, other in zip(found.every, expected, strict=True):
        np.testing.assert_array_equal(one, other[:SIMULATED].reshape(one.shape))
    assert any(np.ptp(array) for array in expected), "all outputs are equal"
    cost = total(graph, layer_costs(graph))
    assert cost.lut > 0
    assert cost.interval == found.interval_cycles
