"""A block that no output reads: `KeepAlive` keeps it in the circuit, in C++ and in OpenCL."""

from pathlib import Path

import needs
import numpy as np
from golden_designs import graph_inputs, interaction_network

from backends.hls4ml.csim import compiled, run_library
from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.opencl.plan import make_plan
from backends.openhls import simulate
from backends.openhls.lower import lower

SETTINGS = Settings(12, 5, reuse_factor=2)


def with_dead_code(*, kept: bool) -> Network:
    """The scores follow from the messages; the update of the nodes feeds nothing."""
    whole = interaction_network()
    used = {"nodes", "edges", "senders", "receivers", "from", "to", "ends", "message_input",
            "message", "message_relu"}  # fmt: skip
    if kept:
        used |= {"received", "update_input", "update", "update_relu"}
    layers = [layer for layer in whole.layers if layer["name"] in used]
    source, width = "message_relu", 4
    if kept:
        layers.append({"name": "kept", "class_name": "KeepAlive", "kept_shape": [7, 4],
                       "n_unread": 15, "inputs": [source, "update_relu"]})  # fmt: skip
        source = "kept"
    (score,) = (layer for layer in whole.layers if layer["name"] == "score")
    score = {**score, "inputs": [source], "n_in": width, "input_shape": [[7, width]],
             "weight_data": score["weight_data"][:width]}  # fmt: skip
    (sigmoid,) = (layer for layer in whole.layers if layer["name"] == "score_sigmoid")
    return Network([*layers, score, sigmoid], whole.inputs, whole.outputs)


@needs.simulator
def test_the_dead_block_is_built_and_waited_for_and_changes_no_output(tmp_path: Path) -> None:
    inputs = graph_inputs()
    made = {
        kept: build_graph(with_dead_code(kept=kept), SETTINGS, tmp_path / str(kept))[0]
        for kept in (False, True)
    }
    expected = evaluate(made[False], inputs).outputs
    assert np.ptp(expected) > 0.1
    np.testing.assert_array_equal(evaluate(made[True], inputs).outputs, expected)

    without, (circuit, text) = lower(made[False])[0], lower(made[True])
    assert {layer for layer, _ in circuit.instances} >= {"update", "received"}
    given = dict(zip((v.name for v in made[True].get_input_variables()), inputs, strict=True))
    simulated = simulate.simulate(circuit, text, given, tmp_path / "sim", tmp_path / "cache")
    np.testing.assert_array_equal(simulated.outputs.reshape(expected.shape), expected)
    assert simulated.latency_cycles > without.outputs[0].time

    costs = {kept: total(graph, layer_costs(graph)) for kept, graph in made.items()}
    assert costs[True].dsp > costs[False].dsp
    assert costs[True].depth == simulated.latency_cycles > costs[False].depth


def test_csim_computes_the_same(tmp_path: Path) -> None:
    inputs = graph_inputs()
    graph, _ = build_graph(with_dead_code(kept=True), SETTINGS, tmp_path / "project")
    write_project(graph)
    assert "keep_alive<" in (tmp_path / "project/firmware/myproject.cpp").read_text()
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    np.testing.assert_array_equal(
        run_library(library, graph, inputs), evaluate(graph, inputs).outputs
    )


def test_the_opencl_program_has_the_kernels_of_the_dead_block() -> None:
    dead = {step.output for step in make_plan(with_dead_code(kept=True)).steps}
    live = {step.output for step in make_plan(with_dead_code(kept=False)).steps}
    assert dead > live
