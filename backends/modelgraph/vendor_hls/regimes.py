"""How a tool builds a dense layer: one regime for each kind of circuit, each with its features."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from backends.modelgraph.vendor_hls.features import (
    DenseLayer,
    Features,
    constant_adders,
    crossing,
    stored_parts,
)
from backends.modelgraph.vendor_hls.multipliers import limited_multipliers, signed_digits
from backends.modelgraph.vendor_hls.pipelined import (
    PIPELINED_FF,
    PIPELINED_LUT,
    pipelined_parts,
)
from backends.modelgraph.vendor_hls.predicted import Unknown
from backends.modelgraph.vendor_hls.tools import VITIS_2021, VIVADO, Target


@dataclass(frozen=True)
class Regime:
    """Layers that a tool builds alike.

    Args:
        name: part of the name of its fits: ``tool/name/quantity``.
        features: what the layers are built of.
        lut: names of the features that look-up tables follow.
        ff: names of the features that flip-flops follow; empty where no rule is known.
    """

    name: str
    features: Callable[[DenseLayer, Target], Features]
    lut: tuple[str, ...]
    ff: tuple[str, ...]


def _constant(layer: DenseLayer, target: Target) -> Features:
    """Return the parts of constant weights, with the products in DSP slices.

    ``sums_in_turns`` are the bits of the adder trees of layers whose products take turns: these
    wait in registers.
    """
    slices = _slices(layer, target)
    parts = {**constant_adders(layer), **crossing(layer), "slices": float(slices)}
    return {**parts, "sums_in_turns": parts["tree"] * (slices > 0)}


def _slices(layer: DenseLayer, target: Target) -> int:
    return limited_multipliers(layer.weights, layer.data_bits, layer.reuse, target.tool.rule)


def _stored(layer: DenseLayer, _: Target) -> Features:
    return stored_parts(layer)


_ADDERS = ("tree", "negations", "one_adder")
_PAIRS = ("outputs", "product_pairs")
_CROSSING = ("crossing", "crossing_one_adder")

_VIVADO = {
    "constant-resource": Regime("constant-resource", _constant, (*_ADDERS, "slices"), _PAIRS),
    "constant-latency": Regime(
        "constant-latency",
        _constant,
        (*_ADDERS, "slices"),
        ("ports", *_CROSSING, "crossing_products"),
    ),
    "shared-latency": Regime(
        "shared-latency",
        _constant,
        (*_ADDERS, "products"),
        ("inputs", *_CROSSING, "sums_in_turns"),
    ),
    "stored": Regime(
        "stored",
        _stored,
        ("design", "inputs", "sums", "multiplexers", "multipliers"),
        ("design", "sums", "slices", "soft"),
    ),
    "stored-pairs": Regime(
        "stored-pairs", _stored, ("design", "inputs", "sums"), ("design", "sums", "slice_weights")
    ),
}


def regime_of(layer: DenseLayer, target: Target) -> Regime | Unknown:
    """Return the regime of a layer, or why there is none."""
    if target.tool is VIVADO:
        return _of_vivado(layer, target)
    if target.tool is VITIS_2021:
        return _of_vitis_2021(layer)
    return Unknown(f"{target.tool.name}: no published look-up tables and flip-flops")


def _of_vivado(layer: DenseLayer, target: Target) -> Regime | Unknown:
    if layer.reuse == 1 or layer.strategy == "latency":
        found = _VIVADO[f"{'constant' if layer.reuse == 1 else 'shared'}-{layer.strategy}"]
        return replace(found, ff=()) if _narrow(layer, target) else found
    turns, rest = divmod(layer.reuse, layer.n_in)
    if rest or turns < 2:
        return Unknown(
            f"{VIVADO.name}: published with the resource strategy at reuse factors that are a "
            f"multiple of n_in ({layer.n_in}), at least twice it, not at {layer.reuse}"
        )
    if layer.multipliers == 1:
        return Unknown(f"{VIVADO.name}: one multiplier for a layer is published for one shape only")
    return _VIVADO["stored-pairs" if turns == 2 else "stored"]


def _narrow(layer: DenseLayer, target: Target) -> bool:
    """Return whether no product takes a slice or, with the latency strategy, an adder.

    Of such layers 5 of 12 and 6 of 18 take no cycle at all, and the flip-flops of the others follow
    no rule.
    """
    if layer.strategy == "resource":
        return not _slices(layer, target)
    return not bool(np.any(signed_digits(layer.weights) > 1))


WIDEST_INPUTS = 4096
"""Bits of inputs from which on Vitis HLS 2021.1 reads them in turns: between 2,192 and 4,488."""


def _of_vitis_2021(layer: DenseLayer) -> Regime | Unknown:
    if layer.strategy != "latency":
        return Unknown(f"{VITIS_2021.name}: published with the latency strategy only")
    if layer.reuse not in PIPELINED_FF:
        return Unknown(f"{VITIS_2021.name}: published at reuse factors 1, 2 and 100 only")
    if layer.n_in * layer.data_bits > WIDEST_INPUTS:
        return Unknown(
            f"{VITIS_2021.name}: inputs of over {WIDEST_INPUTS} bits are read in turns, and "
            "published for one layer only"
        )
    ff = PIPELINED_FF[layer.reuse]
    return Regime(f"reuse-{layer.reuse}", pipelined_parts, PIPELINED_LUT, ff)
