"""Rules of element-wise operations on two tensors, and of their dot product.

All but the dot product are exact before the cast to the result type: hls4ml's nnet_merge.h
computes with ap_fixed operands, whose results are wide enough to hold every value.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from backends.modelgraph.arithmetic import add, choose, greater, multiply, subtract
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, width
from backends.modelgraph.fixed_point import Tensor
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.rules import (
    BY_POSITION,
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.rtl.circuit import Signal, Tap
from backends.modelgraph.rtl.modules.elementwise import add as adder

_HALF = Tensor(np.asarray(1), 1)

_EXACT: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "average": lambda left, right: multiply(add(left, right), _HALF),
    "maximum": lambda left, right: choose(greater(left, right), left, right),
    "minimum": lambda left, right: choose(greater(right, left), left, right),
}

IN_CIRCUITS = ("add", "subtract")
"""Operations that every backend has a rule for."""

_KNOWN = {"bittrue": tuple(_EXACT), "estimate": IN_CIRCUITS, "open": IN_CIRCUITS}


def _operation(node: Any, walker: str) -> str:
    """Return the operation of a node.

    Raises:
        EvaluationError: the operation has no rule.
    """
    name = str(node.get_attr("op")).lower()
    if name not in _KNOWN[walker]:
        raise refused(node, walker, f"has no rule for merge '{name}'")
    return name


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the result of an operation in the result type; exact before the cast.

    The firmware repeats the shorter of two flat arrays until it is as long as the other, which
    is what Keras does where only leading axes are broadcast.

    Raises:
        EvaluationError: the operation has no rule, or the firmware computes a part of the result.
    """
    operation = _EXACT[_operation(node, "bittrue")]
    shape = tuple(node.get_output_variable().shape)
    _check_complete(node, inputs)
    left, right = (_repeated(part, math.prod(shape)) for part in inputs)
    exact = operation(left, right)
    return counter.cast(Tensor(exact.raw.reshape(-1, *shape), exact.fractional), result_type(node))


def _check_complete(node: Any, inputs: Sequence[Tensor]) -> None:
    """Refuse inputs of different shapes of which hls4ml takes the wrong one for the larger.

    It compares the sizes as texts, so that "4" is larger than "3*4"; the firmware then leaves
    the other elements of its result undefined (merge_templates.py).
    """
    shapes = [part.raw.shape[1:] for part in inputs]
    taken = max(shapes, key=lambda shape: "*".join(map(str, shape)))
    if math.prod(taken) < max(map(math.prod, shapes)):
        reason = f"cannot repeat the smaller of {shapes[0]} and {shapes[1]}"
        hint = "hls4ml's code leaves a part of the result undefined; give both inputs one shape"
        raise refused(node, "bittrue", reason, hint)


def _repeated(data: Tensor, size: int) -> Tensor:
    """Return a tensor as flat arrays (batch, size); a shorter one repeats itself."""
    flat = data.raw.reshape(len(data.raw), -1)
    if flat.shape[1] != size:
        flat = flat[:, np.arange(size) % flat.shape[1]]
    return Tensor(flat, data.fractional)


def dot(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the dot product (batch, 1) of two vectors.

    Every product and every partial sum is cast to the accumulator type.
    """
    accum = type_of(node, "accum_t")
    products = counter.cast(multiply(*inputs), accum)
    total, *others = (Tensor(raw[:, None], accum.fractional) for raw in products.raw.T)
    for term in others:
        total = counter.cast(add(total, term), accum)
    return counter.cast(total, result_type(node))


def cost(node: Any) -> Cost:
    """Return the cost: one adder and its register per element."""
    _operation(node, "estimate")
    output = node.get_output_variable()
    bits = output.size() * width(output)
    return Cost(lut=bits, ff=bits, depth=1)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place one row of adders for every row, and return the output.

    Raises:
        EvaluationError: the inputs have different shapes.
    """
    operation, circuit, result = _operation(node, "open"), context.circuit, result_type(node)
    a, b = circuit.together(context.given(node, 0), context.given(node, 1))
    if (a.rows, a.features) != (b.rows, b.features):
        raise refused(node, "open", "cannot repeat the smaller of two inputs")
    module = adder(a.features, a.type, b.type, result, subtract=operation == "subtract")
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
        stream=BY_POSITION,
        kernels=KernelRules(
            class_names=("Merge", "Add"),
            steps=kernels,
            features=lambda layer, context: context.features(layer["inputs"][0]),
            refuse=_no_kernel,
        ),
    ),
    LayerRules(class_names=("Dot",), value=dot),
)
