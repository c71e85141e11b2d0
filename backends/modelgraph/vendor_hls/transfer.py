"""Look-up tables of constant weights by what all tools have in common.

Adders of constants take about as many look-up tables with every tool: coefficients fitted to the
published layers of one tool say those of the other. That error, of a whole tool left out, is the
interval of a tool or of widths that nobody published. Flip-flops have nothing in common: the tools
differ by a factor of eight.
"""

from backends.modelgraph.vendor_hls.features import DenseLayer, Features, constant_adders
from backends.modelgraph.vendor_hls.fitted import REACH, fits, outside_of
from backends.modelgraph.vendor_hls.multipliers import limited_multipliers
from backends.modelgraph.vendor_hls.predicted import Answer, Predicted, Unknown
from backends.modelgraph.vendor_hls.tools import Target

SUM_BITS = 16
"""Width of the accumulators of all published layers; adders are counted in bits."""

SOFT_SHARE = 0.3
"""Share of products in look-up tables from which on these are a regime of their own."""


def common_features(layer: DenseLayer, target: Target) -> Features:
    """Return what constant weights are built of: bits of adders, slices, bits of other products."""
    parts = constant_adders(layer)
    rule, in_slices = target.tool.rule, target.multipliers == "dsp"
    slices = limited_multipliers(layer.weights, layer.data_bits, layer.reuse, rule) * in_slices
    return {
        "tree": parts["tree"],
        "negations": parts["negations"],
        "one_adder": parts["one_adder"],
        "slices": float(slices),
        "soft": (parts["products"] - slices) * layer.data_bits,
    }


def common_regime(layer: DenseLayer, target: Target) -> str:
    """Return the regime that a layer belongs to with every tool; empty for none.

    Weights at a reuse factor above 1 of the latency strategy are constants too.
    """
    if layer.reuse > 1:
        return "shared" if layer.strategy == "latency" else ""
    found = common_features(layer, target)
    products = found["slices"] + found["soft"] / layer.data_bits
    return "soft" if found["soft"] > SOFT_SHARE * products * layer.data_bits else "constant"


def common_properties(layer: DenseLayer, clock_ns: float) -> dict[str, float]:
    """Return what is compared with the published layers of all tools."""
    return {
        "n_in": float(layer.n_in),
        "n_out": float(layer.n_out),
        "weight bits": float(layer.weight_bits),
        "data bits": float(layer.data_bits),
        "reuse factor": float(layer.reuse),
        "clock period": clock_ns,
    }


def transferred(layer: DenseLayer, target: Target, why: str) -> Answer:
    """Return the look-up tables by the rules that tools share.

    Args:
        layer: the layer.
        target: the tool.
        why: why the tool's own published results have no number.
    """
    name = common_regime(layer, target)
    if not name or layer.sum_bits > SUM_BITS * REACH:
        return Unknown(why)
    fit = fits()[f"any/{name}/lut"]
    given = common_properties(layer, target.clock_ns)
    outside = outside_of(fit.ranges, given)
    if any(ratio > REACH for _, ratio in outside):
        return Unknown(why)
    features = common_features(layer, target)
    value = sum(weight * features[name] for name, weight in fit.coefficients.items())
    phrases = [phrase for phrase, _ in outside]
    if layer.sum_bits != SUM_BITS:
        phrases.append(f"sum bits {layer.sum_bits} (data: {SUM_BITS})")
    spread = fit.extrapolated_spread if phrases else fit.spread
    others = "coefficients of other tools, of which each was left out"
    return Predicted.within(value, spread, (others, *phrases))
