"""Rules of the inputs of a network."""

import math
from typing import Any

from backends.modelgraph.cost import no_cost
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    result_type,
)
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.vendor_hls import elementwise


def rtl(node: Any, context: RtlContext) -> Signal:
    """Add an input port to the circuit and return its signal."""
    shape = [int(size) for size in node.get_output_variable().shape]
    rows = math.prod(shape[:-1])
    return context.circuit.add_input(node.name, rows, shape[-1], result_type(node))


def kernels(layer: Any, context: KernelContext) -> list[KernelStep]:
    """Make the table that the host fills; node numbers have a buffer of their own instead."""
    if not context.is_index(layer["name"]):
        context.table(layer["name"])
    return []


def features(layer: Any, context: KernelContext) -> int:
    """Return the number of columns of an input."""
    return 1 if context.is_index(layer["name"]) else int(layer["input_shape"][-1])


RULES = (
    LayerRules(
        class_names=("Input",),
        cost=no_cost,
        vendor=elementwise.wires,
        rtl=rtl,
        kernels=KernelRules(
            class_names=("InputLayer",), steps=kernels, features=features, rows_from="given"
        ),
    ),
)
"""Without a value rule: `evaluate` quantises the given arrays itself."""
