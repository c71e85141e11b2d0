"""The `open` backend's circuits: simulated RTL against the arithmetic, bit for bit."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import needs
import numpy as np
import pytest

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.nodes import is_weighted
from backends.modelgraph.settings import Settings
from backends.openhls import simulate as simulation
from backends.openhls import toolchain
from backends.openhls.lower import lower
from dse.contracts.errors import EvaluationError

SETTINGS = {
    "16_6_r1": Settings(16, 6),
    "16_6_r8": Settings(16, 6, reuse_factor=8),
    "8_3_overflows_r16": Settings(8, 3, reuse_factor=16),
    "20_5_rnd_r2": Settings(20, 5, rounding="RND", reuse_factor=2),
    "12_5_name_sat_r5": Settings(
        12, 5, rounding="RND_CONV", overflow="SAT", granularity="name", reuse_factor=5
    ),
    "14_6_r64": Settings(14, 6, reuse_factor=64),
    "10_4_r1000": Settings(10, 4, reuse_factor=1000),
    "32_12_resource_r32": Settings(32, 12, reuse_factor=32, strategy="resource"),
    "14_6_r3_four_rows": Settings(14, 6, reuse_factor=3, parallelization_factor=4),
    "14_6_r1_five_rows": Settings(14, 6, parallelization_factor=5),
}
CASES = [("one_pass", name) for name in SETTINGS]
CASES += [("mlp", name) for name in SETTINGS if "rows" not in name]
CASES += [
    (network, name)
    for network in ("appendix_a", "two_passes")
    for name in ("16_6_r8", "8_3_overflows_r16", "14_6_r3_four_rows")
]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@needs.simulator
@pytest.mark.parametrize(("network", "setting"), CASES)
def test_rtl_is_bittrue(
    networks: dict[str, Network],
    batch: Callable[..., list[np.ndarray[Any, Any]]],
    network: str,
    setting: str,
    tmp_path: Path,
    cache: Path,
) -> None:
    settings = SETTINGS[setting]
    graph, _ = build_graph(networks[network], settings, tmp_path)
    inputs = batch(network, 100)
    expected = evaluate(graph, inputs)
    circuit, text = lower(graph, settings.parallelization_factor)
    names = [variable.name for variable in graph.get_input_variables()]
    given = dict(zip(names, inputs, strict=True))
    found = simulation.simulate(circuit, text, given, tmp_path, cache)
    np.testing.assert_array_equal(found.outputs.reshape(expected.outputs.shape), expected.outputs)
    assert found.latency_cycles == circuit.latency
    assert found.interval_cycles == _interval(graph)
    if "overflows" in setting:
        assert expected.lost_share > 0


def _interval(graph: Any) -> int:
    """hls4ml's: the reuse factor, for every group of rows."""
    found = [1]
    for node in graph.get_layers():
        if is_weighted(node):
            *rows, _ = node.get_output_variable().shape
            parallel = int(node.get_attr("parallelization_factor", 0) or 0)
            groups = -(-int(np.prod(rows)) // parallel) if parallel else 1
            products = int(np.prod(node.weights["weight"].data.shape))
            found.append(min(int(node.get_attr("reuse_factor")), products) * groups)
    return max(found)


@needs.icarus
def test_another_simulator_agrees(
    networks: dict[str, Network],
    batch: Callable[..., list[np.ndarray[Any, Any]]],
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Icarus reads the same files and sees the same bits: no property of one simulator."""
    icarus = toolchain.Tool("iverilog", "11.0", (str(shutil.which("iverilog")),), "PATH")
    monkeypatch.setattr(toolchain, "simulator", lambda: icarus)
    graph, _ = build_graph(networks["mlp"], Settings(12, 5, reuse_factor=16), tmp_path)
    inputs = batch("mlp", 8)
    circuit, text = lower(graph)
    given = {graph.get_input_variables()[0].name: inputs[0]}
    found = simulation.simulate(circuit, text, given, tmp_path, cache)
    assert (tmp_path / "simulation.vvp").is_file(), "it was Icarus"
    np.testing.assert_array_equal(found.outputs, evaluate(graph, inputs).outputs)
    assert found.interval_cycles == 16


@needs.simulator
def test_wrong_rtl_is_noticed(
    networks: dict[str, Network],
    batch: Callable[..., list[np.ndarray[Any, Any]]],
    tmp_path: Path,
    cache: Path,
) -> None:
    """The comparison can fail: one bias of one layer is changed."""
    graph, _ = build_graph(networks["mlp"], Settings(12, 5, reuse_factor=16), tmp_path)
    inputs = batch("mlp", 20)
    expected = evaluate(graph, inputs).outputs
    first = next(node for node in graph.get_layers() if is_weighted(node))
    first.weights["bias"].data[0] += 1.0
    circuit, text = lower(graph)
    given = {graph.get_input_variables()[0].name: inputs[0]}
    found = simulation.simulate(circuit, text, given, tmp_path, cache)
    assert not np.array_equal(found.outputs, expected)


@needs.simulator
def test_a_damaged_cache_is_mended(
    networks: dict[str, Network],
    batch: Callable[..., list[np.ndarray[Any, Any]]],
    tmp_path: Path,
) -> None:
    graph, _ = build_graph(networks["mlp"], Settings(8, 3, reuse_factor=64), tmp_path)
    inputs = batch("mlp", 8)
    circuit, text = lower(graph)
    given = {graph.get_input_variables()[0].name: inputs[0]}
    first = simulation.simulate(circuit, text, given, tmp_path / "a", tmp_path / "cache")
    for file in (tmp_path / "cache").rglob("verilated*.[og]*"):
        file.write_bytes(file.read_bytes()[:200])
    again = simulation.simulate(circuit, text, given, tmp_path / "b", tmp_path / "cache")
    np.testing.assert_array_equal(first.outputs, again.outputs)


def test_accumulators_that_may_saturate_are_refused(
    networks: dict[str, Network], tmp_path: Path
) -> None:
    graph, _ = build_graph(networks["mlp"], Settings(10, 3, overflow="SAT"), tmp_path)
    with pytest.raises(EvaluationError, match=r"layer '.*open cannot build .*may saturate") as e:
        lower(graph)
    assert "granularity: name" in e.value.hint


def test_a_layer_without_a_rule_is_named(networks: dict[str, Network], tmp_path: Path) -> None:
    graph, _ = build_graph(networks["mlp"], Settings(), tmp_path)
    node = next(node for node in graph.get_layers() if node.class_name == "Softmax")
    node.set_attr("implementation", "unheard")
    with pytest.raises(EvaluationError, match=rf"layer '{node.name}'.*open has no rule.*unheard"):
        lower(graph)
