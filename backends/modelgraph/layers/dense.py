"""Rules of hls4ml's Dense, io_parallel; those of RTL and cost serve convolutions too.

Their values are weighted sums; see `backends.modelgraph.layers.weighted_sum`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.adder_graph import adder_graph
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import (
    Cost,
    constant_bits,
    different_tables,
    dsp_slices,
    mux,
    table_luts,
    width,
)
from backends.modelgraph.fixed_point import FixedType, Tensor, quantise
from backends.modelgraph.kernel_plan import ACTIVATIONS, KernelStep
from backends.modelgraph.layers.rules import (
    BY_POSITION,
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    is_streamed,
    refused,
    result_type,
)
from backends.modelgraph.layers.weighted_sum import WeightedSum, is_distributed
from backends.modelgraph.nodes import effective_reuse, relu_behind, weight_matrix
from backends.modelgraph.rtl.circuit import Rows, Signal
from backends.modelgraph.rtl.modules.dense import DenseSpec, RowTypes, dense, row_cycles
from backends.modelgraph.rtl.modules.distributed import DistributedSpec, distributed
from backends.modelgraph.rtl.pipeline import Pipeline
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.vendor_hls import dense as vendor_dense


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the product of the inputs (n_rows, n_in) with the weights, plus the bias."""
    (rows,) = inputs
    return counter.cast(WeightedSum.of(node).totals(rows, counter), result_type(node))


def cost(node: Any) -> Cost:
    """Return the cost: multipliers, adder trees, and time multiplexing of the rows.

    See `backends.modelgraph.cost` for the formulas.
    """
    to = FixedType.of(node.weights["weight"].type.precision)
    return cost_of(node, quantise(weight_matrix(node), to)[0].raw, shared=True)


def cost_of(node: Any, raw: Any, *, shared: bool) -> Cost:
    """Return the cost of a layer with weights.

    Args:
        node: the layer.
        raw: its weights as whole numbers, (terms of an output, n_out).
        shared: whether all outputs have the same inputs, or each its own.
    """
    bits = constant_bits(raw)
    n_terms, n_out = bits.shape
    # a stream computes one position at a time
    rows = 1 if is_streamed(node) else math.prod(node.get_output_variable().shape[:-1])
    reuse = effective_reuse(node)
    data_bits, sum_bits = width(node.get_input_variable()), node.types["accum_t"].precision.width
    turns = _rows_at_once(node) if rows > 1 else None
    parallel = min(turns.at_once, rows) if turns else rows
    widths = data_bits, sum_bits, width(node.get_output_variable())
    given = FixedType.of(node.get_input_variable().type.precision)
    if is_distributed(node):
        block = _distributed_cost(node, given)
    else:
        block = block_cost(bits, reuse, widths, shared=shared)
        weight = Tensor(raw, FixedType.of(node.weights["weight"].type.precision).fractional)
        follower = relu_behind(node)
        rectified = result_type(follower) if follower is not None else None
        accum = FixedType.of(node.types["accum_t"].precision)
        types = RowTypes(accum, result_type(node), rectified)
        block = replace(block, depth=row_cycles(weight, given, reuse, types))
    groups = math.ceil(rows / parallel)
    interval = reuse * groups
    bits_in = data_bits * n_terms * (1 if shared else n_out)
    sharing = _time_multiplexing_cost(node, rows, parallel, bits_in) if groups > 1 else Cost()
    return Cost(
        lut=parallel * block.lut + sharing.lut,
        ff=parallel * block.ff + sharing.ff,
        dsp=parallel * block.dsp,
        depth=block.depth - reuse + interval + sharing.depth,
        interval=interval,
    )


