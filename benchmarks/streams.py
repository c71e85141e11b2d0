"""Convolutional networks as streamed circuits: processor time and memory to lower, simulate, count.

Processor time is that of this process and the tools it starts, so it is what one core takes,
whatever else the machine does.
"""

import resource
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls import yosys
from backends.openhls.stream import lower_stream
from backends.openhls.stream_simulation import simulate_stream
from dse.runtime import isolated

IMAGES, BITS, REUSE = 10, 12, 16
GOALS = {"digits": 2, "svhn": 10}
"""Minutes of one core for each network."""


def make_networks(folder: Path) -> None:
    """Save the networks, untrained; called in a process with Keras."""
    import keras
    from keras import layers

    from backends.modelgraph.network import from_keras

    def saved(name: str, *stack: keras.Layer) -> None:
        (folder / name).mkdir()
        from_keras(keras.Sequential(stack)).save(folder / name)

    def convolution(filters: int, padding: str = "valid") -> keras.Layer:
        return layers.Conv2D(filters, 3, padding=padding, activation="relu")

    keras.utils.set_random_seed(1)
    saved("digits", layers.Input((8, 8, 1)), convolution(8, "same"), layers.MaxPooling2D(2),
          convolution(8), layers.Flatten(), layers.Dense(16, activation="relu"),
          layers.Dense(10, activation="softmax"))  # fmt: skip
    saved("svhn", layers.Input((32, 32, 3)), convolution(16), layers.MaxPooling2D(2),
          convolution(16), layers.MaxPooling2D(2), convolution(24), layers.MaxPooling2D(2),
          layers.Flatten(), layers.Dense(42, activation="relu"),
          layers.Dense(64, activation="relu"),
          layers.Dense(10, activation="softmax"))  # fmt: skip


def bench_streams(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Lower, simulate and count both networks, with an empty cache."""
    isolated.call("streams:make_networks", folder, log=folder / "log")
    for name, minutes in GOALS.items():
        yield from _network(name, minutes, folder)


def _network(name: str, minutes: int, folder: Path) -> Iterator[tuple[str, str, str]]:
    network = Network.load(folder / name)
    settings = Settings(BITS, 6, io_type="io_stream", reuse_factor=REUSE)
    start, wall = processor_s(), perf_counter()
    graph, _ = build_graph(network, settings, folder / "project")
    shape = graph.get_input_variables()[0].shape
    x = np.random.default_rng(1).uniform(0, 1, (IMAGES, *shape)).astype(np.float32)
    circuit, text = lower_stream(graph, IMAGES)
    inputs = {circuit.inputs[0].source: x}
    found = simulate_stream(circuit, text, inputs, folder / f"{name}_rtl", folder / "cache")
    simulated = processor_s()
    expected = evaluate(graph, [x]).outputs
    different = int(np.count_nonzero(found.outputs.reshape(expected.shape) != expected))
    counts = {m.name: yosys.count(m, "yosys", folder / "cache") for m in circuit.modules.values()}
    total = sum((counts[m] * n for (_, m), n in circuit.instances.items()), yosys.Counts())
    spent, taken = processor_s() - start, perf_counter() - wall
    label = f"{name} CNN, ap_fixed<{BITS},6>, reuse factor {REUSE}, {IMAGES} images"
    cycles = f"latency {found.latency_cycles}, interval {found.interval_cycles} cycles"
    yield f"{label}: lowered, simulated", f"{simulated - start:.0f} s", cycles
    yield f"{label}: outputs that differ", f"{different} of {expected.size}", "goal 0"
    resources = f"{total.lut + total.srl:,} LUT, {total.ff:,} FF, {total.dsp} DSP"
    yield f"{label}: counted", f"{spent - (simulated - start):.0f} s", resources
    yield (
        f"{label}: all",
        f"{spent / 60:.1f} min of one core ({taken / 60:.1f} min)",
        f"goal {minutes} min; largest process {_memory_gb():.1f} GB, goal 4",
    )


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def processor_s() -> float:
    """Return the processor time of this process and its children, in seconds."""
    return sum(sum(resource.getrusage(who)[:2]) for who in _WHO)


def _memory_gb() -> float:
    """Return the memory of the largest process so far, in GB."""
    return max(resource.getrusage(who).ru_maxrss for who in _WHO) / 1024**2
