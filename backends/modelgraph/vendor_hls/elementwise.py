"""What vendor C synthesis reports for ReLU and softmax; published by layer for Vitis HLS 2021.1."""

from typing import Any

from backends.modelgraph.cost import width
from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.vendor_hls.dense import layer_of
from backends.modelgraph.vendor_hls.features import softmax_parts
from backends.modelgraph.vendor_hls.fitted import fits
from backends.modelgraph.vendor_hls.predicted import (
    NOTHING,
    Answer,
    Answers,
    Predicted,
    Unknown,
    unknown,
)
from backends.modelgraph.vendor_hls.tools import VITIS_2021, Target

RELU = {5.0: (43, 0, 0), 3.33: (56, 34, 1)}
"""LUT and FF of an element, and cycles, by clock period in ns."""

SOFTMAX_ENTRIES = 1024
"""Entries of the published tables of softmax."""


def live_elements(node: Any) -> int:
    """Return the outputs of a layer that are not constants: those of a dense layer with weights.

    A ReLU keeps the constants of the dense layer before it.
    """
    if node.class_name == "Dense":
        return layer_of(node).live_outputs
    before = node.get_input_node() if node.class_name == "Activation" else None
    return int(node.get_output_variable().size()) if before is None else live_elements(before)


def relu(node: Any, target: Target) -> Answers:
    """Return what the report says of an activation: ReLU only.

    Of elements whose input is not constant, exact in 64 of 64 reports of 3 sizes at 2 clock
    periods; slices and block RAMs are none with every tool.
    """
    name = str(node.get_attr("activation")).lower()
    if name != "relu":
        return unknown(f"{target.tool.name}: no published activation '{name}'")
    none: dict[str, Answer] = {"dsp": Predicted.exact(0), "bram_18k": Predicted.exact(0)}
    if problem := _unlike_published(node, target):
        return {**unknown(problem), **none}
    return {**relu_of(live_elements(node), target.clock_ns), **none}


def relu_of(elements: int, clock_ns: float) -> Answers:
    """Return LUT, FF and cycles of ReLUs in Vitis HLS 2021.1, at a published clock period."""
    lut, ff, cycles = RELU[clock_ns]
    return {
        "lut": Predicted.exact(elements * lut),
        "ff": Predicted.exact(elements * ff + (ff > 0)),
        "latency_cycles": Predicted.exact(cycles),
        "interval_cycles": Predicted.exact(1),
    }


def _unlike_published(node: Any, target: Target) -> str:
    """Return in what a ReLU differs from the published ones; empty for nothing."""
    if target.tool is not VITIS_2021:
        return f"{target.tool.name}: no published look-up tables and cycles of ReLU by themselves"
    if target.clock_ns not in RELU:
        return f"{VITIS_2021.name}: ReLU is published at clock periods of 3.33 and 5 ns only"
    result = FixedType.of(node.types["result_t"].precision)
    types = width(node.get_input_variable()), result.width, result.signed
    if (*types, result.rounding, result.overflow) != (16, 8, False, "RND_CONV", "SAT"):
        return (
            f"{VITIS_2021.name}: ReLU is published from 16 signed bits to 8 unsigned, rounded "
            "(RND_CONV) and saturated (SAT) only"
        )
    return ""


def softmax(node: Any, target: Target) -> Answers:
    """Return what the report says of a softmax, with the tables of the published ones."""
    tool, elements = target.tool, int(node.get_output_variable().size())
    entries = int(node.get_attr("table_size", SOFTMAX_ENTRIES))
    if tool is not VITIS_2021 or entries != SOFTMAX_ENTRIES:
        return unknown(f"{tool.name}: no published softmax with {entries} entries")
    return softmax_of(elements, target)


def softmax_of(elements: int, target: Target) -> Answers:
    """Return what the report of Vitis HLS 2021.1 says of a softmax of 1,024 entries.

    Slices and block RAMs, one of each an element, are exact in 23 of 23 reports; of look-up tables
    and flip-flops four sizes are published, and of cycles too few for a rule.
    """
    name = f"{VITIS_2021.name}/softmax-{target.multipliers}"
    given = {"elements": float(elements), "clock period": target.clock_ns}
    lut, ff = (fits()[f"{name}/{q}"].predict(softmax_parts(elements), given) for q in ("lut", "ff"))
    few = Unknown(f"{VITIS_2021.name}: too few cycles of softmax are published for a rule")
    return {
        "lut": lut,
        "ff": ff,
        "dsp": Predicted.exact(elements * (target.multipliers == "dsp")),
        "bram_18k": Predicted.exact(elements),
        "latency_cycles": few,
        "interval_cycles": Predicted.exact(1),
    }


def wires(node: Any, target: Target) -> Answers:  # noqa: ARG001  (the same for every layer and tool)
    """Return what the report says of a layer that is nothing but wires."""
    return NOTHING
