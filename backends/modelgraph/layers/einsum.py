"""Rules of Einstein sums: of an input with weights (EinsumDense), and of two inputs (Einsum).

Source: hls4ml, nnet_einsum_dense.h, nnet_einsum.h and einsum_utils.py. Inputs are transposed to
(in place, free, contracted) axes, multiplied as matrices, and the result is transposed back.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.modelgraph.arithmetic import add, multiply
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, constant_products, width
from backends.modelgraph.fixed_point import Raw, Tensor
from backends.modelgraph.layers import dense
from backends.modelgraph.layers.merge import sum_of_products
from backends.modelgraph.layers.rules import LayerRules, RtlContext, result_type, type_of
from backends.modelgraph.layers.weighted_sum import WeightedSum, as_written
from backends.modelgraph.rtl.circuit import Signal, Tap
from backends.modelgraph.rtl.modules.dense import DenseSpec
from backends.modelgraph.rtl.modules.dense import dense as dense_row
from backends.modelgraph.rtl.modules.pairs import dot_product
from backends.modelgraph.rtl.wiring import numbers

_AXES = ("inplace", "free_data", "free_kernel", "contract")
"""Sizes of an Einstein sum with weights: matrices, their rows, columns and terms."""


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


def _given(node: Any, context: RtlContext, number: int, attribute: str, rows: int) -> Signal:
    """Return an input of a node as rows of the terms that are contracted.

    Args:
        node: the layer.
        context: of its RTL rule.
        number: of the input.
        attribute: name of the attribute with the order of its axes.
        rows: number of rows.
    """
    shape = node.get_input_variable(node.inputs[number]).shape
    elements = Tensor(numbers(shape)[None], 0)
    terms = math.prod(shape) // rows
    moved = _transposed(elements, node.get_attr(attribute), (rows, terms))[0]
    name = f"{node.name}_rows{number}"
    return context.circuit.wired(name, [context.given(node, number)], moved)


def _joined(node: Any, context: RtlContext, made: Sequence[Signal]) -> Signal:
    """Return products of matrices, on wires, as the layer's output."""
    elements = Tensor(numbers(node.get_output_variable().shape)[None], 0)
    return context.circuit.wired(f"{node.name}_joined", made, _as_output(node, elements).raw[0])


