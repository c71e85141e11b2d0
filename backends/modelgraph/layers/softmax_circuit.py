"""RTL and cost rules of softmax: a module for every slice, wired along the axis of the sum."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from backends.modelgraph.activation_tables import TABLES, entries
from backends.modelgraph.cost import BRAM_18K_BITS, Cost, width
from backends.modelgraph.fixed_point import FixedType, cast
from backends.modelgraph.layers.rules import RtlContext, refused, result_type, type_of
from backends.modelgraph.layers.softmax_tables import (
    LEGACY_SUMS,
    LEGACY_TYPE,
    exp_table,
    inner_size,
    inverse_table,
    legacy_inverses,
    slice_size,
)
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.softmax import SoftmaxSpec, softmax
from backends.modelgraph.rtl.modules.softmax_others import LegacySpec, argmax, legacy
from backends.modelgraph.rtl.pipeline import Pipeline
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.rtl.wiring import numbers

IMPLEMENTATIONS = ("stable", "latency", "legacy", "argmax")


def cost(node: Any) -> Cost:
    """Return the cost by implementation, for all slices."""
    implementation, classes = str(node.get_attr("implementation")), slice_size(node)
    levels = math.ceil(math.log2(max(classes, 2)))
    if implementation == "argmax":
        compared = node.get_output_variable().size() * width(node.get_input_variable())
        return Cost(lut=2.5 * compared, ff=2.0 * compared, depth=levels + 1)
    if implementation == "legacy":
        return _legacy_cost(node, classes, levels)
    return _cost_by_two_tables(node, classes, levels, stable=implementation == "stable")


def _cost_by_two_tables(node: Any, classes: int, levels: int, *, stable: bool) -> Cost:
    """Return the cost: a table and a product per class, a sum and its inverse per slice.

    For ``stable`` a tree of comparisons and a difference are in front.
    """
    output = node.get_output_variable()
    bits = int(node.get_attr("table_size", 1024)) * node.types["exp_table_t"].precision.width
    # two classes read one table, which has two ports
    tables = math.ceil(output.size() / 2) + output.size() // classes
    logic, depth = (4.0, 2 * levels + 6) if stable else (2.0, levels + 5)
    share = logic * output.size() * width(output)
    brams = math.ceil(bits / BRAM_18K_BITS) * tables
    return Cost(lut=share, ff=share, dsp=output.size(), bram_18k=brams, depth=depth)


def _legacy_cost(node: Any, classes: int, levels: int) -> Cost:
    """Return the cost: a difference and a table for every pair, a sum and a table for each."""
    outputs = node.get_output_variable().size()
    pairs = outputs * (classes - 1)
    bits = int(node.get_attr("table_size", 1024)) * LEGACY_TYPE.width
    share = pairs * (width(node.get_input_variable()) * 3 + LEGACY_TYPE.width)
    brams = math.ceil(bits / BRAM_18K_BITS) * (pairs + outputs)
    return Cost(lut=share, ff=share, bram_18k=brams, depth=levels + 6)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place a module for every slice, wired along the axis of the sum; return the output.

    Raises:
        EvaluationError: hls4ml has no such implementation.
    """
    given, circuit, shape = context.given(node), context.circuit, node.get_output_variable().shape
    module = _module(node, given.type, circuit.pipeline)
    cut = (-1, slice_size(node), inner_size(node))
    slices = numbers((given.rows * given.features,)).reshape(cut).swapaxes(1, 2)
    rows = circuit.reshaped(given, given.rows * given.features // cut[1], cut[1])
    if cut[2] > 1:
        rows = circuit.wired(f"{node.name}_slices", [given], slices)
    made = circuit.each_row(node.name, module, rows, (cut[1], result_type(node)))
    if cut[2] > 1:
        places = np.argsort(slices.ravel()) + 1
        return circuit.wired(f"{node.name}_joined", [made], places.reshape(shape))
    return circuit.reshaped(made, math.prod(shape[:-1]), int(shape[-1]))


def one_position(node: Any, context: RtlContext) -> Signal:
    """Place the module of one position of a stream, and return the output.

    Raises:
        EvaluationError: the softmax is not over the channels, or hls4ml has no such implementation.
    """
    given = context.given(node)
    if str(node.get_attr("implementation")) == "legacy":
        raise refused(node, "open", "has no rule for softmax 'legacy' in a stream")
    if (slice_size(node), inner_size(node)) != (given.features, 1):
        raise refused(node, "open", "can build softmax over the last axis of a stream alone")
    made = (given.features, result_type(node))
    module = _module(node, given.type, context.circuit.pipeline)
    return context.circuit.each_row(node.name, module, given, made)


def _module(node: Any, given: FixedType, pipeline: Pipeline) -> Module:
    """Return the module of a slice.

    Args:
        node: the layer.
        given: type of its inputs.
        pipeline: where the family wants registers.

    Raises:
        EvaluationError: hls4ml has no such implementation.
    """
    implementation, result = str(node.get_attr("implementation")), result_type(node)
    classes = slice_size(node)
    if implementation not in IMPLEMENTATIONS:
        raise refused(node, "open", f"has no rule for softmax '{implementation}'")
    if implementation == "argmax":
        return argmax(classes, given, result, pipeline)
    if implementation == "legacy":
        return legacy(replace(_legacy_spec(node, classes, given, result), pipeline=pipeline))
    spec = SoftmaxSpec(
        classes, given, implementation == "stable", exp_table(node), type_of(node, "accum_t"),
        inverse_table(node), result, pipeline,
    )  # fmt: skip
    return softmax(spec)


def _legacy_spec(node: Any, classes: int, given: FixedType, result: FixedType) -> LegacySpec:
    """Return types and tables of the implementation `legacy`; inverses in the result type."""
    size = int(node.get_attr("table_size"))
    exponentials = entries("exp", size, LEGACY_TYPE)
    inverses, _ = cast(legacy_inverses(size), result)
    scales = (size // (2 * (TABLES["exp"].half_range or 0)), LEGACY_SUMS.bit_length() - 1)
    first, second = ([int(v) for v in table.raw] for table in (exponentials, inverses))
    return LegacySpec(classes, given, LEGACY_TYPE, result, first, second, *scales)
