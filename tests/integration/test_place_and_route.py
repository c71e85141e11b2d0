"""Networks placed and routed by nextpnr: what was routed computes what `bittrue` does."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import needs
import numpy as np
import pytest
from golden_designs import Design, activation, dense, given, spread
from golden_results import job_for, without_keras

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate as evaluate_graph
from backends.modelgraph.network import Network
from backends.modelgraph.rtl.circuit import TOP
from backends.modelgraph.settings import Settings
from backends.openhls.backend import OpenBackend
from backends.openhls.lower import lower
from backends.openhls.pnr import flow
from backends.openhls.pnr.families import named_target
from backends.openhls.pnr.family import Target
from backends.openhls.pnr.route import LOG, Routed, SeedStalledError, route
from backends.openhls.pnr.stall import ROUTERS, stall
from backends.openhls.pnr.synthesis import map_to
from backends.openhls.pnr.timing import pipeline
from backends.openhls.simulate import simulate
from dse.analysis.effective import warnings_of
from dse.contracts.backend import Outcome
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity

PARTS = {
    "ecp5": "LFE5U-12F-6BG381C",
    "himbaechel-gowin": "GW1NR-LV9QN88PC6/I5",
    "nexus": "LIFCL-17-8BG256C",
}


def mlp(*sizes: int) -> Design:
    """Dense layers with ReLUs between them."""
    layers, source = [given("x", sizes[0])], "x"
    for number, (n_in, n_out) in enumerate(pairwise(sizes)):
        layers.append(dense(f"d{number}", source, n_in, n_out))
        source = f"d{number}"
        if number < len(sizes) - 2:
            layers.append(activation(f"r{number}", "relu", source))
            source = f"r{number}"
    inputs = [spread(5, 6, sizes[0], low=-2, high=2)]
    return Design(Network(layers, ["x"], [source]), inputs)


def evaluate(design: Design, folder: Path, **more: Any) -> Outcome:
    settings = {"strategy": "resource", "simulated_samples": 6, "stage": "pnr", **more}
    backend = OpenBackend()
    job, context = job_for(backend, design, folder, **settings)
    backend.check(job.parameters)
    with without_keras(design.network):
        return backend.evaluate(job, context)


@needs.nextpnr("ecp5")
@needs.simulator
def test_a_small_network_is_routed_with_every_seed(tmp_path: Path) -> None:
    settings = {"total_bits": 6, "integer_bits": 3, "reuse_factor": 4, "part": PARTS["ecp5"]}
    outcome = evaluate(mlp(4, 3, 2), tmp_path, **settings, seeds=2)
    found = {metric.name: metric for metric in outcome.metrics}
    assert {metric.fidelity for metric in outcome.metrics} == {Fidelity.IMPLEMENTED}
    fmax, by_seed = found["fmax_mhz"], outcome.effective["fmax_mhz_by_seed"]
    assert isinstance(by_seed, dict)
    clocks = [float(str(mhz)) for mhz in by_seed.values()]
    assert fmax.value == pytest.approx(sum(clocks) / 2, rel=1e-3)
    assert fmax.low is not None
    assert fmax.low <= min(clocks)
    assert found["seed"].value == float(max(by_seed, key=lambda seed: float(str(by_seed[seed]))))
    cycles, times = found["latency_cycles"].value, [1000 / mhz for mhz in clocks]
    assert found["latency_ns"].value == pytest.approx(cycles * sum(times) / 2, rel=1e-3)
    assert found["clock_slack_ns"].value == pytest.approx(5 - sum(times) / 2, rel=1e-2)
    assert found["routed"].value == 1
    before = outcome.effective["before_packing"]
    assert isinstance(before, dict)
    assert before["lut4"] <= found["lut4"].value  # packing adds cells where carry chains begin
    assert found["ff"].value <= before["ff"]


@needs.nextpnr("ecp5")
@needs.simulator
def test_numbers_are_those_of_the_seed_that_was_routed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here as if the first had stalled; the point says so."""

    def stalls_with_seed_1(
        netlist: Path, target: Target, clock_period_ns: float, seed: int, cache: Path
    ) -> Routed:
        if seed == 1:
            raise SeedStalledError(FailureKind.DOES_NOT_FIT, "given up: no fewer left")
        return route(netlist, target, clock_period_ns, seed, cache)

    monkeypatch.setattr(flow, "route", stalls_with_seed_1)
    settings = {"total_bits": 6, "integer_bits": 3, "reuse_factor": 4, "part": PARTS["ecp5"]}
    outcome = evaluate(mlp(4, 3), tmp_path, **settings)
    found = {metric.name: metric.value for metric in outcome.metrics}
    assert (found["seed"], found["routed"]) == (2, 0.5)
    assert outcome.effective["fmax_mhz_by_seed"] == {
        "2": pytest.approx(found["fmax_mhz"], abs=0.01)
    }
    assert "seed 1 was not routed: given up: no fewer left" in warnings_of(outcome.effective)


