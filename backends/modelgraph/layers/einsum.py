"""Rules of Einstein sums: of an input with weights (EinsumDense), and of two inputs (Einsum).

Source: hls4ml, nnet_einsum_dense.h, nnet_einsum.h and einsum_utils.py. Inputs are transposed to
(in place, free, contracted) axes, multiplied as matrices, and the result is transposed back.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.modelgraph.arithmetic import add, multiply
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import Raw, Tensor
from backends.modelgraph.layers.rules import LayerRules, result_type, type_of
from backends.modelgraph.layers.weighted_sum import WeightedSum, as_written


def _sizes(node: Any, *names: str) -> tuple[int, ...]:
    return tuple(int(node.get_attr(f"n_{name}")) for name in names)


def _transposed(data: Tensor, axes: Sequence[int], shape: Sequence[int]) -> Raw:
    """Return raw values (batch, *shape) after a transposition of the axes behind the batch."""
    moved = data.raw.transpose((0, *(int(axis) + 1 for axis in axes)))
    return moved.reshape(-1, *shape)


def _as_output(node: Any, made: Tensor) -> Tensor:
    """Return products of matrices as the layer's output."""
    between = tuple(int(size) for size in node.get_attr("out_interpert_shape"))
    shaped = Tensor(made.raw.reshape(-1, *between), made.fractional)
    shape = node.get_output_variable().shape
    raw = _transposed(shaped, node.get_attr("out_tpose_idxs"), shape)
    return Tensor(raw, made.fractional)


def einsum_dense(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the product with the weights, plus the bias, in the result type.

    Every row is a dense layer of the latency strategy, which hls4ml always takes here.
    """
    (data,) = inputs
    same, rows, n_out, n_in = _sizes(node, "inplace", "free_data", "free_kernel", "contract")
    given = _transposed(data, node.get_attr("inp_tpose_idxs"), (same, rows, n_in))
    kernel = _weights(node, "weight", (same, n_in, n_out))
    bias = _weights(node, "bias", (same, rows, n_out))
    accum, made = type_of(node, "accum_t"), np.empty((len(given), same, rows, n_out), dtype=object)
    for i, row in np.ndindex(same, rows):
        weight = Tensor(kernel.raw[i], kernel.fractional)
        matrix = WeightedSum(weight, Tensor(bias.raw[i, row], bias.fractional), accum, range(n_in))
        made[:, i, row] = matrix.totals(Tensor(given[:, i, row], data.fractional), counter).raw
    return _as_output(node, counter.cast(Tensor(made, accum.fractional), result_type(node)))


def _weights(node: Any, name: str, shape: tuple[int, ...]) -> Tensor:
    weights = node.weights[name]
    return as_written(weights, np.asarray(weights.data, dtype=np.float64).reshape(shape))


def einsum(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the sum of products of two inputs in the result type.

    Products are added to the accumulator as they are; only the sum is cast to its type.
    """
    same, *free, terms = _sizes(node, "inplace", "free0", "free1", "contract")
    left, right = (
        _transposed(data, node.get_attr(f"inp{number}_tpose_idxs"), (same, free[number], terms))
        for number, data in enumerate(inputs)
    )
    accum = type_of(node, "accum_t")
    total = Tensor(np.zeros((len(left), same, *free), dtype=np.int64), accum.fractional)
    for term in range(terms):
        factors = left[:, :, :, None, term], right[:, :, None, :, term]
        pair = (Tensor(f, data.fractional) for f, data in zip(factors, inputs, strict=True))
        total = counter.cast(add(total, multiply(*pair)), accum)
    return _as_output(node, counter.cast(total, result_type(node)))


RULES = (
    LayerRules(class_names=("EinsumDense",), value=einsum_dense),
    LayerRules(class_names=("Einsum",), value=einsum),
)
