"""Walk hls4ml's ModelGraph layer by layer, in its own arithmetic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hls4ml.model import ModelGraph
from numpy.typing import NDArray

from backends.hls4ml.bittrue import graph as graph_rules
from backends.hls4ml.bittrue.activations import FUNCTIONS
from backends.hls4ml.bittrue.dense import dense
from backends.hls4ml.bittrue.softmax import softmax
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import FixedType, Tensor
from dse.contracts.errors import EvaluationError, FailureKind

LayerRule = Callable[[Any, Sequence[Tensor], CastCounter], Tensor]


def _dense(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    return dense(node, inputs[0], counter)


def _activation(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    name = str(node.get_attr("activation")).lower()
    if name not in FUNCTIONS:
        raise _unknown(node, f"activation '{name}'")
    return FUNCTIONS[name](node, inputs[0], counter)


def _softmax(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    return softmax(node, inputs[0], counter)


def _merge(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    name = str(node.get_attr("op")).lower()
    if name != "add":
        raise _unknown(node, f"merge '{name}'")
    return graph_rules.add(node, inputs, counter)


RULES: dict[str, LayerRule] = {
    "Activation": _activation,
    "Concatenate": graph_rules.concatenate,
    "Dense": _dense,
    "HlsEdgeGather": graph_rules.edge_gather,
    "HlsScatterSum": graph_rules.scatter_sum,
    "Merge": _merge,
    "PointwiseConv1D": _dense,
    "Reshape": graph_rules.reshape,
    "Softmax": _softmax,
}


@dataclass(frozen=True)
class Evaluated:
    """Outputs (samples, …) and, by layer, how many casts there were and how many lost."""

    outputs: NDArray[np.float64]
    counters: dict[str, CastCounter]

    @property
    def lost_share(self) -> float:
        """Share of all casts that wrapped or saturated."""
        casts = sum(counter.casts for counter in self.counters.values())
        lost = sum(sum(counter.lost.values()) for counter in self.counters.values())
        return lost / casts if casts else 0.0


def evaluate(graph: ModelGraph, inputs: Sequence[NDArray[Any]]) -> Evaluated:
    """The network's output on a batch, bit for bit what compiled hls4ml firmware gives.

    Args:
        graph: a converted model, io_parallel, one output.
        inputs: one array per model input, first axis samples.

    Raises:
        EvaluationError: a layer or activation is not known; the message names it.
    """
    names = [variable.name for variable in graph.get_input_variables()]
    given = dict(zip(names, inputs, strict=True))
    tensors: dict[str, Tensor] = {}
    counters: dict[str, CastCounter] = {}
    for node in graph.get_layers():
        counter = counters.setdefault(node.name, CastCounter())
        tensors[node.outputs[0]] = _layer(node, given, tensors, counter)
    return Evaluated(tensors[graph.outputs[0]].values, counters)


def _layer(
    node: Any, given: dict[str, NDArray[Any]], tensors: dict[str, Tensor], counter: CastCounter
) -> Tensor:
    if node.class_name == "Input":
        values = np.asarray(given[node.name], dtype=np.float32)
        return counter.quantise(values, FixedType.of(node.types["result_t"].precision))
    rule = RULES.get(node.class_name)
    if rule is None:
        raise _unknown(node, f"layer class {node.class_name}")
    return rule(node, [tensors[name] for name in node.inputs], counter)


def _unknown(node: Any, what: str) -> EvaluationError:
    return EvaluationError(
        FailureKind.INVALID_POINT,
        f"layer '{node.name}': bittrue does not know {what}",
        hint="use the csim backend for this network",
    )
