"""Matrix products with weights: hls4ml's Dense and PointwiseConv1D, io_parallel.

Each product is cast to the accumulator type and added to it, starting from the bias
(hls4ml, nnet_dense_latency.h and nnet_dense_resource.h).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.effective import weight_matrix
from backends.modelgraph.fixed_point import (
    FixedType,
    Raw,
    Tensor,
    fitting,
    limit,
    overflows,
    quantise,
    rescale,
)

_CHUNK_ROWS = 2048  # keeps the working set in the second-level cache


@dataclass(frozen=True)
class Matrix:
    """Weights (n_in, n_out), biases (n_out,), the accumulator type and order of adding."""

    weight: Tensor
    bias: Tensor
    accum: FixedType
    order: Sequence[int]

    @classmethod
    def of(cls, node: Any) -> "Matrix":
        """From an hls4ml layer, its weights rounded as the firmware reads them."""
        weights, biases = node.weights["weight"], node.weights["bias"]
        weight = _as_written(weights, weight_matrix(node))
        bias = _as_written(biases, np.asarray(biases.data, dtype=np.float64))
        accum = FixedType.of(node.types["accum_t"].precision)
        return cls(weight, bias, accum, _order(node, len(weight.raw)))

    def times(self, rows: Tensor, counter: CastCounter) -> Tensor:
        """Accumulators (n_rows, n_out) of inputs (n_rows, n_in)."""
        raw = rows.raw
        sums = [
            self._accumulate(Tensor(raw[start : start + _CHUNK_ROWS], rows.fractional), counter)
            for start in range(0, len(raw), _CHUNK_ROWS)
        ]
        return Tensor(np.concatenate(sums), self.accum.fractional)

    def _accumulate(self, rows: Tensor, counter: CastCounter) -> Raw:
        """Sums in the accumulator type; wrapping commutes with adding, saturating does not."""
        wraps = self.accum.overflow == "WRAP"
        start = Tensor(self.bias.raw, self.bias.fractional)
        bias = rescale(start, self.accum.fractional, self.accum.rounding)
        total = np.broadcast_to(limit(bias, self.accum), (len(rows.raw), len(bias)))
        bound = (rows.magnitude * self.weight.magnitude + 1) * (len(self.order) + 1)
        left = fitting(rows.raw, max(bound, self.accum.high))
        for index in self.order:
            product = self._product(left, rows.fractional, index)
            if not wraps:
                product = self._limited(product, counter)
            total = total + product
            if not wraps:
                total = self._limited(total, counter)
        return self._limited(total, counter) if wraps else total

    def _product(self, left: Raw, fractional: int, index: int) -> Raw:
        weight = self.weight.raw[index].astype(left.dtype, copy=False)
        exact = Tensor(left[:, index, None] * weight, fractional + self.weight.fractional)
        return rescale(exact, self.accum.fractional, self.accum.rounding)

    def _limited(self, raw: Raw, counter: CastCounter) -> Raw:
        lost = overflows(raw, self.accum)
        counter.add(raw.size, lost, self.accum)
        return limit(raw, self.accum) if lost else raw


def _as_written(variable: Any, data: NDArray[np.float64]) -> Tensor:
    """Weights as the firmware reads them: printed with `fractional` decimals, then cast."""
    printed = [float(variable.precision_fmt.format(value)) for value in data.ravel()]
    to = FixedType.of(variable.type.precision)
    tensor, _ = quantise(np.array(printed).reshape(data.shape), to)
    return tensor


def _order(node: Any, n_in: int) -> Sequence[int]:
    """Order in which inputs reach an accumulator; matters only where it saturates."""
    reuse = int(node.get_attr("reuse_factor"))
    if node.get_attr("strategy") != "resource" or reuse > n_in:
        return range(n_in)
    return [index for first in range(reuse) for index in range(first, n_in, reuse)]


def dense(node: Any, rows: Tensor, counter: CastCounter) -> Tensor:
    """A dense layer over the last axis, in the layer's result type."""
    matrix = Matrix.of(node)
    n_in, n_out = matrix.weight.raw.shape
    flat = Tensor(rows.raw.reshape(-1, n_in), rows.fractional)
    result = FixedType.of(node.types["result_t"].precision)
    output = counter.cast(matrix.times(flat, counter), result)
    return Tensor(output.raw.reshape(*rows.raw.shape[:-1], n_out), output.fractional)
