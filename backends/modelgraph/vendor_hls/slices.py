"""DSP slices of a dense layer by tool, and where the rules were not tried."""

from dataclasses import replace

from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.multipliers import (
    constant_multipliers,
    limited_multipliers,
    operand_bits,
    stored_multipliers,
)
from backends.modelgraph.vendor_hls.predicted import Answer, Predicted, Unknown
from backends.modelgraph.vendor_hls.tools import VITIS_2021, VITIS_2023, VIVADO, Target, VendorTool

MOST_BITS = (25, 18)
"""Widest data and weights of one slice: 27 x 18 bits of a DSP48E2 (UG579); 25 were published.

Routed jet taggers with 19 to 25-bit data and weights of up to 18 bits have one slice a product,
at 28 bits a tenth of that (Vivado 2019.1, uw-acme/HLS4ML_VS_MANUAL @6478cf0).
"""

_PUBLISHED = {
    VIVADO.name: {"weight bits": (2, 14), "data bits": (16, 16)},
    VITIS_2021.name: {"weight bits": (8, 8), "data bits": (8, 8)},
    VITIS_2023.name: {"weight bits": (2, 16), "data bits": (2, 16)},
}


def slices(layer: DenseLayer, target: Target) -> Answer:
    """Return the DSP slices.

    Outside the published widths the interval is all that the circuit could have: none, or one for
    every multiplier.
    """
    if problem := _too_wide(layer):
        return Unknown(f"{target.tool.name}: {problem}")
    found = _count(layer, target)
    outside = _outside(layer, target)
    if isinstance(found, Unknown) or not outside:
        return found
    return Predicted(found.value, 0.0, float(_most(layer)), (*found.extrapolated, *outside))


def _too_wide(layer: DenseLayer) -> str:
    """Return why one slice cannot hold a product; empty where it can."""
    weights = operand_bits(layer.weights) if layer.reuse == 1 else layer.weight_bits
    if weights <= MOST_BITS[1] and layer.data_bits <= MOST_BITS[0]:
        return ""
    return f"no rule for data over {MOST_BITS[0]} bits or weights over {MOST_BITS[1]}"


def _most(layer: DenseLayer) -> int:
    """Return the slices if every multiplier had one."""
    return int((layer.weights != 0).sum()) if layer.reuse == 1 else layer.multipliers


def _outside(layer: DenseLayer, target: Target) -> tuple[str, ...]:
    given = {"weight bits": layer.weight_bits, "data bits": layer.data_bits}
    return tuple(
        f"{name} {given[name]} (data: {low if low == high else f'{low} to {high}'})"
        for name, (low, high) in _PUBLISHED[target.tool.name].items()
        if not low <= given[name] <= high
    )


def _count(layer: DenseLayer, target: Target) -> Answer:
    if target.tool is VITIS_2023:
        return _of_vitis_2023(layer)
    if target.tool is VITIS_2021:
        return _of_vitis_2021(layer, target)
    rule = target.tool.rule
    if layer.reuse == 1:
        return Predicted.exact(constant_multipliers(layer.weights, layer.data_bits, rule))
    if layer.strategy == "latency":
        return shared_slices(layer, VIVADO)
    bits = layer.weight_bits, layer.data_bits
    return Predicted.exact(stored_multipliers(layer.weights, bits, layer.reuse, rule))


def shared_slices(layer: DenseLayer, tool: VendorTool) -> Predicted:
    """Return the slices at a reuse factor above 1 with the latency strategy.

    Vivado HLS 2020.1 takes one more at 1024 than at 512, which alone are published.
    """
    found = limited_multipliers(layer.weights, layer.data_bits, layer.reuse, tool.rule)
    if tool is not VIVADO or layer.reuse == 512 or not found:
        return Predicted.exact(found)
    if layer.reuse == 1024:
        return Predicted.exact(found + 1)
    outside = f"reuse factor {layer.reuse} of the latency strategy (data: 512 and 1024)"
    return Predicted(found, found, found + 1, (outside,))


def _of_vitis_2021(layer: DenseLayer, target: Target) -> Answer:
    if layer.strategy != "latency":
        return Unknown(f"{VITIS_2021.name}: published with the latency strategy only")
    if target.multipliers == "fabric":
        return Predicted.exact(0)
    return shared_slices(layer, VITIS_2021)


def _of_vitis_2023(layer: DenseLayer) -> Answer:
    """Return the slices by the stacks of Vitis HLS 2023.2, whose weights are not published.

    Constants follow the rule of the other tools, between the narrowest that either spares and
    those that the stacks are known to put into slices.
    """
    if layer.reuse == 1 or layer.strategy == "latency":
        return _constants_of_vitis_2023(layer)
    if layer.weight_bits == 7:
        return Unknown(f"{VITIS_2023.name}: slices begin between 6 and 8 bits; 7 is not published")
    return Predicted.exact(layer.multipliers if layer.weight_bits >= 8 else 0)


def _constants_of_vitis_2023(layer: DenseLayer) -> Answer:
    value, low, high = (
        limited_multipliers(layer.weights, layer.data_bits, layer.reuse, rule)
        for rule in (VITIS_2023.rule, _SPARING, VITIS_2021.rule)
    )
    how = f"constant weights (data of {VITIS_2023.name}: resource strategy, reuse factors over 1)"
    return Predicted(value, low, high + (layer.reuse > 1), (how,))


_SPARING = replace(
    VITIS_2023.rule,
    least_constant_bits=VITIS_2023.rule.least_bits,
    least_data_bits=VIVADO.rule.least_data_bits,
)
"""The most sparing rule of any tool: narrow constants, and data as narrow as for Vivado HLS."""
