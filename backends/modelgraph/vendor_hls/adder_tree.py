"""Widths of the products and sums of a dense layer with constant weights.

C synthesis narrows every operation to the bits that its operands can take, and an accumulator cuts
the low bits of a product that it does not keep: a product with 3 is built with fewer bits than one
with 100. Sums are counted as a balanced tree in the order of the inputs; the published reports do
not say the order that the tools take.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.vendor_hls.multipliers import ADDED_DIGITS, Weights, signed_digits

Widths = NDArray[np.int64]
"""Bits, signs included."""


@dataclass(frozen=True)
class ProductTypes:
    """What the widths of products depend on besides the weights.

    Args:
        data_bits: width of the inputs.
        data_signed: whether they have a sign.
        dropped: low bits of a product that the accumulator does not keep.
        sum_bits: width of the accumulator.
    """

    data_bits: int
    data_signed: bool
    dropped: int
    sum_bits: int

    @property
    def data_range(self) -> tuple[int, int]:
        """Smallest and largest input."""
        if self.data_signed:
            return -(1 << (self.data_bits - 1)), (1 << (self.data_bits - 1)) - 1
        return 0, (1 << self.data_bits) - 1


@dataclass(frozen=True)
class AdderTree:
    """Bits of a layer with constant weights.

    Args:
        entering: bits of all products and biases that are summed.
        sums: bits of all sums.
        products: bits of the distinct products of three or more signed digits.
    """

    entering: int
    sums: int
    products: int


def adder_tree(weights: Weights, bias: Weights, types: ProductTypes) -> AdderTree:
    """Return the bits of the adder trees of all outputs.

    Args:
        weights: (n_in, n_out), in units of their last bit.
        bias: (n_out,), in units of the accumulator's last bit.
        types: of data and accumulator.
    """
    widths = product_widths(weights, types)
    entering = total = 0
    for own, start in zip(widths.T, signed_widths(bias, bias), strict=True):
        terms = own[own > 0]
        if len(terms) and start:
            terms = np.append(terms, start)
        entering += int(terms.sum())
        total += sum(int(level.sum()) for level in _levels(terms, types.sum_bits))
    return AdderTree(entering, total, distinct_bits(weights, widths))


def product_widths(weights: Weights, types: ProductTypes) -> Widths:
    """Return the bits of every product that reach the accumulator; 0 for a weight of 0."""
    ends = [weights.astype(np.int64) * end for end in types.data_range]
    widths = signed_widths(np.minimum(*ends), np.maximum(*ends)) - types.dropped
    found: Widths = np.where(weights == 0, 0, np.maximum(widths, 1))
    return found


def signed_widths(low: Weights, high: Weights) -> Widths:
    """Return the bits of numbers between two bounds of the same shape; 0 where both are 0."""
    largest = np.maximum(np.maximum(high, 0), np.maximum(-low - 1, 0)).astype(np.float64)
    lengths = np.frexp(largest)[1].astype(np.int64) + 1
    return np.where((low == 0) & (high == 0), 0, lengths)


def _levels(terms: Widths, sum_bits: int) -> Iterator[Widths]:
    """Yield the bits of the sums of every level of a balanced tree."""
    while len(terms) > 1:
        paired = terms[: len(terms) // 2 * 2].reshape(-1, 2)
        sums = np.minimum(paired.max(axis=1) + 1, sum_bits)
        yield sums
        terms = np.append(sums, terms[2 * len(sums) :])


def distinct_bits(weights: Weights, widths: Widths) -> int:
    """Return the bits of the distinct products of three or more signed digits.

    An input is multiplied once by each of its distinct weights.

    Args:
        weights: (n_in, n_out), in units of their last bit.
        widths: of their products, the same shape.
    """
    found = 0
    for own, bits in zip(weights, widths, strict=True):
        values, places = np.unique(own, return_index=True)
        found += int(bits[places][signed_digits(values) > ADDED_DIGITS].sum())
    return found
