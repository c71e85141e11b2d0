"""Rules of activations without parameters: comparisons and look-up tables.

Source: hls4ml, nnet_activation.h.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from hls4ml.model.types import IntegerPrecisionType, XnorPrecisionType

from backends.modelgraph.activation_functions import FUNCTIONS, activated
from backends.modelgraph.activation_tables import TABLES
from backends.modelgraph.arithmetic import clip, greater, integer, multiply
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, width
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.activation_circuits import (
    cost_of,
    placed,
    placed_tables,
    table_options,
)
from backends.modelgraph.layers.dense import unknown_activation
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
from backends.modelgraph.nodes import is_weighted, relu_behind
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.exact import MINUS_ONE, ZERO
from backends.modelgraph.rtl.modules.elementwise import convert
from backends.modelgraph.rtl.modules.functions import Function, bounded, sign, ternary
from backends.modelgraph.vendor_hls import elementwise

_KNOWN = (*FUNCTIONS, "ternary_tanh")

_NOT_IN_STREAMS = ("relu1", "relu6", "selu", "ternary_tanh")
"""Activations that hls4ml's nnet_activation_stream.h lacks (the first two) or computes otherwise.

Its SELU rounds the slope to the type of the data, its ternary tanh has thresholds of 1, not 1/2.
"""


def function_of(node: Any, walker: str, known: Sequence[str] = _KNOWN) -> str:
    """Return the name of a node's activation function.

    Args:
        node: the layer.
        walker: backend that asks, for the error.
        known: functions that have rules.

    Raises:
        EvaluationError: the function has no rule; the message names those that have.
    """
    name = str(node.get_attr("activation")).lower()
    if name not in known:
        reason = f"has no rule for the activation '{name}'"
        hint = f"it has rules for {', '.join(known)}"
        raise refused(node, walker, reason, hint)
    if is_streamed(node) and name in _NOT_IN_STREAMS:
        reason = f"has no rule for the activation '{name}' in a stream"
        hint = "hls4ml's firmware for streams lacks it or computes other values: use io_parallel"
        raise refused(node, walker, reason, hint)
    return name


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the activation of a tensor in the result type."""
    (data,), name = inputs, function_of(node, "bittrue")
    if name == "ternary_tanh":
        return ternary_tanh(node, inputs, counter)
    options = table_options(node)
    exact = activated(name, data, options)
    if name in TABLES:
        counter.looked_up(name, TABLES[name].coarse(data, options.size))
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


def cost(node: Any) -> Cost:
    """Return the cost: one multiplexer per element for ReLU, else one table in block RAM each."""
    name = function_of(node, "estimate")
    given = FixedType.of(node.get_input_variable().type.precision)
    function = _without_table(node, given).get(name)
    cost = cost_of(node, name, [function] if function else ())
    if name not in ("linear", "relu") or _is_built_in(node):
        return cost
    module = convert(1, given, result_type(node), rectify=name == "relu")
    bits = node.get_output_variable().size() * width(node.get_output_variable())
    return cost.lasting(module.latency, bits)


def _is_built_in(node: Any) -> bool:
    """Whether a ReLU is a part of the circuit of the layer before."""
    before = node.get_input_node()
    return before is not None and is_weighted(before) and relu_behind(before) is node


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place a module per row, or a table per element, and return the output."""
    given, name, result = context.given(node), function_of(node, "open"), result_type(node)
    circuit = context.circuit
    if name in ("linear", "relu"):
        module = convert(
            given.features, given.type, result, rectify=name == "relu", pipeline=circuit.pipeline
        )
        return circuit.each_row(node.name, module, given, (given.features, result))
    if name in TABLES:
        return placed_tables(node, context, name)
    function = _without_table(node, given.type)[name]
    return placed(node, context, name, [function] * given.features)


def _without_table(node: Any, given: FixedType) -> dict[str, Function]:
    """Return the functions of circuits by name, but for those by table."""
    ends = ZERO if _is_one_bit(node) else MINUS_ONE
    return {
        "relu1": bounded(0, 1),
        "relu6": bounded(0, 6),
        "binary_tanh": sign(ends),
        "ternary_tanh": ternary(given),
    }


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
        vendor=elementwise.activation,
        rtl=rtl,
        stream=BY_POSITION,
        kernels=KernelRules(
            class_names=("Activation",),
            steps=kernels,
            features=lambda layer, context: context.features(layer["inputs"][0]),
            refuse=unknown_activation,
        ),
    ),
    LayerRules(class_names=("TernaryTanh",), value=ternary_tanh, cost=cost, rtl=rtl),
)
