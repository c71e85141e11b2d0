"""Rules of layer normalisation over the last of two axes.

Source: hls4ml, nnet_layernorm.h. Mean, differences and variance have the accumulator type; one
over the standard deviation comes from a table.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backends.modelgraph.arithmetic import add, multiply, subtract, to_int
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import BRAM_18K_BITS, Cost, dsp_slices, width
from backends.modelgraph.fixed_point import FixedType, Tensor, quantise
from backends.modelgraph.layers.activation_circuits import constants
from backends.modelgraph.layers.rules import (
    LayerRules,
    RtlContext,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.layers.weighted_sum import as_written
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.layer_normalisation import (
    NormalisationSpec,
    layer_normalisation,
)


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return (x - mean) / sqrt(variance + epsilon) * scale + bias in the result type."""
    (data,), accum = inputs, type_of(node, "accum_t")
    inverse = _inverse(int(data.raw.shape[-1]), accum)
    terms = counter.cast(data, accum)
    mean = counter.cast(multiply(_sum(terms, accum, counter), inverse), accum)
    differences = counter.cast(subtract(terms, mean), accum)
    squares = counter.cast(multiply(differences, differences), accum)
    variance = counter.cast(multiply(_sum(squares, accum, counter), inverse), accum)
    normal = multiply(differences, _one_over_deviation(node, variance))
    scale, bias = (as_written(node.weights[name]) for name in ("scale", "bias"))
    return counter.cast(add(multiply(normal, scale), bias), result_type(node))


def _inverse(length: int, accum: FixedType) -> Tensor:
    """Return 1 / length in the type of the sums."""
    return quantise(np.asarray(1.0 / length), accum)[0]


def _sum(terms: Tensor, accum: FixedType, counter: CastCounter) -> Tensor:
    """Return sums over the last axis, kept as an axis; every partial sum is cast."""
    total = Tensor(terms.raw[..., :1], accum.fractional)
    for index in range(1, terms.raw.shape[-1]):
        term = Tensor(terms.raw[..., index : index + 1], accum.fractional)
        total = counter.cast(add(total, term), accum)
    return total


def _one_over_deviation(node: Any, variance: Tensor) -> Tensor:
    """Return one over the square root of the variance, looked up."""
    table = _table(node)
    rows = np.clip(to_int(variance, _per_unit(node)), 0, table.raw.size - 1)
    return Tensor(table.raw[rows], table.fractional)


def _per_unit(node: Any) -> int:
    """Return the entries of the table per unit of the variance."""
    return int(node.get_attr("table_size")) << int(node.get_attr("table_range_power2"))


def _table(node: Any) -> Tensor:
    """Return the table of one over the square root.

    It covers variances in [0, 2**-table_range_power2), each with epsilon added.
    """
    size, power = int(node.get_attr("table_size")), int(node.get_attr("table_range_power2"))
    epsilon = np.float32(10.0 ** -int(node.get_attr("epsilon_power_of_10")))
    step = np.float32(2.0**-power) / np.float32(size)
    inputs = epsilon + step * np.arange(size, dtype=np.float32)
    return quantise(1.0 / np.sqrt(inputs).astype(np.float64), type_of(node, "table_t"))[0]


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place the circuit of a row for every row, and return the output.

    Raises:
        EvaluationError: the table's size is no power of two.
    """
    given, circuit, length = context.given(node), context.circuit, _length(node)
    rows = circuit.reshaped(given, given.rows * given.features // length, length)
    spec = replace(_spec(node, given.type), pipeline=context.circuit.pipeline)
    module = layer_normalisation(spec)
    return circuit.each_row(node.name, module, rows, (length, result_type(node)))


def _spec(node: Any, given: FixedType) -> NormalisationSpec:
    """Return types and constants of the circuit.

    Args:
        node: the layer.
        given: type of its inputs.

    Raises:
        EvaluationError: the table's size is no power of two.
    """
    accum, per_unit = type_of(node, "accum_t"), _per_unit(node)
    if per_unit.bit_count() != 1:
        raise refused(node, "open", f"has no rule for a table of {node.get_attr('table_size')}")
    (inverse,) = constants(_inverse(_length(node), accum))
    scales, biases = (constants(as_written(node.weights[name])) for name in ("scale", "bias"))
    return NormalisationSpec(
        given, accum, inverse, _table(node), type_of(node, "table_t"), per_unit, scales, biases,
        result_type(node),
    )  # fmt: skip


def _length(node: Any) -> int:
    return int(node.get_output_variable().shape[-1])


def cost(node: Any) -> Cost:
    """Return the cost: trees of sums, a square, two products by constants and a table lookup.

    A row has a tree for its sum and one for its squares, each with a product by 1 / length, and a
    table; each value a difference, a square, the product with the table's number and that with
    the scale, to which the bias is added.
    """
    output, table = node.get_output_variable(), type_of(node, "table_t").width
    size, length = output.size(), int(output.shape[-1])
    rows, accum = size // length, type_of(node, "accum_t").width
    weight, result = type_of(node, "scale_t").width, width(output)
    kinds = [
        (size, accum, accum),
        (size, accum, table),
        (size, accum + table, weight),
        (2 * rows, accum, accum),
    ]
    products = [_products(*kind) for kind in kinds]
    adders = 2 * rows * (length - 1) * accum + size * (accum + result)
    bits = int(node.get_attr("table_size")) * table
    return Cost(
        lut=adders + sum(product.lut for product in products),
        ff=adders + sum(product.ff for product in products),
        dsp=sum(product.dsp for product in products),
        bram_18k=rows * math.ceil(bits / BRAM_18K_BITS),
        # two trees with a product each, a difference, a square, the table, two products
        depth=2 * (math.ceil(math.log2(max(length, 2))) + 1) + 5,
    )


def _products(count: int, first_bits: int, second_bits: int) -> Cost:
    """Return the cost of multipliers of two variables."""
    slices = dsp_slices(first_bits, second_bits)
    bits = first_bits + second_bits
    if slices:
        return Cost(dsp=count * slices)
    return Cost(lut=count * first_bits * second_bits, ff=count * bits)


RULES = (LayerRules(class_names=("LayerNormalization",), value=value, cost=cost, rtl=rtl),)
