"""What vendor C synthesis reports for ReLU and softmax; published by layer for Vitis HLS 2021.1."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.cost import width
from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.vendor_hls.dense import layer_of
from backends.modelgraph.vendor_hls.features import softmax_parts
from backends.modelgraph.vendor_hls.fitted import fits
from backends.modelgraph.vendor_hls.multipliers import Weights
from backends.modelgraph.vendor_hls.predicted import (
    NOTHING,
    Answer,
    Answers,
    Predicted,
    Unknown,
    outside,
    unknown,
)
from backends.modelgraph.vendor_hls.tools import VITIS_2021, Target

RELU = {5.0: (43, 0, 0), 3.33: (56, 34, 1)}
"""LUT and FF of an element, and cycles, by clock period in ns."""

FAST_NS = 4.0
"""Clock period below which a ReLU is expected to take a cycle: none at 5 ns, one at 3.33."""

SOFTMAX_CYCLES = {(5.0, "dsp"): 6, (5.0, "fabric"): 4, (3.33, "dsp"): 11, (3.33, "fabric"): 8}
"""Cycles besides two for each level of the tree over the elements, by clock period in ns."""

TABLES = ("sigmoid", "tanh")
"""Activations that are a look-up table."""

PUBLISHED_ELEMENTS = (2, 5, 6, 16)
"""Sizes of the published softmax layers."""

SOFTMAX_ENTRIES = 1024
"""Entries of the published tables of softmax."""


def live_elements(node: Any) -> int:
    """Return the outputs of a layer that are not constants, and that the next layer reads."""
    live, readers = _live(node), node.get_output_nodes()
    if len(readers) == 1 and readers[0].class_name == "Dense":
        live = live & read_inputs(layer_of(readers[0]).weights)
    return int(np.count_nonzero(live))


def _live(node: Any) -> NDArray[np.bool_]:
    """Return which outputs of a layer are not constants, (n_out,).

    Those of a dense layer with a weight for an input that is none; activations keep them.
    """
    size = int(node.get_output_variable().size())
    before = node.get_input_node() if node.class_name in {"Dense", "Activation"} else None
    given = np.ones(size, dtype=bool) if before is None else _live(before)
    if node.class_name == "Dense" and before is not None:
        return live_outputs(layer_of(node).weights, given)
    return given if len(given) == size else np.ones(size, dtype=bool)


def live_outputs(weights: Weights, given: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which outputs of a dense layer are not constants.

    Args:
        weights: (n_in, n_out).
        given: which inputs are not, (n_in,).
    """
    found: NDArray[np.bool_] = np.any(weights[given] != 0, axis=0)
    return found


def read_inputs(weights: Weights) -> NDArray[np.bool_]:
    """Return which inputs of a dense layer, (n_in, n_out), have a weight, (n_in,)."""
    found: NDArray[np.bool_] = np.any(weights != 0, axis=1)
    return found


def activation(node: Any, target: Target) -> Answers:
    """Return what the report says of an activation.

    Of a ReLU from elements that are not constant and are read, exact in 54 of 54 reports of Vitis
    HLS 2021.1 at 2 clock periods. Comparisons and tables take no slices with any tool: hls4ml's
    published designs of 64 products with sigmoid or ELU behind them have at most 63.
    """
    name = str(node.get_attr("activation")).lower()
    if name in TABLES:
        return {**unknown(f"{target.tool.name}: no published {name}"), "dsp": Predicted.exact(0)}
    if name != "relu":
        return unknown(f"{target.tool.name}: no published activation '{name}'")
    none: dict[str, Answer] = {"dsp": Predicted.exact(0), "bram_18k": Predicted.exact(0)}
    if problem := _unlike_published(node, target):
        return {**unknown(problem), **_relu_of_operators(node, target), **none}
    return {**relu_of(live_elements(node), target.clock_ns), **none}


