"""Speed and bits of `bittrue` against csim's compile and run, on convolutional networks.

Ratios are of processor time: what they are on one core, whatever else the machine does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from streams import processor_s

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
    before = _Times.now()
    outputs = evaluate(graph, inputs).outputs
    ours, before = before.since(), _Times.now()
    write_project(graph)
    library = compiled(project, folder / "cache", folder / f"{name}.log")
    built = before.since()
    expected = run_library(library, graph, inputs)
    theirs = before.since()
    different = int(np.count_nonzero(outputs != expected.reshape(outputs.shape)))
    label = f"{name} CNN, ap_fixed<12,6>, {IO_TYPES[name]}, {IMAGES[name]} images"
    yield f"{label}: csim", str(theirs), f"{built} write and compile"
    ratio = f"{theirs.processor / ours.processor:.0f} x faster; goal {GOALS[name]}"
    yield f"{label}: bittrue", str(ours), f"{ratio} (by the clock {theirs.wall / ours.wall:.0f} x)"
    yield f"{label}: outputs that differ", f"{different} of {outputs.size}", "goal 0"


@dataclass(frozen=True)
class _Times:
    """Seconds of processors, of this process and the tools it starts, and by the clock."""

    processor: float
    wall: float

    @classmethod
    def now(cls) -> "_Times":
        return cls(processor_s(), perf_counter())

    def since(self) -> "_Times":
        """Return the times that have passed."""
        now = _Times.now()
        return _Times(now.processor - self.processor, now.wall - self.wall)

    def __str__(self) -> str:
        return f"{self.processor:.2f} s of processor ({self.wall:.1f} s)"
