"""Sums of products in an accumulator, as hls4ml's dense and convolution layers compute them.

Each product is cast to the accumulator type and added to the accumulator, which starts with
the bias (hls4ml, nnet_dense_latency.h and nnet_dense_resource.h; the convolutions likewise).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph import adder_graph
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import (
    FixedType,
    Raw,
    Tensor,
    cast,
    fitting,
    limit,
    overflows,
    quantise,
    rescale,
)
from backends.modelgraph.layers.rules import refused
from backends.modelgraph.nodes import weight_matrix

CHUNK_ROWS = 4096
"""Rows computed at a time; keeps the working set in the second-level cache."""

_DEPTHWISE = (
    "hls4ml's firmware has depthwise convolutions with a depth multiplier of 1 and the latency "
    "strategy only"
)

_EXACT = 2**53
"""Integers below it are exact in float64."""

_INT64 = 2**63


@dataclass(frozen=True)
class WeightedSum:
    """Weights and accumulator of a layer as its firmware uses them.

    Args:
        weight: (n_terms, n_out).
        bias: (n_out,).
        accum: accumulator type.
        order: terms in the order in which their products are added.
    """

    weight: Tensor
    bias: Tensor
    accum: FixedType
    order: Sequence[int]

    @classmethod
    def of(cls, node: Any) -> "WeightedSum":
        """Read the weights of a dense layer or a convolution, rounded as the firmware reads them.

        The terms of a convolution are the positions and channels of its kernel.
        """
        weight = as_written(node.weights["weight"], weight_matrix(node))
        bias = as_written(node.weights["bias"])
        if is_distributed(node):
            given = FixedType.of(node.get_input_variable().type.precision)
            accum = _exact_accumulator(given, weight, bias)
        else:
            accum = FixedType.of(node.types["accum_t"].precision)
        return cls(weight, bias, accum, _accumulation_order(node, len(weight.raw)))

    @classmethod
    def by_channel(cls, node: Any, walker: str) -> "WeightedSum":
        """Read the weights of a depthwise convolution: one term for each position of its kernel.

        Args:
            node: the layer.
            walker: backend that asks, for the error.

        Raises:
            EvaluationError: the firmware has no code for the layer; csim ends with an assertion.
        """
        if node.get_attr("n_filt") != node.get_attr("n_chan"):
            raise refused(node, walker, "has no rule for a depth multiplier above 1", _DEPTHWISE)
        if node.get_attr("strategy") != "latency":
            raise refused(node, walker, "has no rule for the resource strategy", _DEPTHWISE)
        n_out = int(node.get_attr("n_filt"))
        data = np.asarray(node.weights["weight"].data, dtype=np.float64).reshape(-1, n_out)
        weight = as_written(node.weights["weight"], data)
        bias = as_written(node.weights["bias"])
        accum = FixedType.of(node.types["accum_t"].precision)
        return cls(weight, bias, accum, range(len(weight.raw)))

    def totals(self, terms: Tensor, counter: CastCounter) -> Tensor:
        """Return the accumulators (n_rows, n_out).

        Args:
            terms: (n_rows, n_terms) for terms that all outputs share; (n_rows, n_terms, n_out)
                where every output has its own.
            counter: counts the casts to the accumulator type.
        """
        raw = terms.raw if terms.raw.ndim == 3 else terms.raw[:, :, None]
        sums = [
            self._accumulate(Tensor(raw[start : start + CHUNK_ROWS], terms.fractional), counter)
            for start in range(0, len(raw), CHUNK_ROWS)
        ]
        return Tensor(np.concatenate(sums), self.accum.fractional)

    def _accumulate(self, terms: Tensor, counter: CastCounter) -> Raw:
        """Return the sums of products in the accumulator type.

        Wrapping once at the end equals wrapping after every addition (arithmetic modulo
        2**width); an accumulator that saturates has to be limited after every step.
        """
        wraps = self.accum.overflow == "WRAP"
        start, _ = cast(self.bias, self.accum)
        bound = self._bound(terms, start)
        left = fitting(terms.raw, max(bound, self.accum.high))
        first = start.raw.astype(left.dtype)  # so that the sums have its dtype too
        low = self._apart(terms, bound) if wraps and left.shape[2] == 1 else None
        if low is not None:
            return self._limited(first + self._all_products(terms, low), counter)
        by_term = np.ascontiguousarray(left.transpose(1, 2, 0))  # rows last: long inner loops
        total = np.broadcast_to(first[:, None], (len(first), len(left)))
        for index in self.order:
            product = self._product(by_term[index], terms.fractional, index)
            if not wraps:
                product = self._limited(product, counter)
            total = total + product
            if not wraps:
                total = self._limited(total, counter)
        return np.ascontiguousarray((self._limited(total, counter) if wraps else total).T)

    def _growth(self, terms: Tensor) -> int:
        """Return how many fractional bits the accumulator has more than the products."""
        return self.accum.fractional - terms.fractional - self.weight.fractional

    def _bound(self, terms: Tensor, start: Tensor) -> int:
        """Return a bound of every product, and of every sum in the accumulator's last bits."""
        product = terms.magnitude * self.weight.magnitude + 1  # one more for its rounding
        growth = self._growth(terms)
        added = product << growth if growth > 0 else (product >> -growth) + 1
        return max(product, added * len(self.order) + start.magnitude)

    def _apart(self, terms: Tensor, bound: int) -> int | None:
        """Return how many low bits of the terms `_all_products` has to multiply apart.

        0 where float64 has every sum of whole products; None where it has not those of halves
        either, where int64 does not hold the sums, or where every product is rounded.
        """
        if self._growth(terms) < 0 or bound >= _INT64:
            return None
        largest, each = terms.magnitude, self.weight.magnitude * len(self.order)
        if largest * each < _EXACT:
            return 0
        low = (largest.bit_length() + 1) // 2
        return low if (each << low) < _EXACT else None

    def _all_products(self, terms: Tensor, low: int) -> Raw:
        """Return the sums of all products, by products of matrices in float64; see `_apart`."""
        raw = terms.raw[:, :, 0]
        sums = self._matrix_product(raw >> low) << low
        if low:
            sums += self._matrix_product(raw & ((1 << low) - 1))
        return sums << self._growth(terms)

    def _matrix_product(self, terms: Raw) -> NDArray[np.int64]:
        return (terms.astype(np.float64) @ self.weight.raw.astype(np.float64)).astype(np.int64)

    def _product(self, left: Raw, fractional: int, index: int) -> Raw:
        """Return products (n_out, n_rows) of one term, in the accumulator's fractional bits."""
        weight = self.weight.raw[index].astype(left.dtype, copy=False)[:, None]
        exact = Tensor(left * weight, fractional + self.weight.fractional)
        return rescale(exact, self.accum.fractional, self.accum.rounding)

    def _limited(self, raw: Raw, counter: CastCounter) -> Raw:
        """Return raw values brought into the accumulator's range, and count the overflows."""
        lost = overflows(raw, self.accum)
        counter.add(raw.size, lost, self.accum)
        return limit(raw, self.accum) if lost else raw


