"""Speed of the open flow: processor time to simulate and to count networks, with an empty cache.

Processor time is that of this process and the tools it starts, so it is what one core takes,
whatever else the machine does. Ratios are to the same modules by the whole of `synth_xilinx`, and
to a simulation in which every instance of a module is compiled.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from streams import processor_s

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.rtl.circuit import Circuit
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.settings import Settings
from backends.openhls import simulate, toolchain, yosys
from backends.openhls.lower import lower
from dse.runtime import isolated
from dse.runtime.tools import run_tool

SAMPLES, NODES, EDGES = 100, 28, 37
POINTS = {("fig1", 8): 20, ("jets", 32): 8, ("jets", 4): 25, ("jets", 1): 45}
"""Networks and reuse factors, with the goal in seconds of one core."""


def make_networks(folder: Path) -> None:
    """Save the networks, untrained; called in a process with Keras."""
    import keras
    from keras import layers

    from backends.modelgraph.network import from_keras
    from workloads.tracking.models import build

    keras.utils.set_random_seed(1)
    hidden = [layers.Dense(width, activation="relu") for width in (64, 32, 32)]
    last = layers.Dense(5, activation="softmax")
    made = {
        "jets": keras.Sequential([layers.Input((16,)), *hidden, last]),
        "fig1": build("interaction_network", NODES, EDGES, passes=1),
    }
    for name, model in made.items():
        (folder / name).mkdir()
        from_keras(model).save(folder / name)


def bench_open(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Simulate and count every point."""
    isolated.call("open_flow:make_networks", folder, log=folder / "log")
    for (name, reuse), goal in POINTS.items():
        yield from _point(Network.load(folder / name), f"{name}, RF {reuse}", reuse, goal, folder)


def _point(
    network: Network, label: str, reuse: int, goal: int, folder: Path
) -> Iterator[tuple[str, str, str]]:
    place = folder / label.replace(", RF ", "_")
    graph, _ = build_graph(network, Settings(16, 6, reuse_factor=reuse), place / "project")
    circuit, text = lower(graph)
    every, _ = _simulation_s(graph, circuit, text, place / "each", [])
    shared = simulate.repeated_modules(circuit)
    once, different = _simulation_s(graph, circuit, text, place / "once", shared)
    start = processor_s()
    found = {m.name: yosys.count(m, "yosys", place / "cache") for m in circuit.modules.values()}
    counted = processor_s() - start
    whole = sum(_synth_xilinx_s(m, place / "whole") for m in circuit.modules.values())
    total = sum((found[m] * n for (_, m), n in circuit.instances.items()), yosys.Counts())
    yield f"{label}: simulated", f"{once:.1f} s ({different} differ)", f"{every / once:.1f} times"
    yield f"{label}: counted", f"{counted:.1f} s", f"{whole / counted:.1f} times synth_xilinx"
    cells = f"{total.lut + total.srl:,} LUT, {total.ff:,} FF, {total.dsp} DSP"
    yield f"{label}: together", f"{once + counted:.1f} s; {cells}", f"goal {goal} s"


def _simulation_s(
    graph: object, circuit: Circuit, text: str, folder: Path, shared: list[Module]
) -> tuple[float, int]:
    """Return the processor time of a simulation, and how many outputs differ from `bittrue`."""
    variables = graph.get_input_variables()  # type: ignore[attr-defined]
    rng = np.random.default_rng(1)
    inputs = {
        v.name: rng.integers(0, NODES, (SAMPLES, *v.shape)).astype(np.float32)
        if v.name in ("receivers", "senders")
        else rng.normal(0, 1, (SAMPLES, *v.shape)).astype(np.float32)
        for v in variables
    }
    keep, simulate.repeated_modules = simulate.repeated_modules, lambda _: shared
    try:
        start = processor_s()
        found = simulate.simulate(circuit, text, inputs, folder, folder.parent / "cache")
        spent = processor_s() - start
    finally:
        simulate.repeated_modules = keep
    expected = evaluate(graph, list(inputs.values())).outputs
    return spent, int(np.count_nonzero(found.outputs.reshape(expected.shape) != expected))


def _synth_xilinx_s(module: Module, folder: Path) -> float:
    """Return the processor time of the whole of `synth_xilinx` for a module."""
    folder.mkdir(exist_ok=True)
    (folder / "module.v").write_text(module.text)
    command = f"synth_xilinx -family xc7 -top {module.name} -flatten -noiopad -noclkbuf"
    (folder / "whole.ys").write_text(f"read_verilog module.v\n{command}\n")
    program = toolchain.yosys()
    assert program is not None
    start = processor_s()
    run_tool(
        [*program.command, "-q", "-s", "whole.ys"],
        directory=folder,
        log=folder / "log",
        environment=program.environment,
        name=program.name,
    )
    return processor_s() - start
