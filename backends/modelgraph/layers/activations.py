"""Rules of activations without parameters: comparisons and look-up tables.

Source: hls4ml, nnet_activation.h.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from hls4ml.model.types import IntegerPrecisionType, XnorPrecisionType

from backends.modelgraph.activation_functions import FUNCTIONS, TableOptions, activated
from backends.modelgraph.activation_tables import TABLES, entries
from backends.modelgraph.arithmetic import clip, greater, integer, multiply
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import BRAM_18K_BITS, Cost, width
from backends.modelgraph.fixed_point import FixedType, Tensor, cast
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.dense import unknown_activation
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.elementwise import convert
from backends.modelgraph.rtl.modules.tables import table_activation
from backends.modelgraph.vendor_hls import elementwise

IN_CIRCUITS = ("linear", "relu", "sigmoid", "tanh")
"""Activations that every backend has a rule for."""

_KNOWN = {"bittrue": (*FUNCTIONS, "ternary_tanh"), "estimate": IN_CIRCUITS, "open": IN_CIRCUITS}


def table_options(node: Any) -> TableOptions:
    """Return size and type of a node's table."""
    return TableOptions(int(node.get_attr("table_size", 1024)), type_of(node, "table_t"))


def _function(node: Any, walker: str) -> str:
    """Return the name of a node's activation function.

    Raises:
        EvaluationError: the function has no rule; the message names those that have.
    """
    name = str(node.get_attr("activation")).lower()
    known = _KNOWN[walker]
    if name not in known:
        reason = f"has no rule for the activation '{name}'"
        hint = f"it has rules for {', '.join(known)}"
        raise refused(node, walker, reason, hint)
    return name


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the activation of a tensor in the result type."""
    (data,), name = inputs, _function(node, "bittrue")
    if name == "ternary_tanh":
        return ternary_tanh(node, inputs, counter)
    exact = activated(name, data, table_options(node))
    if name == "binary_tanh" and _is_one_bit(node):
        exact = clip(exact, 0, 1)  # binary_cast encodes -1 as 0
    return counter.cast(exact, result_type(node))


def _is_one_bit(node: Any) -> bool:
    """Whether a node's output has the C++ type ap_uint<1>, which ap_ufixed<1, 1> is not."""
    precision = node.types["result_t"].precision
    integers = isinstance(precision, (IntegerPrecisionType, XnorPrecisionType))
    return integers and precision.width == 1 and not precision.signed


def ternary_tanh(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return -1, 0 or 1, decided by twice the input, which may overflow the input's type."""
    given = FixedType.of(node.get_input_variable().type.precision)
    data = counter.cast(multiply(inputs[0], integer(2)), given)
    above, not_below = greater(data, integer(1)), greater(data, integer(-1))
    exact = above.astype(np.int64) - ~not_below
    return counter.cast(Tensor(exact, 0), result_type(node))


def _contents(node: Any, name: str) -> tuple[list[int], int]:
    """Return the table for the circuit: raw outputs by index, and entries per unit of the input.

    Entries are cast to the result type here, so the circuit needs no cast behind the table.
    """
    options = table_options(node)
    outputs, _ = cast(entries(name, options.size, options.kind), result_type(node))
    half_range = TABLES[name].half_range
    assert half_range is not None  # noqa: S101  (of the functions in `IN_CIRCUITS`)
    return [int(value) for value in outputs.raw], options.size // (2 * half_range)


def cost(node: Any) -> Cost:
    """Return the cost: one multiplexer per element for ReLU, else one table in block RAM each."""
    output = node.get_output_variable()
    bits, elements = width(output), output.size()
    if _function(node, "estimate") not in TABLES:
        # no flip-flops: it is built in before the result register of the layer it follows
        return Cost(lut=elements * bits)
    table_bits = int(node.get_attr("table_size", 1024)) * node.types["table_t"].precision.width
    tables = math.ceil(table_bits / BRAM_18K_BITS) * elements
    return Cost(lut=elements * bits, ff=elements * bits, bram_18k=tables, depth=3)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place a cast per row (linear, ReLU) or a table per element, and return the output."""
    given, name, result = context.given(node), _function(node, "open"), result_type(node)
    circuit = context.circuit
    if name not in TABLES:
        module = convert(given.features, given.type, result, rectify=name == "relu")
        return circuit.each_row(node.name, module, given, (given.features, result))
    contents, per_unit = _contents(node, name)
    module = table_activation(name, given.type, result, contents, per_unit)
    single = circuit.reshaped(given, given.rows * given.features, 1)
    made = circuit.each_row(node.name, module, single, (1, result), rows=context.rows)
    return circuit.reshaped(made, given.rows, given.features)


def kernels(layer: Any, context: KernelContext) -> Iterator[KernelStep]:
    """Yield an element-wise kernel, unless the dense layer before has applied the activation."""
    if not context.is_alias(layer["name"]):
        name = context.table(layer["name"])
        sources = tuple(context.source(source) for source in layer["inputs"])
        yield KernelStep("activate", sources, name, activation=layer["activation"])


RULES = (
    LayerRules(
        class_names=("Activation",),
        value=value,
        cost=cost,
        vendor=elementwise.relu,
        rtl=rtl,
        kernels=KernelRules(
            class_names=("Activation",),
            steps=kernels,
            features=lambda layer, context: context.features(layer["inputs"][0]),
            refuse=unknown_activation,
        ),
    ),
    LayerRules(class_names=("TernaryTanh",), value=ternary_tanh),
)
