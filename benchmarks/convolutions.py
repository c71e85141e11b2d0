"""Speed and bits of `bittrue` against csim's compile and run, on convolutional networks."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from backends.hls4ml.csim import compiled, run_library
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from dse.runtime import isolated

IMAGES = {"digits": 360, "svhn": 300}
IO_TYPES = {"digits": "io_parallel", "svhn": "io_stream"}
"""A network of SVHN's size streams: with all pixels in parallel the compiler takes too long."""
GOALS = {"digits": 50, "svhn": 20}
"""How many times faster `bittrue` should be."""


def bench_convolutions(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Evaluate both networks of the streams' benchmark by both, csim with an empty cache."""
    isolated.call("streams:make_networks", folder, log=folder / "log")
    for name in IMAGES:
        yield from _network(name, folder)


def _network(name: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    project = folder / f"{name}_project"
    settings = Settings(12, 6, io_type=IO_TYPES[name], reuse_factor=16)
    graph, _ = build_graph(Network.load(folder / name), settings, project)
    shape = (IMAGES[name], *graph.get_input_variables()[0].shape)
    inputs = [np.random.default_rng(1).uniform(0, 1, shape).astype(np.float32)]
    start, used = perf_counter(), process_time()
    outputs = evaluate(graph, inputs).outputs
    ours, used = perf_counter() - start, process_time() - used
    start = perf_counter()
    write_project(graph)
    library = compiled(project, folder / "cache", folder / f"{name}.log")
    built = perf_counter() - start
    expected = run_library(library, graph, inputs)
    theirs = perf_counter() - start
    different = int(np.count_nonzero(outputs != expected.reshape(outputs.shape)))
    label = f"{name} CNN, ap_fixed<12,6>, {IO_TYPES[name]}, {IMAGES[name]} images"
    yield f"{label}: csim", f"{theirs:.1f} s", f"{built:.1f} s write and compile"
    ratio = f"{theirs / ours:.0f} x faster; goal {GOALS[name]}"
    yield f"{label}: bittrue", f"{ours:.2f} s ({used:.2f} s of processor)", ratio
    yield f"{label}: outputs that differ", f"{different} of {outputs.size}", "goal 0"
