"""Fixed small designs for the golden files: layer lists without Keras, equal on every machine.

Weights and inputs come from exact IEEE operations (a Weyl sequence), not from a random
generator, whose stream a new NumPy may change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.network import Network

SAMPLES = 24
_GOLDEN_RATIO = (5**0.5 - 1) / 2
_NODES, _EDGES, _NODE_FEATURES, _EDGE_FEATURES = 5, 7, 3, 2

Layer = dict[str, Any]


@dataclass(frozen=True)
class Design:
    """A network, its inputs, and the parameters that differ from every backend's defaults."""

    network: Network
    inputs: Sequence[NDArray[np.float32]]
    parameters: dict[str, Any] = field(default_factory=dict)


def spread(seed: int, *shape: int, low: float = -1.0, high: float = 1.0) -> NDArray[np.float32]:
    """Numbers spread evenly over [low, high), multiples of 2**-10."""
    steps = np.arange(1, int(np.prod(shape)) + 1) + 97.0 * seed
    values = low + (high - low) * np.modf(steps * _GOLDEN_RATIO)[0]
    return (np.floor(values * 1024) / 1024).reshape(shape).astype(np.float32)


def given(name: str, *shape: int) -> Layer:
    return {"name": name, "class_name": "InputLayer", "input_shape": list(shape), "inputs": []}


def dense(name: str, source: str, n_in: int, n_out: int, *rows: int, **more: Any) -> Layer:
    seed = sum(map(ord, name))
    return {
        "name": name,
        "class_name": "Dense",
        "input_shape": [[*rows, n_in]],
        "use_bias": True,
        "data_format": "channels_last",
        "weight_data": spread(seed, n_in, n_out),
        "bias_data": spread(seed + 1, n_out, low=-0.5, high=0.5),
        "n_out": n_out,
        "n_in": n_in,
        "inputs": [source],
        **more,
    }


def activation(name: str, function: str, source: str, **more: Any) -> Layer:
    kind = "Softmax" if function == "softmax" else "Activation"
    axis = {"axis": -1} if function == "softmax" else {}
    return {"activation": function, "name": name, **axis, "class_name": kind,
            "inputs": [source], **more}  # fmt: skip


def merge(name: str, op: str, first: str, second: str, *shape: int) -> Layer:
    return {"name": name, "class_name": "Merge", "input_shape": [list(shape), list(shape)],
            "output_shape": list(shape), "op": op, "inputs": [first, second]}  # fmt: skip


def concatenate(name: str, parts: dict[str, int], *rows: int) -> Layer:
    """Join along the features: parts with their numbers of features."""
    return {
        "name": name,
        "class_name": "Concatenate",
        "input_shape": [[*rows, size] for size in parts.values()],
        "output_shape": [*rows, sum(parts.values())],
        "axis": -1,
        "op": f"Concatenate{len(rows) + 1}d",
        "inputs": list(parts),
    }


def reshape(name: str, source: str, before: Sequence[int], after: Sequence[int]) -> Layer:
    return {"name": name, "class_name": "Reshape", "input_shape": [list(before)],
            "target_shape": list(after), "inputs": [source]}  # fmt: skip


def graph_layer(kind: str, name: str, source: str, index: str, features: int) -> Layer:
    return {"name": name, "class_name": kind, "n_nodes": _NODES, "n_edges": _EDGES,
            "n_features": features, "inputs": [source, index]}  # fmt: skip


def mlp() -> Network:
    layers = [
        given("x", 6),
        dense("a", "x", 6, 8),
        activation("a_relu", "relu", "a"),
        dense("b", "a_relu", 8, 5),
        activation("b_tanh", "tanh", "b"),
        dense("c", "b_tanh", 5, 2),
        activation("c_sigmoid", "sigmoid", "c"),
    ]
    return Network(layers, ["x"], ["c_sigmoid"])


def small() -> Network:
    """One of each: shared multipliers, sums, a ReLU and a table."""
    return two_layers(4, 3, 2, "sigmoid")


def classifier() -> Network:
    return two_layers(6, 8, 3, "softmax")


def two_layers(n_inputs: int, n_hidden: int, n_outputs: int, last: str) -> Network:
    layers = [
        given("x", n_inputs),
        dense("a", "x", n_inputs, n_hidden),
        activation("a_relu", "relu", "a"),
        dense("b", "a_relu", n_hidden, n_outputs),
        activation(f"b_{last}", last, "b"),
    ]
    return Network(layers, ["x"], [f"b_{last}"])


def joined() -> Network:
    """Two branches that are added and concatenated, and rows made of features."""
    layers = [
        given("x", 6),
        dense("a", "x", 6, 4),
        activation("a_relu", "relu", "a"),
        dense("b", "x", 6, 4),
        activation("b_tanh", "tanh", "b"),
        merge("sum", "add", "a_relu", "b_tanh", 4),
        concatenate("both", {"sum": 4, "a_relu": 4}),
        reshape("rows", "both", [8], [2, 4]),
        dense("c", "rows", 4, 3, 2),
        activation("c_relu", "relu", "c"),
    ]
    return Network(layers, ["x"], ["c_relu"])


