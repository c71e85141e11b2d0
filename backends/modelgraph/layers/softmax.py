"""Rules of softmax as hls4ml builds it: exponential and inverse by look-up tables.

Source: hls4ml, nnet_activation.h, the functions ``softmax_*``.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.activation_tables import look_up
from backends.modelgraph.arithmetic import add, choose, integer, multiply, subtract, to_int
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.coarse_tables import coarse
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, fitting
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers import softmax_circuit
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    StreamRules,
    every_position,
    is_streamed,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.layers.softmax_tables import (
    LEGACY_SUMS,
    LEGACY_TYPE,
    exp_table,
    inner_size,
    inverse_table,
    legacy_inverses,
    slice_size,
)
from backends.modelgraph.vendor_hls import elementwise


def value(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return class probabilities in the input's shape.

    The firmware cuts the flat input into slices: outer axes, the axis of the sum, inner axes.

    Raises:
        EvaluationError: hls4ml has no such implementation.
    """
    (data,), implementation = inputs, str(node.get_attr("implementation"))
    if implementation not in _IMPLEMENTATIONS:
        raise refused(node, "bittrue", f"has no rule for softmax '{implementation}'")
    if is_streamed(node) and implementation == "legacy":  # computes other values in a stream
        raise refused(node, "bittrue", "has no rule for softmax 'legacy' in a stream")
    cut = (-1, slice_size(node), inner_size(node))
    slices = data.raw.reshape(cut).swapaxes(1, 2)
    rows = Tensor(slices.reshape(-1, cut[1]), data.fractional)
    made = counter.cast(_IMPLEMENTATIONS[implementation](node, rows, counter), result_type(node))
    shaped = made.raw.reshape(slices.shape).swapaxes(1, 2).reshape(data.raw.shape)
    return Tensor(shaped, made.fractional)


def _by_two_tables(node: Any, exponentials: Tensor, counter: CastCounter) -> Tensor:
    """Return exponentials divided by their sum, by a table of inverses."""
    accum = type_of(node, "accum_t")
    terms = counter.cast(exponentials, accum)
    total = Tensor(_tree_sum(terms.raw, accum, counter)[:, None], accum.fractional)
    return multiply(terms, _inverse(node, total, terms, counter))


def _stable(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """Look exp(x - max) up by the distance to the maximum."""
    raw = fitting(data.raw, 2 * data.magnitude)
    distance = raw.max(axis=1, keepdims=True) - raw
    table = exp_table(node)
    address = counter.cast(Tensor(distance, data.fractional), table.address)
    found = coarse(table.step, lambda x: np.exp(-x), address.values, table.cut)
    counter.looked_up("exp", found)
    return _by_two_tables(node, table.at(address), counter)


def _latency(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """Look exp(x) up by the top bits of x."""
    table = exp_table(node)
    address = counter.cast(data, table.address)
    values = address.values
    # as shares of the largest, which all are divided by in effect
    largest = values.max(axis=1, keepdims=True)
    found = coarse(table.step, lambda x: np.exp(x - largest), values, table.cut)
    counter.looked_up("exp", found)
    return _by_two_tables(node, table.at(address), counter)


def _inverse(node: Any, total: Tensor, terms: Tensor, counter: CastCounter) -> Tensor:
    """Return 1 / total, looked up by the top bits of the total.

    Args:
        node: the layer.
        total: sums of the terms.
        terms: exponentials; the largest one's share is what the table's step is judged by.
        counter: counts the casts.
    """
    table = inverse_table(node)
    address = counter.cast(total, table.address)
    largest, most = (
        terms.values.max(axis=1, keepdims=True),
        table.kind.high * 2.0**-table.kind.fractional,
    )

    def share(sums: NDArray[np.float64]) -> NDArray[Any]:
        with np.errstate(divide="ignore"):
            return np.asarray(largest * np.minimum(1 / sums, most))

    counter.looked_up("inverse", coarse(table.step, share, address.values, table.cut))
    return table.at(address)


def _legacy(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """Look 1 / sum(exp(x_j - x_i)) up, over all j."""
    size, count = int(node.get_attr("table_size")), data.raw.shape[1]
    total = integer(0)
    for other in range(count):
        difference = subtract(Tensor(data.raw[:, [other]], data.fractional), data)
        term = look_up("exp", difference, size, LEGACY_TYPE)
        own = choose(np.arange(count) == other, integer(1), term)
        total = counter.cast(add(total, own), LEGACY_TYPE)
    rows = np.clip(to_int(total, size, LEGACY_SUMS), 0, size - 1)
    table = legacy_inverses(size)
    return Tensor(table.raw[rows], table.fractional)


def _argmax(node: Any, data: Tensor, counter: CastCounter) -> Tensor:  # noqa: ARG001
    """Return 1 for the first of the largest values, and 0 for the others."""
    largest = data.raw.argmax(axis=1)
    return Tensor((np.arange(data.raw.shape[1]) == largest[:, None]).astype(np.int64), 0)


_IMPLEMENTATIONS: dict[str, Callable[[Any, Tensor, CastCounter], Tensor]] = {
    "stable": _stable,
    "latency": _latency,
    "legacy": _legacy,
    "argmax": _argmax,
}


def _tree_sum(terms: Raw, to: FixedType, counter: CastCounter) -> Raw:
    """Return sums over the last axis by hls4ml's balanced tree (nnet_common.h, reduce).

    Every node is cast to the accumulator type, so the shape of the tree matters: the left half
    is the largest power of two below the number of terms.
    """
    count = terms.shape[1]
    if count == 1:
        return terms[:, 0]
    left = 1 << ((count - 1).bit_length() - 1)
    halves = (_tree_sum(part, to, counter) for part in (terms[:, :left], terms[:, left:]))
    total = sum(fitting(half, to.high * 2) for half in halves)
    return counter.cast(Tensor(np.asarray(total), to.fractional), to).raw


def kernels(layer: Any, context: KernelContext) -> Iterator[KernelStep]:
    """Yield the softmax kernel."""
    name = context.table(layer["name"])
    yield KernelStep("softmax", tuple(context.source(s) for s in layer["inputs"]), name)


RULES = (
    LayerRules(
        class_names=("Softmax",),
        value=value,
        cost=softmax_circuit.cost,
        vendor=elementwise.softmax,
        rtl=softmax_circuit.rtl,
        stream=StreamRules(front=every_position, rtl=softmax_circuit.one_position),
        kernels=KernelRules(
            class_names=("Softmax",),
            steps=kernels,
            features=lambda layer, context: context.features(layer["inputs"][0]),
        ),
        keras_handlers="backends.modelgraph.layers.softmax_keras",
    ),
)
