"""What vendor C synthesis reports for a dense layer on one row, by tool.

DSP slices, cycles and memories follow rules of the weights (`multipliers`, `memories`); look-up
tables and flip-flops follow fitted coefficients (`regimes`, `fitted`).
"""

import math
from typing import Any

import numpy as np

from backends.modelgraph.fixed_point import FixedType, cast, quantise
from backends.modelgraph.nodes import weight_matrix
from backends.modelgraph.vendor_hls.dense_cycles import interval, latency
from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.fitted import fits
from backends.modelgraph.vendor_hls.memories import memories
from backends.modelgraph.vendor_hls.multipliers import Weights
from backends.modelgraph.vendor_hls.predicted import Answer, Answers, Unknown, unknown
from backends.modelgraph.vendor_hls.regimes import regime_of
from backends.modelgraph.vendor_hls.slices import slices
from backends.modelgraph.vendor_hls.tools import Target
from backends.modelgraph.vendor_hls.transfer import transferred


def layer_of(node: Any) -> DenseLayer:
    """Return a node of the ModelGraph as the rules read it."""
    kind = FixedType.of(node.weights["weight"].type.precision)
    data = FixedType.of(node.get_input_variable().type.precision)
    sums = FixedType.of(node.types["accum_t"].precision)
    raw = quantise(weight_matrix(node), kind)[0].raw.astype(np.int64)
    return DenseLayer(
        weights=raw,
        weight_bits=kind.width,
        data_bits=data.width,
        sum_bits=sums.width,
        reuse=int(node.get_attr("reuse_factor")),
        strategy=str(node.get_attr("strategy")).lower(),
        dropped=max(data.fractional + kind.fractional - sums.fractional, 0),
        data_signed=data.signed,
        bias=_bias(node, sums),
    )


def _bias(node: Any, sums: FixedType) -> Weights:
    """Return the biases, (n_out,), in units of the accumulator's last bit."""
    kind = FixedType.of(node.weights["bias"].type.precision)
    written = quantise(node.weights["bias"].data, kind)[0]
    return cast(written, sums)[0].raw.astype(np.int64).ravel()


def predict(node: Any, target: Target) -> Answers:
    """Return what the report says; without numbers where the layer has several rows."""
    rows = math.prod(node.get_output_variable().shape[:-1])
    if rows > 1:
        return unknown(f"{target.tool.name}: no published dense layers on {rows} rows")
    return predict_layer(layer_of(node), target)


def predict_layer(layer: DenseLayer, target: Target) -> Answers:
    """Return what the report of a layer by itself says."""
    if layer.strategy not in {"latency", "resource"}:
        return unknown(f"{target.tool.name}: no published layers with strategy {layer.strategy}")
    return {
        "lut": _fitted(layer, target, "lut"),
        "ff": _fitted(layer, target, "ff"),
        "dsp": slices(layer, target),
        "bram_18k": memories(layer, target),
        "latency_cycles": latency(layer, target),
        "interval_cycles": interval(layer, target),
    }


def properties(layer: DenseLayer, target: Target) -> dict[str, float]:
    """Return what is compared with the published designs, by the words of messages."""
    return {
        "n_in": float(layer.n_in),
        "n_out": float(layer.n_out),
        "weight bits": float(layer.weight_bits),
        "data bits": float(layer.data_bits),
        "sum bits": float(layer.sum_bits),
        "reuse factor": float(layer.reuse),
        "clock period": target.clock_ns,
    }


def _fitted(layer: DenseLayer, target: Target, quantity: str) -> Answer:
    found = _of_own_results(layer, target, quantity)
    if isinstance(found, Unknown) and quantity == "lut":
        return transferred(layer, target, found.reason)
    return found


def _of_own_results(layer: DenseLayer, target: Target, quantity: str) -> Answer:
    """Return a number by the published results of the tool itself."""
    regime = regime_of(layer, target)
    if isinstance(regime, Unknown):
        return regime
    if quantity == "ff" and not regime.ff:
        return Unknown(f"{target.tool.name}: no rule for the flip-flops of so narrow constants")
    fit = fits()[f"{target.tool.name}/{regime.name}/{quantity}"]
    return fit.predict(regime.features(layer, target), properties(layer, target))
