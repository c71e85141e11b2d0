"""DSP slices and cycles that vendor C synthesis reports for a dense layer, by rules of its weights.

The rules were read off published synthesis results with the weights that were synthesised; each
function says on how many rows it holds. No row was held back, so the counts say how well a rule
describes these rows, not how well it predicts others. All rows have data of 8 or 16 bits, where
one product takes one slice.

Narrow products are built of look-up tables. How narrow depends on the tool, and for Vivado HLS on
both operands: with data of up to 10 bits it takes no slice at all (routed jet taggers of 7 and 10
bits, Vivado 2019.1, uw-acme/HLS4ML_VS_MANUAL @6478cf0, and a scan of bit widths, Vivado HLS 2019.2,
grheine/IN_hls4ml @0af6f2b); with 13 to 25 bits these jet taggers have 0.95 to 1.00 times the
slices of the rule, and no row held them back.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.integer[Any]]
"""Weights as integers, in units of their last bit."""

ADDED_DIGITS = 2
"""Signed digits of a constant whose product is still built of shifts and one adder."""


@dataclass(frozen=True)
class MultiplierRule:
    """When a tool takes a DSP slice for a product with a weight.

    Args:
        tool: name and version.
        least_bits: smallest width of a weight for which it does; a sign bit that is always 0 does
            not count.
        source: rows it was read off, and their origin.
        least_constant_bits: the same of a weight that is a constant, at reuse factor 1.
        least_data_bits: smallest width of the wider operand for which it does.
    """

    tool: str
    least_bits: int
    source: str
    least_constant_bits: int
    least_data_bits: int

    def takes_slice(self, weight_bits: int, data_bits: int) -> bool:
        """Return whether a product of two variables takes a slice."""
        wider, narrower = max(weight_bits, data_bits), min(weight_bits, data_bits)
        return narrower >= self.least_bits and wider >= self.least_data_bits


VIVADO_2020_1 = MultiplierRule(
    "vivado_hls-2020.1",
    5,
    "779 layers with 16-bit data, xcu250 (Dendendelen/wa-hls4ml-search @8e70542, Apache-2.0)",
    least_constant_bits=5,
    least_data_bits=11,
)
VITIS_2021_1_DSP = MultiplierRule(
    "vitis_hls-2021.1, config_op mul -impl dsp",
    1,
    "43 layers of 4 networks with 8-bit data (ArgyKokk/hls4ml_MLP_estimator @72e2e22)",
    least_constant_bits=1,
    least_data_bits=1,
)
VITIS_2023_2 = MultiplierRule(
    "vitis_hls-2023.2",
    8,
    "37 stacks of dense layers (jdweitz/wa-hls4ml @2e49d33); constants as Vivado HLS 2020.1: ten "
    "baselines of Vitis HLS 2023.1 and 2024.1 have 56 to 63 slices, and 64 random weights by this "
    "rule 57 to 63 in nine of ten draws (fastmachinelearning/hls4ml @ef92ebd)",
    least_constant_bits=5,
    least_data_bits=8,
)


def signed_digits(weights: Weights) -> NDArray[np.int64]:
    """Return the non-zero digits of every weight in canonical signed-digit form, same shape.

    7 = 8 - 1 has two. The form of n has a digit wherever n and 3 n differ.
    """
    raw = np.abs(weights.astype(np.int64))
    digits: NDArray[np.int64] = np.bitwise_count(raw ^ (3 * raw)).astype(np.int64)
    return digits


def operand_bits(weights: Weights) -> int:
    """Return the width of the narrowest operand that holds all weights.

    Without a negative weight there is no sign bit.
    """
    low, high = int(weights.min(initial=0)), int(weights.max(initial=0))
    return high.bit_length() if low >= 0 else max((-low - 1).bit_length(), high.bit_length()) + 1


def operand_widths(values: Weights) -> NDArray[np.int64]:
    """Return for every value by itself the width of the narrowest operand, same shape."""
    wide = np.where(values < 0, -values - 1, values).astype(np.int64)
    lengths = np.ceil(np.log2(wide + 1.0)).astype(np.int64)
    widths: NDArray[np.int64] = lengths + (values < 0)
    return widths


def distinct_products(weights: Weights) -> NDArray[np.int64]:
    """Return the weights of all products with constants, (n_products,), zeros among them.

    An input is multiplied once by each of its distinct weights, (n_in, n_out).
    """
    low = int(weights.min(initial=0))
    span = int(weights.max(initial=0)) - low + 1
    inputs = np.arange(len(weights), dtype=np.int64)[:, None]
    codes = np.unique(inputs * span + (weights.astype(np.int64) - low))
    values: NDArray[np.int64] = codes % span + low
    return values


def constant_multipliers(weights: Weights, data_bits: int, rule: MultiplierRule) -> int:
    """Return the DSP slices of a dense layer at reuse factor 1, weights (n_in, n_out).

    Every input is multiplied once by each of its distinct weights with more than two signed
    digits and with enough bits. Exact in 48 of 48 layers of Vivado HLS 2020.1, in both strategies
    and at 2 to 14 bits, and in 17 of 17 of Vitis HLS 2021.1 with ``-impl dsp``,
    of which 4 are the same layers built twice.
    """
    values = distinct_products(weights)
    widths = operand_widths(values)
    wide = (widths >= rule.least_constant_bits) & (
        np.maximum(widths, data_bits) >= rule.least_data_bits
    )
    return int(np.count_nonzero(wide & (signed_digits(values) > ADDED_DIGITS)))


def limited_multipliers(weights: Weights, data_bits: int, reuse: int, rule: MultiplierRule) -> int:
    """Return the DSP slices at a reuse factor above 1 with the latency strategy.

    The products of reuse factor 1 share what hls4ml's limit leaves:
    ``ceil(n_in n_out / RF) - zeros // RF``. Exact in 26 of 26 layers of Vitis HLS 2021.1 with
    ``-impl dsp``. In Vivado HLS 2020.1 exact at reuse factor 512 in all 20 layers; at 1024 the 11
    of 20 layers with slices have one more.
    """
    zeros = int(np.count_nonzero(weights == 0))
    limit = math.ceil(weights.size / reuse) - zeros // reuse
    return min(constant_multipliers(weights, data_bits, rule), limit)


def wide_products(weights: Weights) -> int:
    """Return the distinct products with constants of three or more signed digits."""
    return int(np.count_nonzero(signed_digits(distinct_products(weights)) > ADDED_DIGITS))


def stored_multipliers(
    weights: Weights, bits: tuple[int, int], reuse: int, rule: MultiplierRule
) -> int:
    """Return the DSP slices at a reuse factor above 1 with the resource strategy.

    Each of ``ceil(n_in n_out / RF)`` multipliers reads its weights from a memory, output after
    output. The memory's words are cut to the bits they need, which makes the topmost multiplier
    narrower than the type; it alone may then be built of look-up tables. Exact in 731 of 731
    layers of Vivado HLS 2020.1 at 2 to 14 bits.

    Args:
        weights: (n_in, n_out).
        bits: widths of their type and of the data.
        reuse: legal reuse factor, as hls4ml corrects it.
        rule: of the tool.
    """
    count = math.ceil(weights.size / reuse)
    topmost = topmost_bits(weights, reuse)
    weight_bits, data_bits = bits
    others = (count - 1) * rule.takes_slice(weight_bits, data_bits)
    return others + rule.takes_slice(topmost, data_bits)


def topmost_bits(weights: Weights, reuse: int) -> int:
    """Return the width of the weights of the topmost multiplier, the last of a memory's words."""
    return operand_bits(weights.T.reshape(-1)[-reuse:])


def stored_cycles(reuse_factors: list[int]) -> int:
    """Return the latency in cycles of dense layers in a row with the resource strategy.

    Each takes its legal reuse factor and two cycles, less one for the network. Exact in 37 of 37
    stacks of two and three layers of Vitis HLS 2023.2. Of single layers of Vivado HLS 2020.1 (best
    latency) 694 of 731 are exact; the others, at 2 and 4 bits, with at least 192 inputs and a reuse
    factor of twice their number, take one cycle less.
    """
    return sum(reuse_factors) + 2 * len(reuse_factors) - 1
