"""Small networks through csim, bittrue, estimate and open with its simulation."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zoo
from numpy.typing import NDArray

from backends.hls4ml.csim import compiled, run_outputs
from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls import simulate, toolchain
from backends.openhls.lower import lower
from dse.runtime import isolated

SETTINGS = (
    Settings(16, 6),
    Settings(12, 5, "RND", reuse_factor=2),
    Settings(11, 5, granularity="name", strategy="resource", reuse_factor=4),
)
SIMULATED = 6
"""Samples of a simulation."""


@dataclass(frozen=True)
class Zoo:
    """Converted networks.

    Args:
        folder: has a folder for each.
        refused: what the refusal of a conversion says, by network.
    """

    folder: Path
    refused: Mapping[str, str]


def icarus() -> Iterator[None]:
    """Simulate by Icarus Verilog where it is installed, within a fixture.

    A few samples of a small circuit take it half of the time that Verilator needs to compile.
    """
    with pytest.MonkeyPatch.context() as patch:
        if shutil.which("iverilog"):
            patch.setenv(toolchain.SIMULATOR_VARIABLE, "iverilog")
            toolchain.forget()
        yield
    toolchain.forget()


def convert(function: str, folder: Path, source: Any) -> Zoo:
    """Make and convert networks in a process of its own, because it loads TensorFlow."""
    support = [Path(zoo.__file__).parent]
    refused = isolated.call(function, folder, source, log=folder / "log", folders=support)
    return Zoo(folder, refused)


def hold(name: str, made: Zoo, refused: Mapping[str, str], folder: Path) -> None:
    """Walk a network, or hold its refusal to the one expected."""
    if name in refused:
        assert re.search(refused[name], made.refused[name])
        return
    assert name not in made.refused, made.refused[name]
    inputs, cache = zoo.given(made.folder, name), made.folder / "cache"
    walk(zoo.load(made.folder, name), inputs, settings_of(name), folder, cache)


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