def block_cost(bits: Any, reuse: int, widths: tuple[int, int, int], *, shared: bool) -> Cost:
    """Return the cost of the multipliers and adders of one row, without its cycles.

    Args:
        bits: of its weights as constant operands, (terms of an output, n_out).
        reuse: reuse factor.
        widths: bits of the data, of a sum, and of a result.
        shared: whether all outputs have the same inputs, or each its own.
    """
    (n_terms, n_out), (data_bits, sum_bits, result_bits) = bits.shape, widths
    multipliers = _row_cost(bits, reuse, data_bits, shared=shared)
    terms = np.count_nonzero(bits, axis=0) if reuse == 1 else np.full(n_out, n_terms)
    adders = math.ceil(n_out * min(1.0, n_terms / reuse)) * max(math.ceil(n_terms / reuse), 1)
    if reuse == 1:  # no accumulator behind the tree, and no adder for a zero weight
        adders = int(np.maximum(terms - 1, 0).sum())
    waiting = max(1.0 - n_terms / reuse, 0.0)  # share of outputs kept until the last is done
    return Cost(
        lut=multipliers.lut + adders * sum_bits,
        ff=n_out * (1.0 + waiting) * result_bits + adders * sum_bits,
        dsp=multipliers.dsp,
        interval=reuse,
    )


def _distributed_cost(node: Any, given: FixedType) -> Cost:
    """Return the cost of one row in distributed arithmetic: da4ml's estimate, and the biases."""
    weights = WeightedSum.of(node)
    graph = adder_graph(weights.weight.raw, given)
    biases = np.count_nonzero(weights.bias.raw)
    made = width(node.get_output_variable())
    return Cost(
        lut=graph.luts + float(biases) * made,
        ff=graph.luts + float(len(graph.outputs)) * made,
        depth=graph.depth + 1,
        interval=1,
    )


def _time_multiplexing_cost(node: Any, rows: int, parallel: int, bits_in: int) -> Cost:
    """Return the cost of time multiplexing: rows are selected and results kept until all are done.

    Args:
        node: the layer.
        rows: rows of the layer.
        parallel: rows computed at a time.
        bits_in: bits of the inputs of a row.
    """
    made = node.get_output_variable()
    bits_out = made.size() // rows * width(made)
    return Cost(
        lut=parallel * mux(math.ceil(rows / parallel), bits_in),
        ff=parallel * bits_in + 2 * rows * bits_out,
        depth=2,
    )


def _row_cost(bits: Any, reuse: int, data_bits: int, *, shared: bool) -> Cost:
    """Return the cost of the multipliers of one row.

    At RF > 1 every multiplier takes the widest weight and has a multiplexer for its inputs,
    shared by those that read the same ones, and a table of RF weights.
    """
    if reuse == 1:
        sizes = [int(size) for size in bits.ravel() if size > 1]
        selection = 0.0
    else:
        count = math.ceil(np.count_nonzero(bits) / reuse)
        sizes = [int(bits.max(initial=0))] * count
        n_in = len(bits) if shared else bits.size
        choices = math.ceil(n_in / reuse) * mux(min(n_in, reuse), data_bits)
        selection = choices + table_luts(reuse) * different_tables(sum(sizes), reuse)
    slices = [dsp_slices(data_bits, size, constant=reuse == 1) for size in sizes]
    soft = sum(data_bits * size for size, used in zip(sizes, slices, strict=True) if not used)
    return Cost(lut=soft + selection, dsp=sum(slices))


def interval(node: Any) -> int:
    """Return the cycles between two inferences: the reuse factor times the groups of rows."""
    rows = math.prod(node.get_output_variable().shape[:-1])
    shared = _rows_at_once(node)
    return effective_reuse(node) * (shared.groups(rows) if shared else 1)


