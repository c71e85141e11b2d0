"""Cycles of a dense layer by tool."""

import math

from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.predicted import Answer, Predicted, Unknown
from backends.modelgraph.vendor_hls.tools import VITIS_2021, VITIS_2023, VIVADO, Target

ADDITION_CYCLES = {5.0: -1, 3.33: 2}
"""Cycles besides one for each level of the adder tree, by clock period in ns, Vitis HLS 2021.1."""

TRIED_INPUTS = 64
"""Most inputs of the 34 layers with exact cycles; the two with 274 take one cycle less."""

MOST_INPUTS = 274
"""Most inputs with a known latency in Vitis HLS 2021.1: 561 took 192 cycles, not 8."""


def latency(layer: DenseLayer, target: Target) -> Answer:
    """Return the cycles of the layer's own report, from its inputs to its outputs."""
    if target.tool is VITIS_2021:
        return _of_tree(layer, target)
    if target.clock_ns != 5.0:
        return Unknown(f"{target.tool.name}: cycles are published at a clock period of 5 ns only")
    if layer.reuse == 1 and target.tool is VIVADO:
        return Predicted(1, 0, 1)  # 1 in 41 of 48 layers; 0 in the smallest at 2 and 4 bits
    if layer.reuse == 1 or layer.strategy == "latency":
        return Unknown(
            f"{target.tool.name}: no rule for the cycles of {layer.strategy} strategy at reuse "
            f"factor {layer.reuse}"
        )
    # Vivado HLS 2020.1: 694 of 731 layers, the others take a cycle less; Vitis HLS 2023.2: 37 of 37
    return Predicted(layer.reuse + 1, layer.reuse + (target.tool is VITIS_2023), layer.reuse + 1)


def _of_tree(layer: DenseLayer, target: Target) -> Answer:
    """Return one cycle for each level of the adder tree, and some for products and sum."""
    if layer.strategy != "latency" or layer.reuse > 2:
        return Unknown(
            f"{VITIS_2021.name}: cycles follow a rule at reuse factors 1 and 2 of the latency "
            f"strategy only, not at {layer.reuse}"
        )
    if target.clock_ns not in ADDITION_CYCLES:
        return Unknown(f"{VITIS_2021.name}: published at clock periods of 3.33 and 5 ns only")
    if layer.n_in > MOST_INPUTS:
        return Unknown(f"{VITIS_2021.name}: no rule for the cycles of over {MOST_INPUTS} inputs")
    if target.multipliers == "fabric" and target.clock_ns != 5.0:
        return Unknown(f"{VITIS_2021.name}: no rule for multipliers in look-up tables below 5 ns")
    levels = math.ceil(math.log2(max(layer.terms, 1)))
    value = max(levels + ADDITION_CYCLES[target.clock_ns], 1)
    return Predicted(value, value - (layer.n_in > TRIED_INPUTS), value)


def interval(layer: DenseLayer, target: Target) -> Answer:
    """Return the cycles between two inputs of the layer's own report."""
    if target.tool is VITIS_2023:
        return Unknown(f"{VITIS_2023.name}: no published intervals")
    if layer.reuse == 1 and layer.strategy == "resource":
        return Predicted(2, 1, 2)  # 23 of 28 layers; 1 in those of no latency
    if layer.reuse == 1:
        return Predicted.exact(1)
    if layer.strategy == "latency" and not (target.tool is VITIS_2021 and layer.reuse == 2):
        return Unknown(
            f"{target.tool.name}: no rule for the interval of the latency strategy at reuse factor "
            f"{layer.reuse}"
        )
    return Predicted.exact(layer.reuse)
