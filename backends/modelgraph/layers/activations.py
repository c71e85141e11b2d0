"""Activation functions as hls4ml builds them: comparisons and look-up tables.

Source: hls4ml, nnet_activation.h.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import BRAM_18K_BITS, Cost, width
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, cast, quantise
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.dense import unknown_activation
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    refused,
    result_type,
)
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.elementwise import convert
from backends.modelgraph.rtl.modules.tables import table_activation


def _sigmoid_float(x: np.ndarray[Any, np.dtype[np.float32]]) -> Raw:
    """Return ``1.0 / (1 + exp(-x))`` with the roundings of the firmware's C++.

    There ``std::exp(float)`` and the sum are of type float, and ``1.0`` makes the quotient a
    double that is returned as float.
    """
    exponential = np.exp(-x.astype(np.float64)).astype(np.float32)
    return np.asarray(1.0 / (np.float32(1) + exponential).astype(np.float64), dtype=np.float32)


def _tanh_float(x: np.ndarray[Any, np.dtype[np.float32]]) -> Raw:
    return np.asarray(np.tanh(x.astype(np.float64)), dtype=np.float32)


TABLES: dict[str, tuple[Callable[[Any], Raw], int]] = {
    "sigmoid": (_sigmoid_float, 8),
    "tanh": (_tanh_float, 4),
}
"""Function and half range r of activations whose table covers [-r, r) (nnet_activation.h)."""


def _table(node: Any, function: Callable[[Any], Raw], half_range: int) -> tuple[Tensor, int]:
    """Return the table of a function over [-half_range, half_range), and its number of entries."""
    size = int(node.get_attr("table_size"))
    index = np.arange(size, dtype=np.float64)
    inputs = (2 * half_range * (index - size / 2) / size).astype(np.float32)
    table, _ = quantise(function(inputs), FixedType.of(node.types["table_t"].precision))
    return table, size


def _index(data: Tensor, per_unit: int, size: int) -> Raw:
    """Return the table index of every value, clipped to the ends of the table.

    The firmware assigns the scaled value to an int, which truncates towards zero, and then
    adds half the size.

    Args:
        data: values to look up.
        per_unit: entries of the table per unit of the input.
        size: entries of the table.
    """
    # int64 holds 2**40 * per_unit, with per_unit at most 2**16 / 8
    wide = data.raw.astype(object if data.magnitude > 2**40 else np.int64)
    if data.fractional <= 0:
        scaled = wide * (per_unit << -data.fractional)
    else:
        magnitude = np.abs(wide) * per_unit >> data.fractional
        scaled = np.where(wide < 0, -magnitude, magnitude)
    return np.asarray(np.clip(scaled + size // 2, 0, size - 1), dtype=np.int64)


def _function(node: Any, walker: str) -> str:
    """Return the name of a node's activation function.

    Raises:
        EvaluationError: the function has no rule; the message names those that have.
    """
    name = str(node.get_attr("activation")).lower()
    known = ("linear", "relu", *TABLES)
    if name not in known:
        reason = f"has no rule for the activation '{name}'"
        hint = f"it has rules for {', '.join(known)}; csim takes every layer that hls4ml converts"
        raise refused(node, walker, reason, hint)
    return name


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the activation of a tensor: rectified, looked up, or only cast to the result type."""
    (data,), name = inputs, _function(node, "bittrue")
    if name == "relu":
        data = Tensor(np.maximum(data.raw, 0), data.fractional)
    if name in TABLES:
        function, half_range = TABLES[name]
        table, size = _table(node, function, half_range)
        data = Tensor(table.raw[_index(data, size // (2 * half_range), size)], table.fractional)
    return counter.cast(data, result_type(node))


def _contents(node: Any, name: str) -> tuple[list[int], int]:
    """Return the table for the circuit: raw outputs by index, and entries per unit of the input.

    Entries are cast to the result type here, so the circuit needs no cast behind the table.
    """
    function, half_range = TABLES[name]
    table, size = _table(node, function, half_range)
    outputs, _ = cast(table, result_type(node))
    return [int(value) for value in outputs.raw], size // (2 * half_range)


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
        rtl=rtl,
        kernels=KernelRules(
            class_names=("Activation",),
            steps=kernels,
            features=lambda layer, context: context.features(layer["inputs"][0]),
            refuse=unknown_activation,
        ),
    ),
)