def vectors() -> Network:
    """As `joined`, by what the OpenCL program takes too: no reshaping of features."""
    layers = [layer for layer in joined().layers if layer["name"] not in {"rows", "c", "c_relu"}]
    layers += [dense("d", "both", 8, 3), activation("d_softmax", "softmax", "d")]
    return Network(layers, ["x"], ["d_softmax"])


def interaction_network() -> Network:
    """One pass of messages: features by edge, sums by node, and edges again."""
    n, e, hidden = _NODE_FEATURES, _EDGE_FEATURES, 4
    layers = [
        given("nodes", _NODES, n),
        given("edges", _EDGES, e),
        given("senders", _EDGES),
        given("receivers", _EDGES),
        graph_layer("EdgeGather", "from", "nodes", "senders", n),
        graph_layer("EdgeGather", "to", "nodes", "receivers", n),
        concatenate("ends", {"from": n, "to": n}, _EDGES),
        concatenate("message_input", {"ends": 2 * n, "edges": e}, _EDGES),
        dense("message", "message_input", 2 * n + e, hidden, _EDGES),
        activation("message_relu", "relu", "message"),
        graph_layer("ScatterSum", "received", "message_relu", "receivers", hidden),
        concatenate("update_input", {"nodes": n, "received": hidden}, _NODES),
        dense("update", "update_input", n + hidden, n, _NODES),
        activation("update_relu", "relu", "update"),
        graph_layer("EdgeGather", "updated", "update_relu", "receivers", n),
        concatenate("score_input", {"updated": n, "message_relu": hidden}, _EDGES),
        dense("score", "score_input", n + hidden, 1, _EDGES),
        activation("score_sigmoid", "sigmoid", "score"),
    ]
    return Network(layers, ["nodes", "edges", "senders", "receivers"], ["score_sigmoid"])


def quantised() -> Network:
    """What a QKeras network becomes: weights and activations with types of their own."""
    weights = {"weight": "fixed<6,2>", "bias": "fixed<6,2>"}
    layers = [
        given("x", 6),
        activation("q", "linear", "x", n_in=6, **{TYPES: {"result": "fixed<8,3>"}}),
        dense("a", "q", 6, 5, **{TYPES: weights}),
        activation("a_relu", "relu", "a", n_in=5, **{TYPES: {"result": "ufixed<6,2,RND,SAT>"}}),
        dense("b", "a_relu", 5, 3, **{TYPES: weights}),
        activation("b_softmax", "softmax", "b"),
    ]
    return Network(layers, ["x"], ["b_softmax"])


def graph_inputs() -> list[NDArray[np.float32]]:
    """Features of nodes and edges, and both ends of every edge; a sixth is no node."""
    ends = [np.floor(spread(seed, SAMPLES, _EDGES, low=0, high=_NODES + 1)) for seed in (3, 4)]
    nodes = spread(5, SAMPLES, _NODES, _NODE_FEATURES, low=-2, high=2)
    return [nodes, spread(6, SAMPLES, _EDGES, _EDGE_FEATURES, low=-2, high=2), *ends]


def designs() -> dict[str, Design]:
    x = [spread(1, SAMPLES, 6, low=-2, high=2)]
    events = graph_inputs()
    name_sat = {"granularity": "name", "rounding": "RND_CONV", "overflow": "SAT"}
    return {
        "mlp": Design(mlp(), x, {"total_bits": 16, "integer_bits": 6}),
        "mlp_overflows_reuse_3": Design(
            mlp(), x, {"total_bits": 6, "integer_bits": 2, "reuse_factor": 3}
        ),
        "mlp_saturates_resource": Design(
            mlp(), x,
            {"total_bits": 12, "integer_bits": 5, "reuse_factor": 4, "strategy": "resource",
             "table_size": 256, "table_precision": "fixed<10,3,RND,SAT>", **name_sat},
        ),
        "classifier": Design(classifier(), x, {"total_bits": 14, "integer_bits": 6}),
        "classifier_types_reuse_16": Design(
            classifier(), x,
            {"total_bits": 12, "integer_bits": 5, "rounding": "RND", "reuse_factor": 16,
             "layer_precision": {"a*": "fixed<10,4>", "b": {"weight": "fixed<7,2>"}}},
        ),
        "joined": Design(joined(), x, {"total_bits": 12, "integer_bits": 5, "reuse_factor": 2}),
        "vectors": Design(vectors(), x, {"total_bits": 12, "integer_bits": 5}),
        "graph": Design(interaction_network(), events, {"total_bits": 12, "integer_bits": 5}),
        "graph_in_turns": Design(
            interaction_network(), events,
            {"total_bits": 14, "integer_bits": 6, "reuse_factor": 4, "rounding": "RND_ZERO",
             "parallelization_factor": 3},
        ),
        "graph_by_name": Design(
            interaction_network(), events,
            {"total_bits": 10, "integer_bits": 4, "granularity": "name", "reuse_factor": 8},
        ),
        "quantised": Design(quantised(), x, {"total_bits": 16, "integer_bits": 6}),
        "small": Design(
            small(), [spread(1, SAMPLES, 4, low=-2, high=2)],
            {"total_bits": 7, "integer_bits": 3, "reuse_factor": 4, "strategy": "resource"},
        ),
    }  # fmt: skip
