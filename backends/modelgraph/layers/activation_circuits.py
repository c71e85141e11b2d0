"""Circuits and costs of activations, which layers with and without parameters share.

A table for the circuit has its entries in the layer's result type, so that no cast follows it.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.modelgraph.activation_functions import SELU_SLOPE, TableOptions
from backends.modelgraph.activation_tables import NEGATIVE_RANGE, TABLES, entries
from backends.modelgraph.arithmetic import multiply
from backends.modelgraph.cost import (
    BRAM_18K_BITS,
    Cost,
    casts,
    constant_products,
    dsp_slices,
    width,
)
from backends.modelgraph.fixed_point import FixedType, Tensor, cast
from backends.modelgraph.layers.rules import RtlContext, result_type, type_of
from backends.modelgraph.rtl.circuit import Rows, Signal
from backends.modelgraph.rtl.exact import Constant
from backends.modelgraph.rtl.modules.functions import Function, line, mapped
from backends.modelgraph.rtl.modules.tables import (
    TableSpec,
    centred_cycles,
    negative_table,
    table_activation,
)
from backends.modelgraph.rtl.number import Number
from backends.modelgraph.rtl.path import Path
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, signed_bits


def table_options(node: Any) -> TableOptions:
    """Return size and type of a node's table."""
    return TableOptions(int(node.get_attr("table_size", 1024)), type_of(node, "table_t"))


def constants(tensor: Tensor) -> list[Constant]:
    """Return the numbers of a tensor as constants of a circuit."""
    return [Constant(int(raw), tensor.fractional) for raw in np.ravel(tensor.raw)]