@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=needs.nextpnr(name)) for name, part in PARTS.items()]
)
@needs.simulator
def test_every_family_computes_what_bittrue_does(part: str, tmp_path: Path) -> None:
    """Of Lattice's multiplications in DSP blocks, of Gowin's in logic, every bit is compared."""
    settings = {"total_bits": 6, "integer_bits": 3, "reuse_factor": 4, "part": part}
    outcome = evaluate(mlp(4, 3, 2), tmp_path, **settings)
    found = {metric.name: metric.value for metric in outcome.metrics}
    assert found["fmax_mhz"] > 50
    assert found["latency_ns"] == pytest.approx(
        1000 * found["latency_cycles"] / found["fmax_mhz"], rel=1e-6
    )
    assert found["lut4"] > 0
    assert ("dsp" in found) == (not part.startswith("GW"))
    told = (tmp_path / "run" / LOG).read_text()
    # the lines by which a stall is known; the last has nothing left
    assert any(router.progress.findall(told)[-1:] == ["0"] for router in ROUTERS)
    assert stall(told) == ""


@needs.nextpnr("ecp5")
@needs.simulator
def test_a_table_in_block_ram_and_constant_bits_of_outputs(tmp_path: Path) -> None:
    """A sigmoid's table is in block RAM, and its sign and integer bits are constant."""
    layers = mlp(4, 3, 2).network.layers
    network = Network([*layers, activation("s", "sigmoid", "d1")], ["x"], ["s"])
    design = Design(network, mlp(4, 3, 2).inputs)
    settings = {"total_bits": 12, "integer_bits": 4, "reuse_factor": 4, "part": PARTS["ecp5"]}
    found = {metric.name: metric.value for metric in evaluate(design, tmp_path, **settings).metrics}
    assert found["bram_18k"] > 0


@needs.nextpnr("ecp5")
@needs.simulator
def test_counts_of_the_family_without_routing(tmp_path: Path) -> None:
    outcome = evaluate(
        mlp(4, 3, 2), tmp_path, total_bits=6, reuse_factor=4, part=PARTS["ecp5"], stage="synth"
    )
    found = {metric.name: metric for metric in outcome.metrics}
    assert {metric.fidelity for metric in outcome.metrics} == {Fidelity.RTL}
    assert 0 < found["dsp"].value <= 5  # 3 of the first layer, 2 of the second
    assert "lut" not in found
    assert found["latency_ns"].value == 5 * found["latency_cycles"].value


@needs.synthesis
@pytest.mark.parametrize(("program", "more"), [("ecp5", 1.3), ("himbaechel-gowin", 1.9)])
def test_tables_are_saved(program: str, more: float, tmp_path: Path) -> None:
    """A family's own script of Yosys takes a third more on an ECP5, double on a Gowin."""
    target = named_target(PARTS[program])
    settings = Settings(8, 4, reuse_factor=16, strategy="resource")
    graph, _ = build_graph(mlp(16, 8).network, settings, tmp_path)
    _, text = lower(graph, pipeline=pipeline(target, 6.0))
    script = target.family.synthesis.partition(" -run ")[0]
    families = (replace(target.family, synthesis=script), target.family)
    plain, saving = (map_to(family, text, TOP, tmp_path).counts for family in families)
    assert saving.pop("lut4") * more <= plain.pop("lut4")
    assert saving == plain


@needs.nextpnr("ecp5")
@needs.simulator
def test_what_does_not_fit_is_told_before_it_is_placed(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate(
            mlp(8, 8), tmp_path, total_bits=12, integer_bits=3, reuse_factor=2, part=PARTS["ecp5"]
        )
    assert caught.value.kind is FailureKind.DOES_NOT_FIT
    assert "DSP multipliers of 28" in caught.value.message
    assert not (tmp_path / "cache" / "routed").exists()


def test_parts_that_nextpnr_does_not_know() -> None:
    backend = OpenBackend()
    settings = {"stage": "pnr", "io_type": "io_parallel", "part": "xcku115-flvb2104-2-i"}
    with pytest.raises(ValueError, match="LFE5U-85F-8BG381C"):
        backend.check(settings)


@needs.simulator
@pytest.mark.parametrize(
    ("softmax", "reuse", "more"), [(False, 1, 1), (False, 16, 2), (True, 16, 5)]
)
def test_registers_of_a_family_change_the_latency_alone(
    tmp_path: Path, softmax: bool, reuse: int, more: int
) -> None:
    design = mlp(16, 3)
    if softmax:
        layers = [*design.network.layers, activation("s", "softmax", "d0")]
        design = Design(Network(layers, ["x"], ["s"]), design.inputs)
    settings = Settings(8, 4, reuse_factor=reuse, strategy="resource")
    graph, _ = build_graph(design.network, settings, tmp_path)
    plain, _ = lower(graph)
    circuit, text = lower(graph, pipeline=pipeline(named_target("LFE5U-85F-8BG381C"), 6.0))
    found = simulate(circuit, text, {"x": design.inputs[0]}, tmp_path, tmp_path / "cache")
    expected = evaluate_graph(graph, design.inputs).outputs
    np.testing.assert_array_equal(found.outputs.reshape(expected.shape), expected)
    # one for the operands, one where a multiplexer of more than 8 values has two steps, and one
    # behind each of the two tables of softmax and one for its product: block RAM gives what it
    # reads late
    assert found.latency_cycles == circuit.outputs[0].time == plain.outputs[0].time + more
    assert found.interval_cycles == reuse
