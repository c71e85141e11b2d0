"""Small networks of many layers, as layer lists without Keras, to hold value rules to csim.

Layers read the same inputs side by side, and concatenations join their flattened outputs, so
that one compilation tests all of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.hls4ml.csim import compiled, run_library
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings

Layer = dict[str, Any]


@dataclass(frozen=True)
class Branch:
    """Layers that end in one whose output is joined with the others'.

    Args:
        layers: in order; the first read inputs of the network.
        shape: shape of the last one's output.
    """

    layers: Sequence[Layer]
    shape: tuple[int, ...]


def side_by_side(inputs: Sequence[Layer], branches: Sequence[Branch]) -> Network:
    """Return a network whose output holds the flattened outputs of all branches, in order."""
    layers, ends = [*inputs], []
    for branch in branches:
        last = branch.layers[-1]["name"]
        layers += branch.layers
        if len(branch.shape) > 1:
            size = math.prod(branch.shape)
            layers.append(flattened(f"{last}_flat", last, branch.shape))
            last, shape = f"{last}_flat", size
        else:
            (shape,) = branch.shape
        ends.append((last, shape))
    name, size = ends[0]
    for number, (other, more) in enumerate(ends[1:]):
        joined = {
            "name": f"join{number}",
            "class_name": "Concatenate",
            "op": "Concatenate1d",
            "axis": -1,
            "inputs": [name, other],
            "input_shape": [[size], [more]],
            "output_shape": [size + more],
        }
        layers.append(joined)
        name, size = joined["name"], size + more
    return Network(layers, [layer["name"] for layer in inputs], [name])


def flattened(name: str, source: str, shape: Sequence[int]) -> Layer:
    return {
        "name": name,
        "class_name": "Reshape",
        "target_shape": [math.prod(shape)],
        "input_shape": [list(shape)],
        "inputs": [source],
    }


@dataclass(frozen=True)
class Outputs:
    """Outputs of one network by both, and the share of bittrue's casts that overflowed."""

    bittrue: NDArray[np.float64]
    csim: NDArray[np.float64]
    lost_share: float


def both(
    network: Network, settings: Settings, inputs: Sequence[NDArray[Any]], folder: Path
) -> Outputs:
    """Return what the value rules and the compiled firmware give."""
    graph, _ = build_graph(network, settings, folder / "project")
    found = evaluate(graph, inputs)
    write_project(graph)
    library = compiled(folder / "project", folder / "cache", folder / "log")
    return Outputs(found.outputs, run_library(library, graph, inputs), found.lost_share)
