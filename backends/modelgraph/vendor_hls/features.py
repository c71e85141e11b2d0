"""What of a layer with weights takes look-up tables and flip-flops in C synthesis."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backends.modelgraph.vendor_hls.adder_tree import AdderTree, ProductTypes, adder_tree
from backends.modelgraph.vendor_hls.multipliers import (
    ADDED_DIGITS,
    Weights,
    distinct_products,
    signed_digits,
)
from backends.modelgraph.vendor_hls.waiting import waiting_bits

Features = Mapping[str, float]
"""Values by name; coefficients have the same names."""


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A dense layer on one row of inputs.

    Args:
        weights: (n_in, n_out), in units of their last bit.
        weight_bits: width of their type.
        data_bits: width of the inputs.
        sum_bits: width of the accumulators.
        reuse: legal reuse factor, as hls4ml corrects it.
        strategy: hls4ml's, ``latency`` or ``resource``.
        dropped: low bits of a product that the accumulators do not keep.
        data_signed: whether the inputs have a sign.
        bias: (n_out,), in units of the accumulator's last bit; zeros where it is None.
    """

    weights: Weights
    weight_bits: int
    data_bits: int
    sum_bits: int
    reuse: int
    strategy: str
    dropped: int = 0
    data_signed: bool = True
    bias: Weights | None = None

    @property
    def n_in(self) -> int:
        """Inputs."""
        return int(self.weights.shape[0])

    @property
    def n_out(self) -> int:
        """Outputs."""
        return int(self.weights.shape[1])

    @property
    def multipliers(self) -> int:
        """Multipliers that share the products at a reuse factor above 1."""
        return -(-self.weights.size // self.reuse)

    @property
    def live_outputs(self) -> int:
        """Outputs with a weight that is not 0; the others are constants."""
        return int(np.count_nonzero(np.any(self.weights != 0, axis=0)))

    @cached_property
    def terms(self) -> int:
        """Largest number of terms in the sum of an output."""
        return int(np.count_nonzero(self.weights, axis=0).max(initial=0))

    @property
    def product_types(self) -> ProductTypes:
        """What the widths of products depend on besides the weights."""
        return ProductTypes(self.data_bits, self.data_signed, self.dropped, self.sum_bits)

    @cached_property
    def starts(self) -> Weights:
        """Biases, (n_out,); zeros where there are none."""
        return np.zeros(self.n_out, dtype=np.int64) if self.bias is None else self.bias

    @cached_property
    def tree(self) -> AdderTree:
        """Bits of products and sums with constant weights."""
        return adder_tree(self.weights, self.starts, self.product_types)

    def waiting(self, cycles: int) -> int:
        """Return the bits that wait in registers at an interval above 1.

        Args:
            cycles: that a product of three or more signed digits takes.
        """
        return waiting_bits(self.weights, self.starts, self.product_types, cycles)


def constant_adders(layer: DenseLayer) -> Features:
    """Return what constant weights are built of, in bits of adders.

    * ``tree``: adders that sum the products of an output;
    * ``negations``: products with -2**k;
    * ``one_adder``: products with two signed digits;
    * ``products``: distinct products with three or more, in DSP slices or in look-up tables.

    Every input is multiplied once by each of its distinct weights.
    """
    kept = np.count_nonzero(layer.weights, axis=0)
    values = distinct_products(layer.weights)
    digits = signed_digits(values)
    single = int(np.count_nonzero((digits == 1) & (values < 0)))
    pair = int(np.count_nonzero(digits == 2))
    more = int(np.count_nonzero(digits > 2))
    return {
        "tree": float(np.maximum(kept - 1, 0).sum()) * layer.sum_bits,
        "negations": float(single * layer.data_bits),
        "one_adder": float(pair * layer.data_bits),
        "products": float(more),
        "outputs": float(layer.live_outputs * layer.sum_bits),
    }


def crossing(layer: DenseLayer) -> Features:
    """Return what constant weights keep from a cycle to the next in Vivado HLS, in bits.

    * ``inputs``, ``ports``: registers of the inputs, and of inputs and outputs;
    * ``crossing``, ``crossing_one_adder``, ``crossing_products``: an output for each share of its
      weights that are not 0, that have two signed digits, and that have more. How many partial sums
      of an output there are at the end of the first cycle follows from how long products take.
    * ``product_pairs``: neighbours in the order of the inputs, one of which is a product of three
      or more signed digits: both are one sum at the end of the cycle.
    """
    digits = signed_digits(layer.weights)
    sums, share = layer.sum_bits, layer.sum_bits / layer.n_in
    inputs = float(layer.n_in * layer.data_bits)
    return {
        "inputs": inputs,
        "ports": inputs + layer.n_out * sums,
        "crossing": float(np.count_nonzero(digits)) * share,
        "crossing_one_adder": float(np.count_nonzero(digits == ADDED_DIGITS)) * share,
        "crossing_products": float(np.count_nonzero(digits > ADDED_DIGITS)) * share,
        "product_pairs": float(sum(_slow_pairs(own[own > 0]) for own in digits.T)) * sums,
    }


def _slow_pairs(digits: Weights) -> int:
    """Return the pairs of neighbours with a product of three or more digits; an odd last too."""
    slow = np.append(digits > ADDED_DIGITS, [False] * (len(digits) % 2))
    return int(np.count_nonzero(slow.reshape(-1, 2).any(axis=1)))


def stored_parts(layer: DenseLayer) -> Features:
    """Return what a layer at a reuse factor above 1 is built of with the resource strategy.

    * ``design``: the layer's control, and the interface of a design with one layer;
    * ``inputs``: bits that the multiplexer in front of the multipliers chooses from;
    * ``sums``: bits of the accumulators;
    * ``multiplexers``: bits that every multiplier chooses its accumulator from: the tool cannot
      tell which it will not need, and rounds their number up to a power of two;
    * ``multipliers``: their number;
    * ``slices``, ``soft``: bits of the results of multipliers in DSP slices, and of the weights of
      the others.
    """
    reachable = 1 << (layer.n_out - 1).bit_length()
    in_slices = layer.weight_bits >= 5
    count = layer.multipliers
    return {
        "design": 1.0,
        "inputs": float(layer.n_in * layer.data_bits),
        "sums": float(layer.n_out * layer.sum_bits),
        "multiplexers": float(count * reachable * layer.sum_bits),
        "multipliers": float(count),
        "slices": float(count * layer.sum_bits * in_slices),
        "slice_weights": float(count * layer.weight_bits * in_slices),
        "soft": float(count * layer.weight_bits * (not in_slices)),
    }


SOFTMAX_LUT, SOFTMAX_FF = ("elements", "pairs", "soft"), ("pairs", "staged")
"""Features of a softmax that look-up tables and flip-flops follow."""


def softmax_parts(elements: int, soft: bool, faster: float) -> Features:
    """Return what a softmax is built of.

    * ``elements``, ``pairs``: parts of every element, and of every pair of neighbours. Each element
      has a look-up and a product; largest element and sum are trees over them.
    * ``staged``: pairs, for the cycles that a faster clock adds.
    * ``soft``: products in look-up tables. One takes 366 of them, in 4 of 4 pairs of layers that
      differ in nothing else.

    Args:
        elements: their number.
        soft: whether products are in look-up tables.
        faster: by how much the clock is faster than 5 ns, as a share; 0 where it is not.
    """
    return {
        "elements": float(elements),
        "pairs": float(elements - 1),
        "staged": (elements - 1) * faster,
        "soft": float(elements * soft),
    }
