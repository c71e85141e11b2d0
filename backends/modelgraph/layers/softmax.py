"""Rules of softmax as hls4ml builds it: exponential and inverse by look-up tables.

Source: hls4ml, nnet_activation.h, the functions ``softmax_*``.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.activation_tables import TABLES, entries, look_up
from backends.modelgraph.arithmetic import add, choose, integer, multiply, subtract, to_int
from backends.modelgraph.c_math import Floats, expf
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.coarse_tables import coarse
from backends.modelgraph.cost import BRAM_18K_BITS, Cost, width
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, cast, fitting, quantise
from backends.modelgraph.kernel_plan import KernelStep
from backends.modelgraph.layers.rules import (
    KernelContext,
    KernelRules,
    LayerRules,
    RtlContext,
    StreamRules,
    every_position,
    is_streamed,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.lookup_table import LookupTable
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.softmax import SoftmaxSpec, softmax
from backends.modelgraph.rtl.modules.softmax_others import LegacySpec, argmax, legacy
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.rtl.wiring import numbers
from backends.modelgraph.vendor_hls import elementwise

_MODEL_DEFAULT = "model_default_t"
"""Name of hls4ml's type for "not set by the user"."""

_BEYOND_EVERY_TYPE = 2.0**62


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
    cut = (-1, _slice_size(node), _inner_size(node))
    slices = data.raw.reshape(cut).swapaxes(1, 2)
    rows = Tensor(slices.reshape(-1, cut[1]), data.fractional)
    made = counter.cast(_IMPLEMENTATIONS[implementation](node, rows, counter), result_type(node))
    shaped = made.raw.reshape(slices.shape).swapaxes(1, 2).reshape(data.raw.shape)
    return Tensor(shaped, made.fractional)


def _inner_size(node: Any) -> int:
    """Return the number of elements per step along the axis of the sum."""
    return int(node.get_attr("n_inner", 1))


def _slice_size(node: Any) -> int:
    """Return the number of classes; all elements where hls4ml's handler names no outer axes."""
    size = int(node.get_output_variable().size())
    return size // _inner_size(node) // int(node.get_attr("n_outer", 1))


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


_LEGACY_TYPE = FixedType(18, 8)
"""Type of tables and sums of `legacy`; hls4ml's configuration does not reach them."""


