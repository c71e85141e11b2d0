"""DSP slices of a dense layer by tool, and where the rules were not tried."""

from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.multipliers import (
    constant_multipliers,
    limited_multipliers,
    stored_multipliers,
)
from backends.modelgraph.vendor_hls.predicted import Answer, Predicted, Unknown
from backends.modelgraph.vendor_hls.tools import VITIS_2021, VITIS_2023, VIVADO, Target

MOST_BITS = 18
"""Widest operand tried: two of them fit into the 27 x 18 bits of a DSP48E2 (UG579)."""

_PUBLISHED = {
    VIVADO.name: {"weight bits": (2, 14), "data bits": (16, 16)},
    VITIS_2021.name: {"weight bits": (8, 8), "data bits": (8, 8)},
    VITIS_2023.name: {"weight bits": (2, 16), "data bits": (2, 16)},
}


def slices(layer: DenseLayer, target: Target) -> Answer:
    """Return the DSP slices.

    Outside the published widths, up to 18 bits, the interval is all that the circuit could have:
    none, or one for every multiplier.
    """
    if max(layer.weight_bits, layer.data_bits) > MOST_BITS:
        return Unknown(f"{target.tool.name}: operands over {MOST_BITS} bits are not published")
    found = _count(layer, target)
    outside = _outside(layer, target)
    if isinstance(found, Unknown) or not outside:
        return found
    return Predicted(found.value, 0.0, float(_most(layer)), outside)


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
        return _without_weights(layer)
    if target.tool is VITIS_2021:
        return _of_vitis_2021(layer, target)
    rule = target.tool.rule
    if layer.reuse == 1:
        return Predicted.exact(constant_multipliers(layer.weights, rule))
    if layer.strategy == "latency":
        found = limited_multipliers(layer.weights, layer.reuse, rule)
        return Predicted(found, found, found + 1)  # 11 of 40 layers have one more
    return Predicted.exact(stored_multipliers(layer.weights, layer.weight_bits, layer.reuse, rule))


def _of_vitis_2021(layer: DenseLayer, target: Target) -> Answer:
    if layer.strategy != "latency":
        return Unknown(f"{VITIS_2021.name}: published with the latency strategy only")
    if target.multipliers == "fabric":
        return Predicted.exact(0)
    return Predicted.exact(limited_multipliers(layer.weights, layer.reuse, target.tool.rule))


def _without_weights(layer: DenseLayer) -> Answer:
    """Return the slices by the stacks of Vitis HLS 2023.2, whose weights are not published."""
    if layer.strategy != "resource" or layer.reuse == 1:
        return Unknown(
            f"{VITIS_2023.name}: published with the resource strategy and reuse factors over 1 only"
        )
    if layer.weight_bits == 7:
        return Unknown(f"{VITIS_2023.name}: slices begin between 6 and 8 bits; 7 is not published")
    return Predicted.exact(layer.multipliers if layer.weight_bits >= 8 else 0)
