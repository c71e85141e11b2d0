"""Speed and bits of the bit-true evaluator against hls4ml's own compile() and predict()."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from dse.runtime import isolated

N_GRAPHS, N_NODES, N_EDGES = 1_000, 28, 37


def make_network(folder: Path) -> None:
    """Save the network of the paper's Fig. 1, untrained; called in a process with Keras."""
    import keras

    from backends.modelgraph.network import from_keras
    from workloads.tracking.models import build

    keras.utils.set_random_seed(1)
    from_keras(build("interaction_network", N_NODES, N_EDGES, passes=1)).save(folder)


def bench_fixed_point(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Evaluate one network on the same graphs by both, and count outputs that differ."""
    isolated.call("fixed_point:make_network", folder, log=folder / "log")
    network = Network.load(folder)
    rng = np.random.default_rng(1)
    inputs = [
        rng.normal(0, 0.5, (N_GRAPHS, N_NODES, 3)).astype(np.float32),
        rng.normal(0, 0.5, (N_GRAPHS, N_EDGES, 4)).astype(np.float32),
        *(rng.integers(0, N_NODES, (N_GRAPHS, N_EDGES)).astype(np.float32) for _ in range(2)),
    ]
    graph, _ = build_graph(network, Settings(16, 6), folder / "project")
    start = perf_counter()
    outputs = evaluate(graph, inputs).outputs
    ours = perf_counter() - start
    with contextlib.redirect_stdout(io.StringIO()):
        start = perf_counter()
        graph.compile()
        compiled = perf_counter() - start
        expected = graph.predict(inputs).reshape(outputs.shape)
    theirs = perf_counter() - start
    different = int(np.count_nonzero(outputs != expected))
    label = f"{N_GRAPHS:,} graphs of {N_NODES}/{N_EDGES}, ap_fixed<16,6>"
    yield f"{label}: hls4ml compile + predict", f"{theirs:.2f} s", f"{compiled:.2f} s compile"
    yield f"{label}: bittrue", f"{ours:.3f} s", f"{theirs / ours:.0f} x faster; goal 100"
    yield f"{label}: outputs that differ", f"{different} of {outputs.size}", "goal 0"
