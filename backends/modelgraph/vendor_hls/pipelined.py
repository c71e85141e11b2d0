"""What a dense layer with constant weights takes in Vitis HLS 2021.1, latency strategy.

The same circuit at every reuse factor and with either multiplier, but for

* a product in look-up tables: 62 of them in 18 of 32 pairs of layers that differ in nothing else,
  61 to 62 in 7 more;
* products that take turns at few multipliers, at reuse factor 100;
* products that wait for their turn in the tree, at reuse factor 1 where an input enters every
  cycle: in shift registers.
"""

import math

import numpy as np

from backends.modelgraph.vendor_hls.features import DenseLayer, Features
from backends.modelgraph.vendor_hls.multipliers import (
    ADDED_DIGITS,
    Weights,
    distinct_products,
    limited_multipliers,
    signed_digits,
    wide_products,
)
from backends.modelgraph.vendor_hls.tools import Target

PIPELINED_LUT = (
    "sums", "one_adder", "negations", "soft", "in_turns", "waiting", "outputs",
)  # fmt: skip
"""Features that look-up tables follow, at every reuse factor."""

PIPELINED_FF = {
    1: ("entering", "staged", "held"),
    2: ("waiting_bits",),
    100: ("waiting_bits",),
}
"""Features that flip-flops follow, by reuse factor."""

COUNTED_FF = (2, 100)
"""Reuse factors whose flip-flops are counted, bit for bit: no coefficient was fitted."""

PRODUCT_CYCLES_FASTER = {"dsp": 6.0, "fabric": 2.0}
"""Cycles that a product takes more at half the clock period: three and one from 5 to 3.33 ns."""


def pipelined_parts(layer: DenseLayer, target: Target) -> Features:
    """Return what constant weights are built of.

    * ``sums``, ``entering``: bits of the adders of all trees, and of what enters them;
    * ``one_adder``, ``negations``: products of two signed digits, and subtractions from 0;
    * ``soft``: multipliers in look-up tables;
    * ``in_turns``: products that share multipliers;
    * ``waiting``: products, for every cycle that one may wait for its turn in the tree;
    * ``outputs``: sums that are not constant;
    * ``held``: bits of products, for every level of the tree;
    * ``staged``: ``sums``, for the cycles that a faster clock adds;
    * ``waiting_bits``: those that the module `waiting` counts.
    """
    products = float(wide_products(layer.weights))
    depth = math.ceil(math.log2(max(layer.terms, 1)))
    faster = target.faster
    cycles = max(depth - 1 + CYCLES_FASTER * faster, 1.0)
    return {
        **_small_products(layer.weights),
        "sums": float(layer.tree.sums),
        "entering": float(layer.tree.entering),
        "soft": float(_soft(layer, target)),
        "in_turns": products * (layer.reuse > 2),
        "waiting": products * cycles * (layer.reuse == 1),
        "outputs": float(layer.live_outputs),
        "held": float(layer.tree.products * depth),
        "staged": layer.tree.sums * faster,
        "waiting_bits": float(layer.waiting(_product_cycles(target, faster))),
    }


def _product_cycles(target: Target, faster: float) -> int:
    """Return the cycles that a product of three or more digits takes before it can be summed."""
    return math.ceil(round(PRODUCT_CYCLES_FASTER[target.multipliers] * faster, 1))


CYCLES_FASTER = 6.0
"""Cycles that the tree takes more at half the clock period: three from 5 to 3.33 ns."""


def _small_products(weights: Weights) -> Features:
    """Return the products that need no multiplier: -(2**a + 2**b) takes two subtractions."""
    values = distinct_products(weights)
    digits = signed_digits(values)
    pairs = digits == ADDED_DIGITS
    both_negative = pairs & (values < 0) & (np.bitwise_count(np.abs(values)) == ADDED_DIGITS)
    single = (digits == 1) & (values < 0)
    return {
        "one_adder": float(np.count_nonzero(pairs)),
        "negations": float(np.count_nonzero(single | both_negative)),
    }


def _soft(layer: DenseLayer, target: Target) -> int:
    """Return the multipliers in look-up tables.

    Beyond hls4ml's limit of slices, which holds at reuse factor 2, a product is built of them.
    """
    allowed = limited_multipliers(layer.weights, layer.data_bits, layer.reuse, target.tool.rule)
    if layer.reuse > 2:
        return allowed * (target.multipliers == "fabric")
    in_slices = allowed * (target.multipliers == "dsp")
    return wide_products(layer.weights) - in_slices
