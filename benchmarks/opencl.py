"""The tiled OpenCL kernel against a naive one and numpy; double buffering against none."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from backends.modelgraph.network import Network
from backends.opencl.devices import devices
from backends.opencl.events import BatchBuilder, batch_builders
from backends.opencl.host import Host
from backends.opencl.memory import Choices
from backends.opencl.plan import make_plan
from backends.opencl.precision import formats
from backends.opencl.tiling import CACHED, STAGED, Tiling
from dse.runtime import isolated

SIZES = ((1_100, 1_500), (2_200, 4_300), (5_300, 16_600))
"""Nodes and edges of whole events above 2, 1.5 and 1 GeV (Fig. 2 of arXiv:2012.01563)."""

_REPEATS = 7
_EVENTS = 8


def bench_opencl(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Measure the rates of the dense layers of the paper's OpenCL network, and of whole events."""
    if not devices():
        yield "skipped", "there is no OpenCL device", "apt-get install pocl-opencl-icd"
        return
    here = [Path(__file__).parents[1] / "tests" / "integration"]
    cases = {"opencl": ("opencl", 2)}
    isolated.call("random_networks:make_all", folder, cases, log=folder / "log", folders=here)
    network, device = Network.load(folder / "opencl"), devices()[0]
    tiling = CACHED if device.caches else STAGED
    yield "device", device.name, device.version
    for nodes, edges in SIZES:
        yield from _size(network, tiling, nodes, edges, folder)


def _size(
    network: Network, tiling: Tiling, nodes: int, edges: int, folder: Path
) -> Iterator[tuple[str, str, str]]:
    plan, device = make_plan(network), devices()[0]
    plan = type(plan)(**{**vars(plan), "no_node": nodes})
    builders = batch_builders(plan, _inputs(nodes, edges), 1)
    events = [make() for make in builders]
    flops = plan.flops(events[0].rows)
    rates = {"numpy": flops_of_numpy(edges)}
    for kernel in ("tiled", "naive"):
        host = Host(
            plan,
            device,
            Choices(32, tiling, kernel),
            formats(plan, (), 32),
            {kind: max(event.rows[kind] for event in events) for kind in events[0].rows},
            folder / "kept",
        )
        repeats = _REPEATS if kernel == "tiled" else 1  # the naive kernel takes long
        host.run(lambda: events[0])  # warm-up, not timed
        rates[kernel] = flops / min(host.run(lambda: events[0])[1].dense for _ in range(repeats))
        if kernel == "tiled":
            overlap = _overlap(host, builders)
    shown = f"{nodes:,} nodes, {edges:,} edges"
    against = f"{rates['tiled'] / rates['numpy']:.2f} of numpy (goal 0.5)"
    faster = f"{rates['tiled'] / rates['naive']:.0f} times naive (goal 10)"
    yield f"tiled, {shown}", f"{rates['tiled']:.0f} GFLOP/s", f"{against}, {faster}"
    yield (
        f"double buffering, {shown}",
        f"{overlap[0]:.1f} ms an event",
        f"{overlap[1]:.2f} times none",
    )


def flops_of_numpy(edges: int) -> float:
    """Return numpy's best rate of a 250 x 250 layer on all edges, in GFLOP/s (flop per ns)."""
    left, right = np.ones((edges, 250), np.float32), np.ones((250, 250), np.float32)
    spent = []
    for _ in range(_REPEATS):
        started = perf_counter_ns()
        left @ right
        spent.append(perf_counter_ns() - started)
    return 2 * edges * 250 * 250 / min(spent)


def _overlap(host: Host, builders: list[BatchBuilder]) -> tuple[float, float]:
    """Return milliseconds per event with double buffering, and the speed-up by it."""
    best = {
        both: min(host.run_all(builders, double_buffering=both) for _ in range(3))
        for both in (True, False)
    }
    return best[True] / len(builders) / 1e6, best[False] / best[True]


def _inputs(nodes: int, edges: int) -> list[Any]:
    rng = np.random.default_rng(1)
    index = [rng.integers(0, nodes, (_EVENTS, edges)).astype(np.float32) for _ in "rs"]
    features = rng.normal(size=(_EVENTS, nodes, 3)).astype(np.float32)
    return [features, np.zeros((_EVENTS, edges, 1), np.float32), *index]
