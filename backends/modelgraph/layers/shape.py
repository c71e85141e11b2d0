"""Rules of layers that only move values: concatenation, reshaping, transposition, embedding."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backends.modelgraph.arithmetic import to_int
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import BRAM_18K_BITS, Cost, no_cost, table_luts, width
from backends.modelgraph.fixed_point import Raw, Tensor, cast
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers import moving, moving_stream
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    refused,
    refused_kernel,
    result_type,
)
from backends.modelgraph.layers.weighted_sum import as_written
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.tables import row_table
from backends.modelgraph.rtl.wiring import numbers
from backends.modelgraph.vendor_hls import elementwise

_MOST_AXES = 3
"""Most axes, without the batch, of tensors that hls4ml's nnet_merge.h can join."""


def concatenate(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the inputs joined along the layer's axis, each cast to the result type.

    Raises:
        EvaluationError: the tensors have more axes than hls4ml has code for.
    """
    result = result_type(node)
    if inputs[0].raw.ndim - 1 > _MOST_AXES:
        raise refused(
            node, "bittrue", f"has no rule for more than {_MOST_AXES} axes", "nor has hls4ml"
        )
    parts = [counter.cast(part, result).raw for part in inputs]
    return Tensor(np.concatenate(parts, axis=int(node.get_attr("axis"))), result.fractional)


def concatenate_rtl(node: Any, context: RtlContext) -> Signal:
    """Return the inputs' wires joined along the layer's axis, each cast to the result type."""
    given = [context.given(node, number) for number in range(len(node.inputs))]
    converted = [context.converted(node, signal, result_type(node)) for signal in given]
    shapes = [node.get_input_variable(name).shape for name in node.inputs]
    first = np.cumsum([1, *map(math.prod, shapes)])
    parts = [numbers(shape, int(start)) for shape, start in zip(shapes, first[:-1], strict=True)]
    joined = np.concatenate([part[None] for part in parts], axis=int(node.get_attr("axis")))
    return context.circuit.wired(node.name, context.circuit.together(*converted), joined[0])


def concatenate_kernels(layer: Any, context: KernelContext) -> Iterator[KernelStep]:
    """Yield copies of the inputs that do not write into the concatenation's table themselves.

    A nested concatenation has no table: its inputs go straight into the outer one's.
    """
    name = layer["name"]
    if context.is_nested(name):
        return
    context.table(name)
    column = 0
    for leaf in context.leaves(name):
        if context.place(leaf) is None:
            yield KernelStep("copy", (context.source(leaf),), name, column)
        column += context.features(leaf)


def _not_along_features(layer: Any) -> str:
    """Return what is wrong with a concatenation's axis; empty for the last one."""
    axis = layer.get("axis", -1)
    along_features = axis in {-1, len(layer.get("output_shape", ()))}
    return "" if along_features else f"cannot join along axis {axis}, only along features"


def reshape(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:  # noqa: ARG001
    """Return the same values in another shape."""
    (data,) = inputs
    shape = node.get_output_variable().shape
    return Tensor(data.raw.reshape(len(data.raw), *shape), data.fractional)


def clone(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the input: the layer that copies a stream for each of its readers."""
    (data,) = inputs
    return counter.cast(data, result_type(node)) if "result_t" in node.types else data


def transpose(node: Any, raw: Raw) -> Raw:
    """Return values with their axes in another order."""
    return raw.transpose((0, *(int(axis) + 1 for axis in node.get_attr("perm"))))


def embedding(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the row of the table for every index, in the result type.

    Raises:
        EvaluationError: an index is not in the table, so that the firmware would read beyond it.
    """
    (data,), table = inputs, as_written(node.weights["embeddings"])
    index = to_int(data)
    if index.min(initial=0) < 0 or index.max(initial=0) >= len(table.raw):
        reason = f"cannot look up indices outside 0 … {len(table.raw) - 1}, as the inputs have"
        hint = "the firmware would read beyond the table; give the inputs a type that holds them"
        raise refused(node, "bittrue", reason, hint)
    return counter.cast(Tensor(table.raw[index], table.fractional), result_type(node))


def embedding_rtl(node: Any, context: RtlContext) -> Signal:
    """Place a table for every index, and return the output."""
    given, result = context.given(node), result_type(node)
    written, _ = cast(as_written(node.weights["embeddings"]), result)
    rows = [[int(value) for value in row] for row in written.raw]
    single = context.circuit.reshaped(given, given.rows * given.features, 1)
    output = (len(rows[0]), result)
    return context.circuit.each_row(node.name, row_table(given.type, result, rows), single, output)


def embedding_cost(node: Any) -> Cost:
    """Return the cost: a table for every index, in block RAM where it is large."""
    output, table = node.get_output_variable(), np.asarray(node.weights["embeddings"].data)
    indices, bits = node.get_input_variable().size(), width(output) * table.shape[-1]
    table_bits = len(table) * bits
    if table_bits < BRAM_18K_BITS // 2:
        return Cost(lut=indices * table_luts(len(table)) * bits, ff=indices * bits, depth=1)
    return Cost(bram_18k=indices * math.ceil(table_bits / BRAM_18K_BITS), depth=1)


def reshape_rtl(node: Any, context: RtlContext) -> Signal:
    """Return the same wires in another shape."""
    shape = moving.shape_of(node)
    return context.circuit.reshaped(context.given(node), math.prod(shape[:-1]), shape[-1])


def reshape_kernels(layer: Any, context: KernelContext) -> list[KernelStep]:
    """Make the output an alias of the input's table; yield no kernels.

    Raises:
        EvaluationError: the number of features changes, so that values would have to move.
    """
    name, (given,) = layer["name"], layer["inputs"]
    if context.features(name) != context.features(given):
        raise refused_kernel(layer, "cannot change the number of features")
    context.alias(name, context.source(given))
    return []


RULES = (
    LayerRules(
        class_names=("Concatenate",),
        value=concatenate,
        cost=moving.cost,
        rtl=concatenate_rtl,
        stream=moving_stream.CHANNELS,
        kernels=KernelRules(
            class_names=("Concatenate",),
            steps=concatenate_kernels,
            features=lambda layer, context: sum(map(context.features, layer["inputs"])),
            refuse=_not_along_features,
        ),
    ),
    LayerRules(
        class_names=("Reshape",),
        same_in_streams=True,
        value=reshape,
        cost=no_cost,
        vendor=elementwise.wires,
        rtl=reshape_rtl,
        kernels=KernelRules(
            class_names=("Reshape",),
            steps=reshape_kernels,
            features=lambda layer, _: int(layer["target_shape"][-1]),
        ),
    ),
    LayerRules(class_names=("Repack",), value=reshape, cost=no_cost, same_in_streams=True),
    LayerRules(class_names=("Clone",), value=clone, cost=no_cost, same_in_streams=True),
    moving.rules(("Transpose",), transpose, same_in_streams=True),
    LayerRules(class_names=("Embedding",), value=embedding, cost=embedding_cost, rtl=embedding_rtl),
)