def is_distributed(node: Any) -> bool:
    """Whether a layer adds shifted inputs exactly, in place of products in an accumulator."""
    return str(node.get_attr("strategy")) == adder_graph.STRATEGY


def _exact_accumulator(given: FixedType, weight: Tensor, bias: Tensor) -> FixedType:
    """Return a type that holds every sum exactly."""
    fractional = max(given.fractional + weight.fractional, bias.fractional)
    largest = max(-given.low, given.high) * weight.magnitude * len(weight.raw)
    reach = largest << (fractional - given.fractional - weight.fractional)
    reach += bias.magnitude << (fractional - bias.fractional)
    width = reach.bit_length() + 1
    return FixedType(width, width - fractional)


def as_written(variable: Any, data: NDArray[np.float64] | None = None) -> Tensor:
    """Return weights as the firmware reads them.

    hls4ml prints them with as many decimal digits as the type has fractional bits, so that
    0.12499 at 4 bits is printed as 0.1250; the C++ type then quantises the printed number.

    Args:
        variable: hls4ml's weight variable.
        data: its values in another shape; by default as the variable holds them.
    """
    values = np.asarray(variable.data if data is None else data, dtype=np.float64)
    printed = [float(variable.precision_fmt.format(value)) for value in values.ravel()]
    to = FixedType.of(variable.type.precision)
    tensor, _ = quantise(np.array(printed).reshape(values.shape), to)
    return tensor


def _accumulation_order(node: Any, n_terms: int) -> Sequence[int]:
    """Return the order in which the firmware adds the products.

    Resource strategy (dense_resource_rf_leq_nin): cycle i of the reuse loop takes the terms
    i, i + RF, i + 2 RF, … The order matters only where an accumulator saturates.
    """
    reuse = int(node.get_attr("reuse_factor"))
    if node.get_attr("strategy") != "resource" or reuse > n_terms:
        return range(n_terms)
    return [index for first in range(reuse) for index in range(first, n_terms, reuse)]
