"""Registers of a dense layer with constant weights, at an interval above 1.

A value that is needed in a later cycle than the one that computes it takes a register, one for each
of its bits. Sums are a balanced tree in the order of the inputs, with a level a cycle. Products of
three or more signed digits may take several cycles; what is summed with them waits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backends.modelgraph.vendor_hls.adder_tree import (
    ProductTypes,
    Widths,
    distinct_bits,
    product_widths,
    signed_widths,
)
from backends.modelgraph.vendor_hls.multipliers import ADDED_DIGITS, Weights, signed_digits

NO_INPUT = -1
"""Input of a term that is a sum or the bias, and no product."""


@dataclass(frozen=True)
class Terms:
    """What a level of the tree of an output sums; arrays of (n,).

    Args:
        bits: widths.
        ready: cycle from which on each is there.
        inputs: input that each is a product of, or `NO_INPUT`.
    """

    bits: Widths
    ready: Widths
    inputs: Widths

    def summed(self, sum_bits: int) -> "Terms":
        """Return the sums of neighbours."""
        n = len(self.bits) // 2
        bits = np.minimum(self.bits[: 2 * n].reshape(n, 2).max(axis=1) + 1, sum_bits)
        ready = self.ready[: 2 * n].reshape(n, 2).max(axis=1) + 1
        return Terms(bits, ready, np.full(n, NO_INPUT))

    def followed_by(self, rest: "Terms") -> "Terms":
        """Return these and other terms."""
        pairs = zip(self.columns(), rest.columns(), strict=True)
        return Terms(*(np.append(own, other) for own, other in pairs))

    def columns(self) -> Sequence[Widths]:
        """Return bits, cycles and inputs."""
        return self.bits, self.ready, self.inputs

    def after(self, n: int) -> "Terms":
        """Return all but the first n."""
        return Terms(*(column[n:] for column in self.columns()))

    def late(self, sums: "Terms") -> Iterator[int]:
        """Yield the inputs whose products are summed, but not in cycle 0."""
        found = self.inputs[: 2 * len(sums.bits)][np.repeat(sums.ready > 1, 2)]
        yield from found[found != NO_INPUT].tolist()


@dataclass(frozen=True)
class OutputTree:
    """The tree of an output.

    Args:
        sums: bits of all sums but the output.
        output: bits of the output.
        cycle: that computes it.
        late: inputs whose products are not summed in cycle 0.
    """

    sums: int
    output: int
    cycle: int
    late: frozenset[int]


def output_tree(terms: Terms, sum_bits: int) -> OutputTree:
    """Return the tree over the terms of an output, of which there is at least one."""
    total, late = 0, set[int]()
    while len(terms.bits) > 1:
        sums = terms.summed(sum_bits)
        late.update(terms.late(sums))
        total += int(sums.bits.sum())
        terms = sums.followed_by(terms.after(2 * len(sums.bits)))
    output = int(terms.bits[0])
    return OutputTree(
        max(total - output, 0), output, max(int(terms.ready[0]) - 1, 0), frozenset(late)
    )


def waiting_bits(weights: Weights, bias: Weights, types: ProductTypes, cycles: int) -> int:
    """Return the bits that wait in registers.

    * all sums but the outputs;
    * every distinct product of three or more signed digits;
    * other products, where what they are summed with is not there in cycle 0; what is only shifted
      waits as its input;
    * outputs of cycle 0: a layer takes at least another one. If that is all it takes, nothing else
      waits.

    Args:
        weights: (n_in, n_out), in units of their last bit.
        bias: (n_out,), in units of the accumulator's last bit.
        types: of data and accumulator.
        cycles: that a product of three or more signed digits takes before it can be summed.
    """
    widths, starts = product_widths(weights, types), signed_widths(bias, bias)
    later = np.where(signed_digits(weights) > ADDED_DIGITS, cycles, 0)
    trees = {
        int(place): output_tree(_terms(own, later[:, place], int(starts[place])), types.sum_bits)
        for place, own in enumerate(widths.T)
        if own.any()
    }
    outputs = sum(tree.output for tree in trees.values() if tree.cycle == 0)
    if all(tree.cycle == 0 for tree in trees.values()):
        return outputs
    late = {(i, int(weights[i, place])) for place, tree in trees.items() for i in tree.late}
    sums = sum(tree.sums for tree in trees.values())
    return outputs + sums + distinct_bits(weights, widths) + _late_bits(late, types)


def _terms(widths: Widths, later: Widths, start: int) -> Terms:
    """Return the products of an output, and its bias behind them."""
    inputs = np.flatnonzero(widths)
    products = Terms(widths[inputs], later[inputs], inputs)
    if not start:
        return products
    return products.followed_by(Terms(*(np.array([n]) for n in (start, 0, NO_INPUT))))


def _late_bits(products: set[tuple[int, int]], types: ProductTypes) -> int:
    """Return the bits of products of at most two signed digits, by input and weight."""
    weights = np.array([weight for _, weight in products], dtype=np.int64)
    digits = signed_digits(weights)
    shifted = (digits == 1) & (weights > 0)
    inputs = {i for (i, _), only in zip(products, shifted, strict=True) if only}
    added = (digits <= ADDED_DIGITS) & ~shifted
    bits = product_widths(weights[added][:, None], types).sum()
    return int(bits) + len(inputs) * types.data_bits
