"""Evaluate hls4ml's ModelGraph layer by layer in the firmware's fixed-point arithmetic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hls4ml.model import ModelGraph
from numpy.typing import NDArray

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.layers.registry import rules_of
from backends.modelgraph.layers.rules import is_streamed, refused
from backends.modelgraph.names import own_name


@dataclass(frozen=True)
class Evaluated:
    """Result of an evaluation.

    Args:
        every: the network's outputs, each (samples, …), the scored one first.
        counters: casts and overflows by layer, under the network's own names.
    """

    every: tuple[NDArray[np.float64], ...]
    counters: dict[str, CastCounter]

    @property
    def outputs(self) -> NDArray[np.float64]:
        """The output that is scored, (samples, …)."""
        return self.every[0]

    @property
    def lost_share(self) -> float:
        """Share of all casts that wrapped or saturated."""
        casts = sum(counter.casts for counter in self.counters.values())
        lost = sum(sum(counter.lost.values()) for counter in self.counters.values())
        return lost / casts if casts else 0.0


def evaluate(graph: ModelGraph, inputs: Sequence[NDArray[Any]]) -> Evaluated:
    """Return the network's outputs on a batch, bit for bit that of the compiled hls4ml firmware.

    Args:
        graph: a converted model.
        inputs: one array per model input, first axis samples.

    Raises:
        EvaluationError: a layer has no value rule; the message names it.
    """
    counters: dict[str, CastCounter] = {}
    found: dict[str, Tensor] = {}
    for node, output in layer_outputs(graph, inputs, counters):
        found |= {name: output for name in node.outputs if name in graph.outputs}
    return Evaluated(tuple(found[name].values for name in graph.outputs), counters)


def layer_outputs(
    graph: ModelGraph, inputs: Sequence[NDArray[Any]], counters: dict[str, CastCounter]
) -> Iterator[tuple[Any, Tensor]]:
    """Yield every node of a network with its output on a batch, in order of evaluation.

    Args:
        graph: see `evaluate`.
        inputs: see `evaluate`.
        counters: filled with the casts of every layer, under the network's own names.

    Raises:
        EvaluationError: a layer has no value rule; the message names it.
    """
    names = [variable.name for variable in graph.get_input_variables()]
    given = dict(zip(names, inputs, strict=True))
    tensors: dict[str, Tensor] = {}
    for node in graph.get_layers():
        counter = counters.setdefault(own_name(node), CastCounter())
        output = _layer(node, given, tensors, counter)
        tensors |= dict.fromkeys(node.outputs, output)  # a stream has a copy for every reader
        yield node, output


def _layer(
    node: Any, given: dict[str, NDArray[Any]], tensors: dict[str, Tensor], counter: CastCounter
) -> Tensor:
    if node.class_name == "Input":
        values = np.asarray(given[node.name], dtype=np.float64)
        return counter.quantise(values, FixedType.of(node.types["result_t"].precision))
    rules = rules_of(node, "bittrue")
    if is_streamed(node) and rules.stream is None and not rules.same_in_streams:
        hint = "csim can evaluate it; or use io_type: io_parallel"
        raise refused(node, "bittrue", "has no rule for this layer in a stream", hint)
    value = rules.value
    assert value is not None  # noqa: S101  (rules_of has checked it)
    return value(node, [tensors[name] for name in node.inputs], counter)
