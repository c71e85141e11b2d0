"""Cycles of a dense layer by tool."""

import math

from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.multipliers import wide_products
from backends.modelgraph.vendor_hls.predicted import Answer, Predicted, Unknown
from backends.modelgraph.vendor_hls.slices import shared_slices
from backends.modelgraph.vendor_hls.tools import VITIS_2021, VITIS_2023, VIVADO, Target

ADDITION_CYCLES = {5.0: -1, 3.33: 2}
"""Cycles besides one for each level of the adder tree, by clock period in ns, Vitis HLS 2021.1."""

SHARED_CYCLES = {(5.0, "dsp"): -3, (5.0, "fabric"): -3, (3.33, "dsp"): -3, (3.33, "fabric"): -5}
"""What products in turns take besides their turns and the tree; Vitis HLS 2021.1."""

ONE_MULTIPLIER_CYCLES = {"dsp": 5, "fabric": 1}
"""What a single multiplier takes more; two layers of one network, Vitis HLS 2021.1 at 5 ns."""

TRIED_INPUTS = 64
"""Most inputs of the 34 layers with exact cycles; the two with 274 take one cycle less."""

MOST_INPUTS = 274
"""Most inputs with a known latency in Vitis HLS 2021.1: 561 took 192 cycles, not 8."""


def latency(layer: DenseLayer, target: Target) -> Answer:
    """Return the cycles of the layer's own report, from its inputs to its outputs."""
    if target.tool is VITIS_2021:
        return _of_tree(layer, target)
    if target.tool is VITIS_2023 and (layer.reuse == 1 or layer.strategy == "latency"):
        return _of_vitis_2023(layer, target)
    if target.clock_ns != 5.0:
        return Unknown(f"{target.tool.name}: cycles are published at a clock period of 5 ns only")
    if layer.reuse == 1:
        return Predicted(1, 0, 1)  # 1 in 41 of 48 layers; 0 in the smallest at 2 and 4 bits
    if layer.strategy == "latency":
        return _in_turns_of_vivado(layer)
    # Vivado HLS 2020.1: 694 of 731 layers, the others take a cycle less; Vitis HLS 2023.2: 37 of 37
    return Predicted(layer.reuse + 1, layer.reuse + (target.tool is VITIS_2023), layer.reuse + 1)


def _in_turns_of_vivado(layer: DenseLayer) -> Answer:
    """Return a cycle for every product that a slice computes, and one.

    Products of narrow constants take turns too. Exact in 22 of 22 layers with slices; of 18 without
    14 take 2 cycles and 4 none.
    """
    slices = shared_slices(layer, VIVADO)
    if not slices.value:
        return Predicted(2, 0, 2, slices.extrapolated)
    cycles = [math.ceil(wide_products(layer.weights) / s) + 1 for s in (slices.value, slices.high)]
    return Predicted(cycles[0], cycles[1], cycles[0], slices.extrapolated)


def _of_tree(layer: DenseLayer, target: Target) -> Answer:
    """Return one cycle for each level of the adder tree, some for products and sum, and turns."""
    if layer.strategy != "latency":
        return Unknown(f"{VITIS_2021.name}: published with the latency strategy only")
    if target.clock_ns not in ADDITION_CYCLES:
        return Unknown(f"{VITIS_2021.name}: published at clock periods of 3.33 and 5 ns only")
    if layer.n_in > MOST_INPUTS:
        return Unknown(f"{VITIS_2021.name}: no rule for the cycles of over {MOST_INPUTS} inputs")
    if layer.reuse > 2:
        return _in_turns(layer, target)
    if target.multipliers == "fabric" and target.clock_ns != 5.0:
        return Unknown(f"{VITIS_2021.name}: no rule for multipliers in look-up tables below 5 ns")
    value = _levels(layer, target)
    return Predicted(value, value - (layer.n_in > TRIED_INPUTS), value)


def _levels(layer: DenseLayer, target: Target) -> int:
    return max(_depth(layer) + ADDITION_CYCLES[target.clock_ns], 1)


def _depth(layer: DenseLayer) -> int:
    return math.ceil(math.log2(max(layer.terms, 1)))


def _in_turns(layer: DenseLayer, target: Target) -> Answer:
    """Return the turns that products take at their multipliers, and the cycles of the tree.

    At reuse factor 100 exact in 20 of 24 layers; two take one cycle less, two with 274 inputs take
    two less. At others it was not tried.
    """
    products, multipliers = wide_products(layer.weights), max(int(_limit(layer)), 1)
    if products <= multipliers:
        value = _levels(layer, target)
    else:
        value = _depth(layer) + ADDITION_CYCLES[target.clock_ns]
        value += math.ceil(products / multipliers)
        value += SHARED_CYCLES[target.clock_ns, target.multipliers]
        if multipliers == 1:
            value += ONE_MULTIPLIER_CYCLES[target.multipliers]
    outside = () if layer.reuse == 100 else (f"reuse factor {layer.reuse} (data: 1, 2 and 100)",)
    return Predicted(value, max(value - 2, 1), value + 2 * bool(outside), outside)


def _limit(layer: DenseLayer) -> float:
    return shared_slices(layer, VITIS_2021).value


def _of_vitis_2023(layer: DenseLayer, target: Target) -> Answer:
    """Return cycles between those of the two other tools: constants were not published."""
    depth, turns = _depth(layer), 0.0
    if layer.reuse > 1:
        turns = wide_products(layer.weights) / max(shared_slices(layer, VITIS_2021).value, 1)
    slowest = depth + max(ADDITION_CYCLES.values())
    clock = min(ADDITION_CYCLES, key=lambda published: abs(published - target.clock_ns))
    value = max(depth + ADDITION_CYCLES[clock], 1)
    how = f"cycles of constant weights (data: {VITIS_2021.name} and {VIVADO.name})"
    low = turns / 2 if turns else 0
    return Predicted(value + math.ceil(turns), low, slowest + math.ceil(turns), (how,))


def interval(layer: DenseLayer, target: Target) -> Answer:
    """Return the cycles between two inputs of the layer's own report."""
    if layer.reuse == 1 and layer.strategy == "resource":
        return Predicted(2, 1, 2)  # 23 of 28 layers; 1 in those of no latency
    if layer.reuse == 1:
        return Predicted.exact(1)
    if layer.strategy == "latency":
        return _interval_of_turns(layer, target)
    if target.tool is VITIS_2023:
        return Unknown(f"{VITIS_2023.name}: no published intervals of the resource strategy")
    return Predicted.exact(layer.reuse)


def _interval_of_turns(layer: DenseLayer, target: Target) -> Answer:
    """Return the interval of the latency strategy: all turns and the tree, not overlapped.

    One cycle more than the latency in 40 of 40 layers of Vivado HLS 2020.1, and in 24 of 26 of
    Vitis HLS 2021.1 at reuse factor 100: the two others have 561 inputs. Two in 26 of 26 at 2.
    """
    if target.tool is VITIS_2021 and layer.reuse == 2:
        return Predicted.exact(2)
    cycles = latency(layer, target)
    if isinstance(cycles, Unknown):
        return cycles
    return Predicted(cycles.value + 1, cycles.low + 1, cycles.high + 1, cycles.extrapolated)