def einsum_dense(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the product with the weights, plus the bias, in the result type.

    Every row is a dense layer of the latency strategy, which hls4ml always takes here.
    """
    (data,) = inputs
    same, rows, n_out, n_in = _sizes(node, *_AXES)
    given = _transposed(data, node.get_attr("inp_tpose_idxs"), (same, rows, n_in))
    kernel = _weights(node, "weight", (same, n_in, n_out))
    bias = _weights(node, "bias", (same, rows, n_out))
    accum, made = type_of(node, "accum_t"), np.empty((len(given), same, rows, n_out), dtype=object)
    for i, row in np.ndindex(same, rows):
        weight = Tensor(kernel.raw[i], kernel.fractional)
        matrix = WeightedSum(weight, Tensor(bias.raw[i, row], bias.fractional), accum, range(n_in))
        made[:, i, row] = matrix.totals(Tensor(given[:, i, row], data.fractional), counter).raw
    return _as_output(node, counter.cast(Tensor(made, accum.fractional), result_type(node)))


def dense_rtl(node: Any, context: RtlContext) -> Signal:
    """Place a dense layer for every row, with the weights and biases of its place; see `dense`.

    Raises:
        EvaluationError: the accumulator may saturate.
    """
    same, rows, n_out, n_in = _sizes(node, *_AXES)
    kernel = _weights(node, "weight", (same, n_in, n_out))
    bias = _weights(node, "bias", (same, rows, n_out))
    circuit, accum, result = context.circuit, type_of(node, "accum_t"), result_type(node)
    given = _given(node, context, 0, "inp_tpose_idxs", same * rows)
    made = []
    for number, (place, row) in enumerate(np.ndindex(same, rows)):
        weight = Tensor(kernel.raw[place], kernel.fractional)
        start = Tensor(bias.raw[place, row], bias.fractional)
        spec = DenseSpec(
            weight, start, given.type, accum, result, None, interval(node),
            pipeline=circuit.pipeline,
        )  # fmt: skip
        dense.check_accumulator(node, spec)
        module, time = dense_row(spec), given.time
        output = circuit.wires(f"{node.name}_out{number}", 1, n_out, result, time + module.latency)
        circuit.instance(node.name, module, {"x": given.row(number)}, output.bus, Tap(time))
        made.append(output)
    return _joined(node, context, circuit.together(*made))


def interval(node: Any) -> int:
    """Return the cycles between two inferences: the reuse factor, at most the products of a row."""
    _, _, n_out, n_in = _sizes(node, *_AXES)
    return min(int(node.get_attr("reuse_factor", 1)), n_in * n_out)


def dense_cost(node: Any) -> Cost:
    """Return the cost of the rows, each with multipliers of its own; see `dense.cost`."""
    same, rows, n_out, n_in = _sizes(node, *_AXES)
    raw = _weights(node, "weight", (same, n_in, n_out)).raw
    data, sums = width(node.get_input_variable()), type_of(node, "accum_t").width
    reuse = interval(node)
    if reuse == 1:
        products, terms = constant_products(data, [int(w) for w in raw.ravel()]), n_in
    else:
        count = math.ceil(np.count_nonzero(raw) / reuse)
        products = constant_products(data, [int(np.abs(raw).max(initial=0)) | 1] * count)
        terms = math.ceil(n_in / reuse)
    adders = same * math.ceil(n_out * min(1.0, n_in / reuse)) * terms * sums
    made = same * n_out * width(node.get_output_variable())
    return Cost(
        lut=rows * (products.lut + adders),
        ff=rows * (products.ff + adders + made),
        dsp=rows * products.dsp,
        depth=(1 if reuse == 1 else 3) + math.ceil(math.log2(max(terms, 1))) + reuse,
        interval=reuse,
    )


def _weights(node: Any, name: str, shape: tuple[int, ...]) -> Tensor:
    weights = node.weights[name]
    return as_written(weights, np.asarray(weights.data, dtype=np.float64).reshape(shape))


def einsum(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the sum of products of two inputs in the result type.

    Products are added to the accumulator as they are; only the sum is cast to its type.
    """
    same, *free, terms = _sizes(node, *_PAIR_AXES)
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


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place a dot product for every element of the output, and return the output."""
    same, first, second, terms = _sizes(node, *_PAIR_AXES)
    circuit, accum, result = context.circuit, type_of(node, "accum_t"), result_type(node)
    left = _given(node, context, 0, "inp0_tpose_idxs", same * first)
    right = _given(node, context, 1, "inp1_tpose_idxs", same * second)
    a, b = circuit.together(left, right)
    types, pipeline = (a.type, b.type), circuit.pipeline
    module = dot_product(terms, types, accum, result, cast_products=False, pipeline=pipeline)
    made = circuit.wires(node.name, same * first * second, 1, result, a.time + module.latency)
    for number, (place, i, j) in enumerate(np.ndindex(same, first, second)):
        ports = {"a": a.row(place * first + i), "b": b.row(place * second + j)}
        circuit.instance(node.name, module, ports, made.row(number), Tap(a.time))
    return _joined(node, context, [made])


_PAIR_AXES = ("inplace", "free0", "free1", "contract")
"""Sizes of an Einstein sum of two inputs: matrices, rows of both, and terms."""


def cost(node: Any) -> Cost:
    """Return the cost: a multiplier for every product, and adder trees."""
    same, first, second, terms = _sizes(node, *_PAIR_AXES)
    return sum_of_products(node, terms, same * first * second)


RULES = (
    LayerRules(
        class_names=("EinsumDense",),
        value=einsum_dense,
        cost=dense_cost,
        rtl=dense_rtl,
        interval=interval,
        keras_handlers="backends.modelgraph.layers.time_distributed_keras",
    ),
    LayerRules(
        class_names=("Einsum",),
        value=einsum,
        cost=cost,
        rtl=rtl,
        keras_handlers="backends.modelgraph.layers.attention_keras",
    ),
)
