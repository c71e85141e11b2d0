"""Streamed networks: bittrue against csim, and simulated RTL against bittrue."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import needs
import numpy as np
import pytest
import stream_networks
from stream_networks import NETWORKS

from backends.hls4ml.csim import compiled, run_library
from backends.hls4ml.estimate.stream_cost import stream_cost
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.rtl.stream import circuit as stream_circuit
from backends.modelgraph.settings import Settings
from backends.openhls.stream import lower_stream
from backends.openhls.stream_simulation import simulate_stream
from dse.contracts.errors import EvaluationError

STREAM = partial(Settings, io_type="io_stream")
SETTINGS = {
    "r1": STREAM(16, 6),
    "overflows_r3": STREAM(8, 3, reuse_factor=3),
    "resource_r3": STREAM(12, 4, strategy="resource", reuse_factor=3),
    "name_r4": STREAM(
        10, 4, granularity="name", overflow="SAT", rounding="RND", strategy="resource",
        reuse_factor=4,
    ),
}  # fmt: skip
NARROW = {"p*": {"accum": "fixed<7,3,RND,SAT>", "result": "fixed<9,3>"}}
"""Accumulators of pools that lose bits: where streams compute other values than io_parallel."""

CASES = [("cnn", "overflows_r3"), ("cnn", "name_r4"), ("sequence", "r1"), ("skip", "r1"),
         ("separable", "overflows_r3"), ("pools", "narrow"), ("whole", "narrow"),
         ("decoder", "overflows_r3"), ("longer", "r1"), ("lstm", "resource_r3"),
         ("gru", "r1")]  # fmt: skip


def settings(name: str) -> Settings:
    if name == "narrow":
        return STREAM(12, 4, layer_precision=NARROW)
    return SETTINGS[name]


@needs.compiler
@pytest.mark.parametrize(("network", "setting"), [CASES[i] for i in (1, 3, 4, 5, 6, 7, 8, 9, 10)])
def test_bittrue_is_csim(network: str, setting: str, tmp_path: Path) -> None:
    made, x = NETWORKS[network]()
    graph, _ = build_graph(made, settings(setting), tmp_path / "project")
    expected = evaluate(graph, [x]).outputs
    write_project(graph)
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    np.testing.assert_array_equal(run_library(library, graph, [x]), expected)
    if network == "pools":  # not what io_parallel computes
        parallel, _ = build_graph(made, replace(settings(setting), io_type="io_parallel"), tmp_path)
        assert not np.array_equal(evaluate(parallel, [x]).outputs, expected)


@needs.simulator
@pytest.mark.parametrize(("network", "setting"), CASES)
def test_rtl_is_bittrue(network: str, setting: str, tmp_path: Path, cache: Path) -> None:
    made, x = NETWORKS[network]()
    x = x[:8]
    graph, _ = build_graph(made, settings(setting), tmp_path / "project")
    expected = evaluate(graph, [x]).outputs
    circuit, text = lower_stream(graph, len(x))
    # fails if a position leaves the network in another cycle than without any stall
    found = simulate_stream(circuit, text, {"x": x}, tmp_path, cache)
    np.testing.assert_array_equal(found.outputs.reshape(expected.shape), expected)
    assert found.interval_cycles == circuit.interval == stream_cost(graph).times.interval
    assert len(np.unique(expected)) > 4


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@needs.simulator
@pytest.mark.parametrize("place", [("x", "c"), ("x", "m"), ("c", "m")])
def test_fifos_are_the_smallest_that_never_stall(
    place: tuple[str, str], tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a slot less somewhere, an input waits, or outputs come late, or never."""
    made, x = NETWORKS["skip"]()
    graph, _ = build_graph(made, SETTINGS["r1"], tmp_path / "project")
    circuit, _ = lower_stream(graph, 4)
    found = {(fifo.source, fifo.reader): fifo.depth for fifo in circuit.fifos}
    assert found["x", "m"] > 10 > found["c", "m"]  # what waits for the line buffers of c
    wanted, real = found[place], stream_circuit.Fifo
    monkeypatch.setattr(
        stream_circuit,
        "Fifo",
        lambda source, reader, port, bits, depth: real(
            source, reader, port, bits, wanted - 1 if (source, reader) == place else depth
        ),
    )
    circuit, text = lower_stream(graph, 4)
    with pytest.raises(EvaluationError, match=r"other cycles|positions, not|cycles for a FIFO"):
        simulate_stream(circuit, text, {"x": x[:4]}, tmp_path, cache)


def refusal(network: Any, **more: Any) -> str:
    graph, _ = build_graph(network, STREAM(12, 5, **more), Path("unused"))
    with pytest.raises(EvaluationError) as caught:
        lower_stream(graph, 2)
    return f"{caught.value} {caught.value.hint}"


def test_what_does_not_stream_is_refused() -> None:
    assert "strides equal to the size" in refusal(stream_networks.overlapping_pools())
    assert "cannot reshape a stream" in refusal(stream_networks.reshaped())
    with pytest.raises(EvaluationError, match="parallelization_factor 4 with io_type io_stream"):
        refusal(stream_networks.reshaped(), parallelization_factor=4)