def _rows_at_once(node: Any) -> Rows | None:
    """Return how the rows of a layer share instances; None for one instance per row."""
    factor = node.get_attr("parallelization_factor")
    return Rows(int(factor), effective_reuse(node)) if factor else None


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place one instance per row, or a few that the rows share in turn; return the output.

    Raises:
        EvaluationError: see `placed`.
    """
    given, weights = context.given(node), WeightedSum.of(node)
    n_in = len(weights.weight.raw)
    rows = context.circuit.reshaped(given, given.rows * given.features // n_in, n_in)
    return placed(node, context, rows, weights)


def placed(
    node: Any,
    context: RtlContext,
    rows: Signal,
    weights: WeightedSum,
    connected: NDArray[np.bool_] | None = None,
) -> Signal:
    """Place the instances of a layer with weights and return its output.

    A ReLU that is the only reader of the layer is built into the instances.

    Args:
        node: the layer.
        context: of the layer's RTL rule.
        rows: what the rows are computed from, (rows, n_in).
        weights: of one row, (n_in, n_out).
        connected: which inputs an output reads, (n_in, n_out); None for all.

    Raises:
        EvaluationError: the accumulator may saturate, so that the order of additions, which is
            another in a tree than in the firmware, would change the result.
    """
    follower = relu_behind(node)
    rectified = result_type(follower) if follower is not None else None
    types = rows.type, result_type(node), rectified
    if is_distributed(node):
        spec = DistributedSpec(weights.weight, weights.bias, *types, context.circuit.pipeline)
        module = distributed(spec)
    else:
        module = _multiplied(node, weights, types, connected, context.circuit.pipeline)
    output = (weights.weight.raw.shape[1], rectified or result_type(node))
    made = context.circuit.each_row(node.name, module, rows, output, rows=_rows_at_once(node))
    if follower is not None:
        context.set(follower, made)
    return made


def _multiplied(
    node: Any,
    weights: WeightedSum,
    types: tuple[FixedType, FixedType, FixedType | None],
    connected: NDArray[np.bool_] | None,
    pipeline: Pipeline,
) -> Module:
    """Return the module of one row with multipliers.

    Args:
        node: the layer.
        weights: see `placed`.
        types: of the inputs, of the results, and after a ReLU that is built in.
        connected: see `placed`.
        pipeline: where the family wants registers.
    """
    given, result, rectified = types
    spec = DenseSpec(
        weights.weight, weights.bias, given, weights.accum, result, rectified,
        effective_reuse(node), connected, pipeline,
    )  # fmt: skip
    check_accumulator(node, spec)
    return dense(spec)


def check_accumulator(node: Any, spec: DenseSpec) -> None:
    """Refuse an accumulator that may saturate, so that the order of additions would matter."""
    if spec.accum.overflow != "WRAP" and spec.may_overflow:
        raise refused(
            node,
            "open",
            f"cannot build its accumulator {node.types['accum_t'].precision}, which may saturate",
            "granularity: name gives accumulators that are wide enough, or set accum in "
            "layer_precision",
        )


def kernels(layer: Any, context: KernelContext) -> Iterator[KernelStep]:
    """Yield the kernel of a matrix product, with the activation that is its only reader, if any."""
    name, activation = layer["name"], layer.get("activation", "linear") or "linear"
    readers = context.readers(name)
    following = context.layer(readers[0]) if len(readers) == 1 else {}
    if activation == "linear" and following.get("activation") in ACTIVATIONS:
        activation = following["activation"]
        context.alias(following["name"], name)
    weights = np.asarray(layer["weight_data"], np.float32)
    bias = layer.get("bias_data")
    given = np.zeros(weights.shape[1]) if bias is None else np.asarray(bias)
    yield KernelStep(
        "dense",
        tuple(context.source(source) for source in layer["inputs"]),
        context.table(name),
        activation=activation,
        weights=weights,
        bias=given.astype(np.float32),
    )


def unknown_activation(layer: Any) -> str:
    """Return what is wrong with a layer's activation: the kernels lack it; empty for nothing."""
    name = layer.get("activation", "linear")
    return "" if name in {*ACTIVATIONS, None} else f"has no activation '{name}'"


RULES = (
    LayerRules(
        class_names=("Dense",),
        value=value,
        cost=cost,
        vendor=vendor_dense.predict,
        rtl=rtl,
        stream=BY_POSITION,
        interval=interval,
        keras_handlers="backends.modelgraph.qkeras_handlers",
        kernels=KernelRules(
            class_names=("Dense",),
            steps=kernels,
            features=lambda layer, _: int(layer["n_out"]),
            refuse=unknown_activation,
        ),
    ),
)