def placed(node: Any, context: RtlContext, kind: str, functions: Sequence[Function]) -> Signal:
    """Place a module that applies functions to every row of a node's input; return the output.

    Args:
        node: the layer.
        context: of its RTL rule.
        kind: name of the functions.
        functions: one for each feature, or one for each number of the whole input.
    """
    given, result = context.given(node), result_type(node)
    size = given.rows * given.features
    rows = context.circuit.reshaped(given, size // len(functions), len(functions))
    module = mapped(kind, given.type, result, functions, context.circuit.pipeline)
    made = context.circuit.each_row(node.name, module, rows, (len(functions), result))
    return context.circuit.reshaped(made, given.rows, given.features)


def _table_of(
    node: Any, name: str, given: FixedType, alpha: Tensor | None, pipeline: Pipeline
) -> Module:
    """Return the module of an activation by table, for one number.

    Args:
        node: the layer.
        name: a key of `TABLES`.
        given: type of the input.
        alpha: factor of the entries for negative numbers; None for 1.
        pipeline: where the family wants registers.
    """
    options, result = table_options(node), result_type(node)
    exact, table = entries(name, options.size, options.kind), TABLES[name]
    contents, _ = cast(exact if alpha is None else multiply(exact, alpha), result)
    raw = [int(value) for value in contents.raw]
    if table.half_range is not None:
        per_unit = options.size // (2 * table.half_range)
        return table_activation(name, TableSpec(given, result, raw, per_unit, pipeline))
    slope = constants(SELU_SLOPE)[0] if name == "selu" else None
    positive = line(slope, Constant(0)) if slope else _same
    per_unit, first = options.size // NEGATIVE_RANGE, table.clamped_below
    spec = TableSpec(given, result, raw, per_unit, pipeline)
    return negative_table(name, spec, positive, first_below=first)


def _same(_: Path, x: Number) -> Number:
    """Return the input of a function."""
    return x


def placed_tables(node: Any, context: RtlContext, name: str, alpha: Tensor | None = None) -> Signal:
    """Place the table of an activation for every number of a node's input; return the output.

    Where rows take turns, so do the tables, as many at once as these rows have numbers.
    """
    given, circuit, result = context.given(node), context.circuit, result_type(node)
    module = _table_of(node, name, given.type, alpha, circuit.pipeline)
    single = circuit.reshaped(given, given.rows * given.features, 1)
    turns = context.rows
    if turns is not None:
        turns = Rows(turns.at_once * given.features, turns.interval)
    made = circuit.each_row(node.name, module, single, (1, result), rows=turns)
    return circuit.reshaped(made, given.rows, given.features)


def cycles_of(node: Any, functions: Sequence[Function]) -> int:
    """Return the cycles of `placed`, from the circuit of some of its functions.

    Args:
        node: the layer.
        functions: those that may take different steps: one for every width of their constants.
    """
    given = FixedType.of(node.get_input_variable().type.precision)
    return mapped("cycles", given, result_type(node), functions).latency


def cost_of(node: Any, name: str, functions: Sequence[Function] = ()) -> Cost:
    """Return the cost of an activation.

    ReLU and casts have no flip-flops: they are built in before the result register of the layer
    they follow. The others compare, choose and register, or have a table for each element.

    Args:
        node: the layer.
        name: name of the function.
        functions: those of its circuit, where it has no table; see `cycles_of`.
    """
    output = node.get_output_variable()
    bits, elements = width(output), output.size()
    given = FixedType.of(node.get_input_variable().type.precision)
    waiting = elements * given.width
    limits = casts(elements, given, result_type(node))
    if name in ("linear", "relu"):
        return Cost(lut=elements * bits)
    if name in _SIGN_BITS:  # all bits but these are constant, or equal to one of them
        registers = elements * _SIGN_BITS[name]
        compared = elements * given.width / 3 if name == "ternary_tanh" else 0.0
        made = Cost(lut=compared, ff=registers, depth=1)
        return made.lasting(cycles_of(node, functions), waiting)
    if name not in TABLES:
        compared = elements * given.width / 3  # two bits and a carry fit a look-up table
        chosen = elements * bits if name in _TO_A_LIMIT else 0
        made = Cost(lut=compared + chosen + limits, ff=elements * bits, depth=1)
        return made.lasting(cycles_of(node, functions), waiting)
    table = table_options(node)
    tables = math.ceil(table.size * table.kind.width / BRAM_18K_BITS) * elements
    half_range = TABLES[name].half_range
    if half_range is not None:
        depth = centred_cycles(given, table.size // (2 * half_range), table.size)
        return Cost(lut=elements * bits, ff=elements * bits, bram_18k=tables, depth=depth)
    slices = dsp_slices(given.width, SELU_SLOPE_BITS) if name == "selu" else 0
    lut = elements * (2 * given.width + bits) + limits
    depth = _table_of(node, name, given, None, DSP48E1).latency
    dsp, ff = elements * slices, elements * 3 * bits
    return Cost(lut=lut, ff=ff, dsp=dsp, bram_18k=tables, depth=depth)


def sloped_cost(
    node: Any, slopes: Tensor, functions: Sequence[Function], more_bits: int = 1
) -> Cost:
    """Return the cost of products of all elements with constants, and of what follows them.

    Args:
        node: the layer.
        slopes: one for every element, or a part that repeats itself.
        functions: those of its circuit; see `cycles_of`.
        more_bits: look-up tables per bit of a result besides the product.
    """
    output, given = node.get_output_variable(), node.get_input_variable()
    raw = [int(value) for value in np.ravel(slopes.raw)]
    products = constant_products(width(given), raw)
    repeats, bits = output.size() // len(raw), output.size() * width(output)
    # the product has as many bits as both operands, and all their fractional bits
    integer = FixedType.of(given.type.precision).integer + signed_bits(*raw) - slopes.fractional
    exact = FixedType(width(given) + signed_bits(*raw), integer)
    made = Cost(
        lut=repeats * products.lut + more_bits * bits
        + casts(output.size(), exact, result_type(node)),
        ff=repeats * products.ff + bits,
        dsp=repeats * products.dsp,
        depth=2,
    )  # fmt: skip
    return made.lasting(cycles_of(node, functions), output.size() * exact.width)


_SIGN_BITS = {"binary_tanh": 1, "ternary_tanh": 2}
_TO_A_LIMIT = ("relu1", "relu6")
"""Functions that choose another constant than 0, which registers have as their reset."""

SELU_SLOPE_BITS = 16
"""Bits of the slope of SELU, an ap_ufixed<16, 1>."""
