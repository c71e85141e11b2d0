"""Rules of element-wise operations on two tensors, and of their dot product.

All but the dot product are exact before the cast to the result type: hls4ml's nnet_merge.h
computes with ap_fixed operands, whose results are wide enough to hold every value.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backends.modelgraph.arithmetic import add, choose, greater, multiply, subtract
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost, casts, dsp_slices, width
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    StreamRules,
    every_position,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.rtl.circuit import Signal, Tap
from backends.modelgraph.rtl.modules.pairs import dot_product, merged
from backends.modelgraph.rtl.wiring import numbers

_HALF = Tensor(np.asarray(1), 1)

_EXACT: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "average": lambda left, right: multiply(add(left, right), _HALF),
    "maximum": lambda left, right: choose(greater(left, right), left, right),
    "minimum": lambda left, right: choose(greater(right, left), left, right),
}


def _operation(node: Any, walker: str) -> str:
    """Return the operation of a node.

    Raises:
        EvaluationError: the operation has no rule.
    """
    name = str(node.get_attr("op")).lower()
    if name not in _EXACT:
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
    _check_complete(node, "bittrue")
    left, right = (_repeated(part, math.prod(shape)) for part in inputs)
    exact = operation(left, right)
    return counter.cast(Tensor(exact.raw.reshape(-1, *shape), exact.fractional), result_type(node))


def _check_complete(node: Any, walker: str) -> None:
    """Refuse inputs of different shapes of which hls4ml takes the wrong one for the larger.

    It compares the sizes as texts, so that "4" is larger than "3*4"; the firmware then leaves
    the other elements of its result undefined (merge_templates.py).
    """
    shapes = _shapes(node)
    taken = max(shapes, key=lambda shape: "*".join(map(str, shape)))
    if math.prod(taken) < max(map(math.prod, shapes)):
        reason = f"cannot repeat the smaller of {shapes[0]} and {shapes[1]}"
        hint = "hls4ml's code leaves a part of the result undefined; give both inputs one shape"
        raise refused(node, walker, reason, hint)


def _shapes(node: Any) -> list[tuple[int, ...]]:
    """Return the shapes of both inputs."""
    return [tuple(map(int, node.get_input_variable(name).shape)) for name in node.inputs]


def _repeated(data: Tensor, size: int) -> Tensor:
    """Return a tensor as flat arrays (batch, size); a shorter one repeats itself."""
    flat = data.raw.reshape(len(data.raw), -1)
    return Tensor(_as_long(flat, size), data.fractional)


def _as_long(flat: Raw, size: int) -> Raw:
    """Return arrays (batch, size) of which shorter ones repeat themselves."""
    return flat if flat.shape[1] == size else flat[:, np.arange(size) % flat.shape[1]]


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
    """Return the cost: an adder, a comparison and a choice, or a multiplier, for every element."""
    operation, output = _operation(node, "estimate"), node.get_output_variable()
    elements, bits = output.size(), output.size() * width(output)
    limits = casts(elements, _exact_type(node, operation), result_type(node))
    if operation == "multiply":
        products = _products(node, elements)
        made = replace(products, lut=products.lut + limits, ff=products.ff + bits, depth=2)
    else:
        compares = operation in ("maximum", "minimum")
        made = Cost(lut=bits * (2 if compares else 1) + limits, ff=bits, depth=1)
    return made.lasting(merged(operation, 1, _given_types(node), result_type(node)).latency, bits)


def _given_types(node: Any) -> tuple[FixedType, FixedType]:
    """Return the types of both inputs."""
    first, second = (node.get_input_variable(name).type.precision for name in node.inputs)
    return FixedType.of(first), FixedType.of(second)


def _products(node: Any, count: int) -> Cost:
    """Return the cost of registered products of elements of both inputs."""
    first, second = (width(node.get_input_variable(name)) for name in node.inputs)
    slices = dsp_slices(first, second)
    soft = 0 if slices else first * second
    ff = 0 if slices else first + second
    return Cost(lut=count * soft, ff=count * ff, dsp=count * slices, depth=1)


def _exact_type(node: Any, operation: str) -> FixedType:
    """Return a type that holds every result of an operation on elements of both inputs."""
    first, second = _given_types(node)
    if operation == "multiply":
        return FixedType(first.width + second.width, first.integer + second.integer)
    carry = 0 if operation in ("maximum", "minimum") else 1
    signs = int(first.signed != second.signed)
    integer = max(first.integer, second.integer) + signs + carry
    fractional = max(first.fractional, second.fractional) + int(operation == "average")
    return FixedType(integer + fractional, integer)


def dot_cost(node: Any) -> Cost:
    """Return the cost: a multiplier for every pair of elements, and the adder tree."""
    terms, exact = node.get_input_variable().size(), _exact_type(node, "multiply")
    found = sum_of_products(node, terms, 1)
    return replace(found, lut=found.lut + casts(terms, exact, type_of(node, "accum_t")))


def sum_of_products(node: Any, terms: int, sums: int) -> Cost:
    """Return the cost of sums of products of elements of both inputs.

    Args:
        node: the layer.
        terms: products in a sum.
        sums: number of sums.
    """
    products = _products(node, terms * sums)
    adders = (terms - 1) * sums * type_of(node, "accum_t").width
    bits = sums * width(node.get_output_variable())
    return replace(
        products,
        lut=products.lut + adders + bits,
        ff=products.ff + adders + bits,
        depth=2 + math.ceil(math.log2(terms)),
    )


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place one row of operations for every row, and return the output.

    Raises:
        EvaluationError: the operation has no rule, or the firmware computes a part of the result.
    """
    operation, circuit, result = _operation(node, "open"), context.circuit, result_type(node)
    _check_complete(node, "open")
    size = max(map(math.prod, _shapes(node)))
    both = circuit.together(*(_long(node, context, number, size) for number in range(2)))
    a, b = (circuit.reshaped(signal, both[0].rows, both[0].features) for signal in both)
    module = merged(operation, a.features, (a.type, b.type), result, circuit.pipeline)
    made = circuit.wires(node.name, a.rows, a.features, result, a.time + module.latency)
    for row in range(a.rows):
        wires = {"a": a.row(row), "b": b.row(row)}
        circuit.instance(node.name, module, wires, made.row(row), Tap(a.time))
    return made


