"""Describe a converted network, and find who cannot take it, without running a tool."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.job_graph import Converted, converted, network_of
from backends.modelgraph.layers.registry import rules_of
from backends.modelgraph.names import own_name_of
from backends.modelgraph.ranges import fitting_type, ranges_of
from backends.modelgraph.reuse_factor import legal_reuse_factors
from backends.modelgraph.settings import Settings
from backends.modelgraph.stream_plan import plan_stream
from dse.contracts.backend import Context, Job
from dse.contracts.errors import EvaluationError
from dse.contracts.inspection import LayerSummary

_REUSED = ("Dense", "Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D")
_SAMPLES = 2


def refusal(
    job: Job, context: Context, walk: Callable[[Converted], object], tool: str = "Vitis"
) -> str:
    """Return why a network cannot be converted or walked; empty if it can.

    Args:
        job: its parameters decide the conversion.
        context: the prepared network.
        walk: goes through the converted network as the backend does.
        tool: hls4ml's name of the backend to convert for.
    """
    try:
        walk(converted(job, context, context.directory, tool))
    except EvaluationError as error:
        return error.failure.message
    return ""


def walk_rules(walker: str, made: Converted) -> None:
    """Look up a walker's rule of every layer; raises as `rules_of` and `plan_stream` do."""
    if made.settings.io_type == "io_stream":
        plan_stream(made.graph, walker)
        return
    for node in made.graph.get_layers():
        rules_of(node, walker)


def walk_values(context: Context, made: Converted) -> None:
    """Evaluate the network on two samples; raises as `bittrue` does."""
    evaluate(made.graph, [np.asarray(array)[:_SAMPLES] for array in context.prepared.inputs])


def summaries(job: Job, context: Context) -> list[LayerSummary]:
    """Return the layers of a network; raises EvaluationError where it cannot be converted."""
    made = converted(job, context, context.directory)
    entries = {layer["name"]: layer for layer in made.network.layers}
    bits = _integer_bits(context)
    return [
        LayerSummary(
            name=(name := own_name_of(entries[node.name])),
            kind=node.class_name,
            shape=tuple(int(size) for size in node.get_output_variable().shape),
            weights=sum(int(np.size(weight.data)) for weight in node.weights.values()),
            reuse_factors=_reuse_factors(entries[node.name]),
            integer_bits=bits.get(name),
        )
        for node in made.graph.get_layers()
        if node.name in entries
    ]


def _reuse_factors(layer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(legal_reuse_factors(layer)) if layer["class_name"] in _REUSED else ()


def _integer_bits(context: Context) -> Mapping[str, int]:
    """Return the most integer bits of each layer's values; none where a layer has no value rule."""
    try:
        ranges = ranges_of(network_of(context), context.prepared, context.cache)
    except EvaluationError:
        return {}
    most: dict[str, int] = {}
    for entry in ranges:
        found = _INTEGER.search(fitting_type(entry, Settings()))
        if found and entry.kind in _KINDS:
            most[entry.own_name] = max(most.get(entry.own_name, int(found[1])), int(found[1]))
    return most


_INTEGER = re.compile(r"<\d+,(-?\d+)")
_KINDS = ("result", "weight", "bias")
"""Types that a study's integer bits set; accumulators and tables take their own."""