def _legacy(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """Look 1 / sum(exp(x_j - x_i)) up, over all j."""
    size, count = int(node.get_attr("table_size")), data.raw.shape[1]
    total = integer(0)
    for other in range(count):
        difference = subtract(Tensor(data.raw[:, [other]], data.fractional), data)
        term = look_up("exp", difference, size, _LEGACY_TYPE)
        own = choose(np.arange(count) == other, integer(1), term)
        total = counter.cast(add(total, own), _LEGACY_TYPE)
    rows = np.clip(to_int(total, size, _LEGACY_SUMS), 0, size - 1)
    table = _legacy_inverses(size)
    return Tensor(table.raw[rows], table.fractional)


def _legacy_inverses(size: int) -> Tensor:
    """Return the inverse table of `legacy`; its first entry, for 0, is 0."""
    inputs = (_LEGACY_SUMS * np.arange(size, dtype=np.float64) / size).astype(np.float32)
    inverses = np.zeros(size)
    np.divide(1.0, inputs, out=inverses, where=inputs > 0, dtype=np.float64)
    return quantise(inverses, _LEGACY_TYPE)[0]


_LEGACY_SUMS = 64
"""The inverse table of `legacy` covers sums in [0, 64)."""


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


def exp_table(node: Any) -> LookupTable:
    """Return the first table: exp(-distance) for ``stable``, exp(x) for ``latency``.

    Distances are not negative, so ``stable`` addresses by the input type without its sign
    (``inp_norm_t``), and has at most one entry for every distance (hls4ml, core_templates.py).
    """
    given = FixedType.of(node.get_input_variable().type.precision)
    size = int(node.get_attr("table_size"))
    if str(node.get_attr("implementation")) == "latency":
        return _table(node, given, size, "exp_table_t", expf)
    sign = int(given.signed)
    address = FixedType(given.width - sign, given.integer - sign, signed=False)
    if given.signed:
        size = min(size, 2**address.width)
    return _table(node, address, size, "exp_table_t", lambda x: expf(-x))


def inverse_table(node: Any) -> LookupTable:
    """Return the second table: 1 / sum.

    hls4ml addresses it by the first table's type unless `inv_inp_t` is set.
    """
    named = node.types["inv_inp_t"]
    kind = node.types["exp_table_t"] if named.name == _MODEL_DEFAULT else named
    address = FixedType.of(kind.precision)
    return _table(node, address, int(node.get_attr("table_size")), "inv_table_t", np.reciprocal)


def _table(
    node: Any,
    address: FixedType,
    size: int,
    table_type: str,
    function: Callable[[Floats], Floats],
) -> LookupTable:
    """Return the table of a function, its entries computed as in softmax_real_val_from_idx.

    Args:
        node: the layer.
        address: type of the addresses; an entry's index is their top bits.
        size: number of entries.
        table_type: name of the entries' type.
        function: the function.
    """
    bits = (size - 1).bit_length()
    rest = address.width - bits
    index = np.arange(size, dtype=np.int64)
    # the upper half of the indices are negative addresses, where the type has any
    signed = np.where(index << rest > address.high, index - (1 << bits), index)
    inputs = (signed * 2.0 ** (rest - address.fractional)).astype(np.float32)
    with np.errstate(divide="ignore", over="ignore"):
        outputs = function(inputs)
    kind = FixedType.of(node.types[table_type].precision)
    return LookupTable(address, quantise(_finite(outputs), kind)[0], kind)


def _finite(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return values with 1 / 0 replaced by a number that no type holds.

    Cast to the table's type, it saturates, or has only zeros in the bits that wrapping keeps.
    """
    return np.where(np.isfinite(values), values, _BEYOND_EVERY_TYPE)


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


def cost(node: Any) -> Cost:
    """Return the cost by implementation, for all slices.

    By two tables: a table and a product per class, a sum and the table of its inverse per slice.
    """
    output = node.get_output_variable()
    bits, classes = width(output), output.size()
    implementation, slices = str(node.get_attr("implementation")), classes // _slice_size(node)
    if implementation == "argmax":
        levels = math.ceil(math.log2(max(_slice_size(node), 2)))
        compared = classes * width(node.get_input_variable())
        return Cost(lut=2.5 * compared, ff=2.0 * compared, depth=levels + 1)
    if implementation == "legacy":
        pairs = classes * (_slice_size(node) - 1)
        table_bits = int(node.get_attr("table_size", 1024)) * _LEGACY_TYPE.width
        tables = math.ceil(table_bits / BRAM_18K_BITS) * (pairs + classes)
        lut = pairs * (width(node.get_input_variable()) * 3 + _LEGACY_TYPE.width)
        depth = 7 + math.ceil(math.log2(max(_slice_size(node), 2)))
        return Cost(lut=lut, ff=lut, bram_18k=tables, depth=depth)
    table_bits = int(node.get_attr("table_size", 1024)) * node.types["exp_table_t"].precision.width
    tables = math.ceil(table_bits / BRAM_18K_BITS) * (math.ceil(classes / 2) + slices)
    levels = math.ceil(math.log2(max(_slice_size(node), 2)))
    # a tree of comparisons and a difference in front, for stable; look-ups, sum and product
    stable = implementation == "stable"
    logic, depth = (4.0, 2 * levels + 6) if stable else (2.0, levels + 5)
    share = logic * classes * bits
    return Cost(lut=share, ff=share, dsp=classes, bram_18k=tables, depth=depth)


def rtl(node: Any, context: RtlContext) -> Signal:
    """Place a module for every slice, wired along the axis of the sum; return the output.

    Raises:
        EvaluationError: hls4ml has no such implementation.
    """
    given, circuit, shape = context.given(node), context.circuit, node.get_output_variable().shape
    module = _module(node, given.type)
    cut = (-1, _slice_size(node), _inner_size(node))
    slices = numbers((given.rows * given.features,)).reshape(cut).swapaxes(1, 2)
    rows = circuit.reshaped(given, given.rows * given.features // cut[1], cut[1])
    if cut[2] > 1:
        rows = circuit.wired(f"{node.name}_slices", [given], slices)
    made = circuit.each_row(node.name, module, rows, (cut[1], result_type(node)))
    if cut[2] > 1:
        places = np.argsort(slices.ravel()) + 1
        return circuit.wired(f"{node.name}_joined", [made], places.reshape(shape))
    return circuit.reshaped(made, math.prod(shape[:-1]), int(shape[-1]))


def _one_position(node: Any, context: RtlContext) -> Signal:
    """Place the module of one position of a stream, and return the output.

    Raises:
        EvaluationError: the softmax is not over the channels, or hls4ml has no such implementation.
    """
    given = context.given(node)
    if str(node.get_attr("implementation")) == "legacy":
        raise refused(node, "open", "has no rule for softmax 'legacy' in a stream")
    if (_slice_size(node), _inner_size(node)) != (given.features, 1):
        raise refused(node, "open", "can build softmax over the last axis of a stream alone")
    made = (given.features, result_type(node))
    return context.circuit.each_row(node.name, _module(node, given.type), given, made)


def _module(node: Any, given: FixedType) -> Module:
    """Return the module of a slice.

    Args:
        node: the layer.
        given: type of its inputs.

    Raises:
        EvaluationError: hls4ml has no such implementation.
    """
    implementation, result = str(node.get_attr("implementation")), result_type(node)
    classes = _slice_size(node)
    if implementation not in _IMPLEMENTATIONS:
        raise refused(node, "open", f"has no rule for softmax '{implementation}'")
    if implementation == "argmax":
        return argmax(classes, given, result)
    if implementation == "legacy":
        return legacy(_legacy_spec(node, classes, given, result))
    spec = SoftmaxSpec(
        classes, given, implementation == "stable", exp_table(node), type_of(node, "accum_t"),
        inverse_table(node), result,
    )  # fmt: skip
    return softmax(spec)


def _legacy_spec(node: Any, classes: int, given: FixedType, result: FixedType) -> LegacySpec:
    """Return types and tables of the implementation `legacy`; inverses in the result type."""
    size = int(node.get_attr("table_size"))
    exponentials = entries("exp", size, _LEGACY_TYPE)
    inverses, _ = cast(_legacy_inverses(size), result)
    scales = (size // (2 * (TABLES["exp"].half_range or 0)), _LEGACY_SUMS.bit_length() - 1)
    first, second = ([int(v) for v in table.raw] for table in (exponentials, inverses))
    return LegacySpec(classes, given, _LEGACY_TYPE, result, first, second, *scales)


def kernels(layer: Any, context: KernelContext) -> Iterator[KernelStep]:
    """Yield the softmax kernel."""
    name = context.table(layer["name"])
    yield KernelStep("softmax", tuple(context.source(s) for s in layer["inputs"]), name)


RULES = (
    LayerRules(
        class_names=("Softmax",),
        value=value,
        cost=cost,
        vendor=elementwise.softmax,
        rtl=rtl,
        stream=StreamRules(front=every_position, rtl=_one_position),
        kernels=KernelRules(
            class_names=("Softmax",),
            steps=kernels,
            features=lambda layer, context: context.features(layer["inputs"][0]),
        ),
    ),
)