def _one_position(node: Any, context: RtlContext) -> Signal:
    """Place the operations of one position of two streams, and return the output.

    Raises:
        EvaluationError: the operation has no rule, or one input is smaller than the other.
    """
    operation, circuit, result = _operation(node, "open"), context.circuit, result_type(node)
    a, b = circuit.together(*(context.given(node, number) for number in range(2)))
    if a.features != b.features:
        raise refused(node, "open", "cannot repeat the smaller of two streams")
    module = merged(operation, a.features, (a.type, b.type), result, circuit.pipeline)
    made = circuit.wires(node.name, 1, a.features, result, a.time + module.latency)
    circuit.instance(node.name, module, {"a": a.bus, "b": b.bus}, made.bus, Tap(a.time))
    return made


def _long(node: Any, context: RtlContext, number: int, size: int) -> Signal:
    """Return an input of a node; a shorter one repeats itself, in the shape of the output."""
    given, shape = context.given(node, number), node.get_output_variable().shape
    if given.rows * given.features == size:
        return context.circuit.reshaped(given, math.prod(shape[:-1]), int(shape[-1]))
    repeated = _as_long(numbers((1, given.rows * given.features)), size)
    name = f"{node.name}_input{number}"
    return context.circuit.wired(name, [given], repeated.reshape(shape))


def dot_rtl(node: Any, context: RtlContext) -> Signal:
    """Place the products and their sum, and return the output."""
    circuit, result, accum = context.circuit, result_type(node), type_of(node, "accum_t")
    a, b = circuit.together(context.given(node, 0), context.given(node, 1))
    types = (a.type, b.type)
    module = dot_product(
        a.rows * a.features, types, accum, result, cast_products=True, pipeline=circuit.pipeline
    )
    made = circuit.wires(node.name, 1, 1, result, a.time + module.latency)
    circuit.instance(node.name, module, {"a": a.bus, "b": b.bus}, made.bus, Tap(a.time))
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
        stream=StreamRules(front=every_position, rtl=_one_position),
        kernels=KernelRules(
            class_names=("Merge", "Add"),
            steps=kernels,
            features=lambda layer, context: context.features(layer["inputs"][0]),
            refuse=_no_kernel,
        ),
    ),
    LayerRules(class_names=("Dot",), value=dot, cost=dot_cost, rtl=dot_rtl),
)