def _relu_of_operators(node: Any, target: Target) -> dict[str, Answer]:
    """Return LUT and cycles of ReLUs that nobody published by themselves."""
    kind = FixedType.of(node.types["result_t"].precision)
    rounds, saturates = kind.rounding != "TRN", kind.overflow != "WRAP"
    lut = relu_operators(width(node.get_input_variable()), kind.width, rounds, saturates)
    how = f"ReLU of {target.tool.name} (data: {VITIS_2021.name}, 16 to 8 bits)"
    elements = live_elements(node)
    return {
        "lut": Predicted(elements * lut, elements * lut * 0.5, elements * lut * 1.5, (how,)),
        "latency_cycles": Predicted(float(target.clock_ns < FAST_NS), 0, 1, (how,)),
        "interval_cycles": Predicted(1, 1, 1, (how,)),
    }


def relu_operators(given: int, result: int, rounds: bool, saturates: bool) -> int:
    """Return the LUT of an element: comparison, choice, an adder to round, and limits.

    43 of 16 bits to 8, rounded and saturated, as in 54 reports of Vitis HLS 2021.1. 29 of 16 bits
    to 16: 64 of them leave 368 for 64 products with constants in hls4ml's baseline of Vivado HLS
    2020.1; in its baselines of streams a ReLU takes 38 more than a leaky one (Vitis HLS 2023.1).
    """
    comparison = math.ceil(0.8 * given)
    return comparison + result + rounds * (result + 7) + 7 * saturates


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
    """Return what the report says of a softmax.

    With other tools than Vitis HLS 2021.1, or other tables, as there: a slice for each product of
    an exponential and the inverse of their sum, in an interval from none to two.
    """
    tool, elements = target.tool, int(node.get_output_variable().size())
    entries = int(node.get_attr("table_size", SOFTMAX_ENTRIES))
    if tool is VITIS_2021 and entries == SOFTMAX_ENTRIES:
        return softmax_of(elements, target)
    answers = unknown(f"{tool.name}: no published softmax with {entries} entries")
    if str(node.get_attr("implementation")).lower() not in {"stable", "latency"}:
        return answers
    how = f"softmax of {tool.name} (data: {VITIS_2021.name}, {SOFTMAX_ENTRIES} entries)"
    borrowed = outside(softmax_of(elements, Target(VITIS_2021, target.clock_ns)), how)
    kept = {name: borrowed[name] for name in ("lut", "latency_cycles", "interval_cycles")}
    return {**answers, **kept, "dsp": Predicted(elements, 0, 2 * elements, (how,))}


def softmax_of(elements: int, target: Target) -> Answers:
    """Return what the report of Vitis HLS 2021.1 says of a softmax of 1,024 entries.

    Slices and block RAMs, one of each an element, are exact in 23 of 23 reports; of look-up tables,
    flip-flops and cycles four sizes are published.
    """
    parts = softmax_parts(elements, target.multipliers == "fabric", target.faster)
    given = {"elements": float(elements), "clock period": target.clock_ns}
    lut, ff = (
        fits()[f"{VITIS_2021.name}/softmax/{q}"].predict(parts, given) for q in ("lut", "ff")
    )
    return {
        "lut": lut,
        "ff": ff,
        "dsp": Predicted.exact(elements * (target.multipliers == "dsp")),
        "bram_18k": Predicted.exact(elements),
        "latency_cycles": _softmax_cycles(elements, target),
        "interval_cycles": Predicted.exact(1),
    }


def _softmax_cycles(elements: int, target: Target) -> Answer:
    """Return cycles by the levels of the trees over the elements: two sizes at each clock period.

    Within two cycles in 23 of 23 reports, from which it was read off.
    """
    known = SOFTMAX_CYCLES.get((target.clock_ns, target.multipliers))
    if known is None:
        return Unknown(f"{VITIS_2021.name}: softmax is published at 3.33 and 5 ns only")
    value = known + 2 * math.ceil(math.log2(max(elements, 2)))
    other = () if elements in PUBLISHED_ELEMENTS else (f"softmax of {elements} elements",)
    return Predicted(value, value - 2 - bool(other), value + 2 + bool(other), other)


def wires(node: Any, target: Target) -> Answers:  # noqa: ARG001  (the same for every layer and tool)
    """Return what the report says of a layer that is nothing but wires."""
    return NOTHING
