"""Rules of the element-wise sum and difference of two tensors of one shape.

Both are exact before the cast to the result type: hls4ml's nnet_merge.h computes ``a + b`` on
ap_fixed operands, whose result is wide enough to hold every sum.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, width
from backends.modelgraph.fixed_point import Tensor, fitting, rescale
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    refused,
    result_type,
)
from backends.modelgraph.rtl.circuit import Signal, Tap
from backends.modelgraph.rtl.modules.elementwise import add

OPERATIONS = ("add", "subtract")


def _operation(node: Any, walker: str) -> str:
    """Return the operation of a node.

    Raises:
        EvaluationError: the operation has no rule.
    """
    name = str(node.get_attr("op")).lower()
    if name not in OPERATIONS:
        raise refused(node, walker, f"has no rule for merge '{name}'")
    return name


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the sum or difference in the result type; exact before the cast."""
    operation = _operation(node, "bittrue")
    first, second = inputs
    fractional = max(first.fractional, second.fractional)
    # to the more fractional bits of the two, so nothing is rounded
    left, right = (rescale(part, fractional, "TRN") for part in (first, second))
    bound = sum(abs(int(part.min())) + abs(int(part.max())) for part in (left, right))
    left, right = fitting(left, bound), fitting(right, bound)
    total = left + right if operation == "add" else left - right
    return counter.cast(Tensor(total, fractional), result_type(node))


def cost(node: Any) -> Cost:
    """Return the cost: one adder and its register per element."""
    _operation(node, "estimate")
    output = node.get_output_variable()
    bits = output.size() * width(output)
    return Cost(lut=bits, ff=bits, depth=1)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place one row of adders for every row, and return the output."""
    operation, circuit, result = _operation(node, "open"), context.circuit, result_type(node)
    a, b = circuit.together(context.given(node, 0), context.given(node, 1))
    module = add(a.features, a.type, b.type, result, subtract=operation == "subtract")
    made = circuit.wires(node.name, a.rows, a.features, result, a.time + module.latency)
    for row in range(a.rows):
        wires = {"a": a.row(row), "b": b.row(row)}
        circuit.instance(node.name, module, wires, made.row(row), Tap(a.time))
    return made


def kernels(layer: Any, context: KernelContext) -> Iterator[KernelStep]:
    """Yield the kernel that adds two tables."""
    sources = tuple(context.source(source) for source in layer["inputs"])
    yield KernelStep("add", sources, context.table(layer["name"]))


def _no_kernel(layer: Any) -> str:
    operation = str(layer.get("op", "add")).lower()
    return "" if operation == "add" else f"has no kernel for '{operation}'"


RULES = (
    LayerRules(
        class_names=("Merge",),
        value=value,
        cost=cost,
        rtl=rtl,
        kernels=KernelRules(
            class_names=("Merge", "Add"),
            steps=kernels,
            features=lambda layer, context: context.features(layer["inputs"][0]),
            refuse=_no_kernel,
        ),
    ),
)
