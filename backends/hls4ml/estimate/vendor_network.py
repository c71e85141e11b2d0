"""A vendor's report of a whole network from the predictions of its layers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hls4ml.model import ModelGraph

from backends.modelgraph.cost import width
from backends.modelgraph.layers.registry import rules_for
from backends.modelgraph.names import own_name
from backends.modelgraph.vendor_hls.elementwise import live_elements
from backends.modelgraph.vendor_hls.predicted import (
    NOTHING,
    QUANTITIES,
    Answer,
    Answers,
    Predicted,
    Unknown,
    total,
    unknown,
)
from backends.modelgraph.vendor_hls.tools import VITIS_2021, VIVADO, Target

Layers = Sequence[tuple[Any, Answers]]
"""Nodes that are more than wires, each with what is predicted of it."""


def layer_answers(graph: ModelGraph, target: Target) -> Layers:
    """Return the layers that are more than wires, with what is predicted of each."""
    answered = [(node, _of_layer(node, target)) for node in graph.get_layers()]
    return [(node, answers) for node, answers in answered if answers != NOTHING]


def _of_layer(node: Any, target: Target) -> Answers:
    rule = rules_for(node).vendor
    if rule is None:
        answers = unknown(f"{target.tool.name}: no published {node.class_name}")
    else:
        answers = rule(node, target)
    return {name: _named(own_name(node), answer) for name, answer in answers.items()}


def _named(layer: str, answer: Answer) -> Answer:
    """Return an answer whose reason, or what is outside the data, names the layer."""
    if isinstance(answer, Unknown):
        return Unknown(f"layer '{layer}': {answer.reason}")
    return replace(answer, extrapolated=tuple(f"layer '{layer}': {p}" for p in answer.extrapolated))


def network_answers(layers: Layers, target: Target) -> Answers:
    """Return what is predicted of the whole network."""
    answers = [answers for _, answers in layers]
    sums: dict[str, Answer] = {name: total(each[name] for each in answers) for name in QUANTITIES}
    sums["interval_cycles"] = slowest([each["interval_cycles"] for each in answers])
    cycles = [each["latency_cycles"] for each in answers]
    sums["latency_cycles"] = _in_a_row(layers, latency(cycles, target, _pipelined(layers)))
    if target.tool is VITIS_2021:
        sums["ff"] = total([sums["ff"], registers(layers)])
    if target.tool is VIVADO and len(layers) > 1:
        sums |= _of_one_layer(layers, sums)
    return sums


def _of_one_layer(layers: Layers, sums: Answers) -> Answers:
    """Return what follows from designs of one layer for several, Vivado HLS 2020.1.

    Flip-flops and the look-up tables of stored weights contain the interface of such a design;
    the look-up tables of constant weights do not, and add up.
    """
    how = f"published are designs of one layer; here are {len(layers)}"
    none = Unknown(f"{VIVADO.name}: {how}")
    known = sums["lut"]
    if isinstance(known, Unknown) or any(_stored(node) for node, _ in layers):
        return {"ff": none, "lut": none, "interval_cycles": none}
    more = f"{len(layers)} layers (data: 1)"
    lut = replace(known, extrapolated=(*known.extrapolated, more))
    return {"ff": none, "lut": lut, "interval_cycles": none}


def _stored(node: Any) -> bool:
    """Return whether the weights of a layer are in memories."""
    reuse, strategy = node.get_attr("reuse_factor"), str(node.get_attr("strategy")).lower()
    return node.class_name == "Dense" and strategy == "resource" and int(reuse) > 1


def slowest(intervals: Sequence[Answer]) -> Answer:
    """Return the interval of the slowest layer; layers work on different inputs at a time."""
    summed = total(intervals)
    if isinstance(summed, Unknown):
        return summed
    known = [each for each in intervals if isinstance(each, Predicted)]
    return Predicted(
        max(each.value for each in known),
        max(each.low for each in known),
        max(each.high for each in known),
        summed.extrapolated,
    )


def _pipelined(layers: Layers) -> int:
    """Return the dense layers at reuse factor 1 that take more than one cycle."""
    return sum(
        node.class_name == "Dense"
        and int(node.get_attr("reuse_factor")) == 1
        and isinstance(answers["latency_cycles"], Predicted)
        and answers["latency_cycles"].value > 1
        for node, answers in layers
    )


def latency(cycles: Sequence[Answer], target: Target, pipelined: int = 0) -> Answer:
    """Return the latency of layers in a row.

    A cycle between each two, in 37 of 37 stacks of Vitis HLS 2023.2. In Vitis HLS 2021.1 pipelined
    dense layers take one more each: 17 of 23 projects; the other 6, of one network, take a cycle
    less, because two of its layers share one. The interval holds them.

    Args:
        cycles: of the layers.
        target: the tool.
        pipelined: dense layers at reuse factor 1 of more than one cycle.
    """
    summed = total(cycles)
    between = len(cycles) - 1 + pipelined * (target.tool is VITIS_2021)
    if isinstance(summed, Unknown):
        return summed
    shared = 1 if target.tool is VITIS_2021 else 0
    outside = summed.extrapolated
    if target.tool is VIVADO and between:
        shared = between
        outside = (*outside, f"{len(cycles)} layers (data: 1)")
    return Predicted(
        summed.value + between, summed.low + between - shared, summed.high + between, outside
    )


def _in_a_row(layers: Layers, found: Answer) -> Answer:
    """Return a latency, unless the layers are no row."""
    outputs = len(layers[0][0].model.outputs) if layers else 1
    if outputs > 1:
        return Unknown(f"the network has {outputs} outputs: published are rows only")
    branching = [node for node, _ in layers if len(node.inputs) > 1]
    if branching:
        return Unknown(f"layer '{own_name(branching[0])}' joins branches: published are rows only")
    return found


def registers(layers: Layers) -> Answer:
    """Return the flip-flops between layers: the outputs of all but the last, constants left out.

    0.91 to 0.98 of those of four networks: valid bits and control come on top.
    """
    bits = sum(live_elements(node) * width(node.get_output_variable()) for node, _ in layers[:-1])
    return Predicted(bits, bits, bits * 1.15)
