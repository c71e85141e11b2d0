"""Softmax as hls4ml builds it: exponential and inverse by look-up tables.

Source: hls4ml, nnet_activation.h, softmax_stable and softmax_latency.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, fitting, quantise
from dse.contracts.errors import EvaluationError, FailureKind

_MODEL_DEFAULT = "model_default_t"
_BEYOND_EVERY_TYPE = 2.0**62


def softmax(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """Class probabilities over the last axis of (batch, classes)."""
    implementation = str(node.get_attr("implementation"))
    if data.raw.ndim != 2 or implementation not in {"stable", "latency"}:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"layer '{node.name}': bittrue knows softmax over vectors, 'stable' or 'latency', "
            f"not '{implementation}' over {data.raw.ndim - 1} axes",
        )
    exponentials = (_stable if implementation == "stable" else _latency)(node, data, counter)
    accum = FixedType.of(node.types["accum_t"].precision)
    terms = counter.cast(exponentials, accum)
    total = Tensor(_tree_sum(terms.raw, accum, counter)[:, None], accum.fractional)
    inverse = _inverse(node, total, counter)
    bound = terms.magnitude * inverse.magnitude
    product = fitting(terms.raw, bound) * fitting(inverse.raw, bound)
    exact = Tensor(product, terms.fractional + inverse.fractional)
    return counter.cast(exact, FixedType.of(node.types["result_t"].precision))


def _stable(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """exp(x - max), addressed by the distance to the maximum."""
    raw = fitting(data.raw, 2 * data.magnitude)
    distance = raw.max(axis=1, keepdims=True) - raw
    table = exp_table(node)
    return table.at(counter.cast(Tensor(distance, data.fractional), table.address))


def _latency(node: Any, data: Tensor, counter: CastCounter) -> Tensor:
    """exp(x), addressed by the top bits of x."""
    table = exp_table(node)
    return table.at(counter.cast(data, table.address))


def _inverse(node: Any, total: Tensor, counter: CastCounter) -> Tensor:
    table = inverse_table(node)
    return table.at(counter.cast(total, table.address))


@dataclass(frozen=True)
class LookupTable:
    """A look-up table: entry i belongs to the addresses whose top bits are i.

    Args:
        address: type that a number is cast to before its top bits are taken.
        entries: raw entries.
        kind: their type.
    """

    address: FixedType
    entries: Tensor
    kind: FixedType

    def at(self, data: Tensor) -> Tensor:
        """Entries for numbers of the address type."""
        rest = self.address.width - (len(self.entries.raw) - 1).bit_length()
        raw = fitting(data.raw, 1 << self.address.width)
        rows = ((raw & ((1 << self.address.width) - 1)) >> rest).astype(np.int64)
        return Tensor(self.entries.raw[rows], self.entries.fractional)


def exp_table(node: Any) -> LookupTable:
    """The first table: exp(-distance) for 'stable', exp(x) for 'latency'."""
    given = FixedType.of(node.get_input_variable().type.precision)
    size = int(node.get_attr("table_size"))
    if str(node.get_attr("implementation")) == "latency":
        return _table(node, given, size, "exp_table_t", np.exp)
    sign = int(given.signed)
    address = FixedType(given.width - sign, given.integer - sign, signed=False)
    if given.signed:
        size = min(size, 2**address.width)
    return _table(node, address, size, "exp_table_t", lambda x: np.exp(-x))


def inverse_table(node: Any) -> LookupTable:
    """The second table: 1 / sum."""
    named = node.types["inv_inp_t"]
    kind = node.types["exp_table_t"] if named.name == _MODEL_DEFAULT else named
    address = FixedType.of(kind.precision)
    return _table(node, address, int(node.get_attr("table_size")), "inv_table_t", np.reciprocal)


def _table(
    node: Any,
    address: FixedType,
    size: int,
    table_type: str,
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> LookupTable:
    bits = (size - 1).bit_length()
    rest = address.width - bits
    index = np.arange(size, dtype=np.int64)
    signed = np.where(index << rest > address.high, index - (1 << bits), index)
    inputs = (signed * 2.0 ** (rest - address.fractional)).astype(np.float32)
    with np.errstate(divide="ignore", over="ignore"):
        outputs = function(inputs.astype(np.float64)).astype(np.float32)
    kind = FixedType.of(node.types[table_type].precision)
    return LookupTable(address, quantise(_finite(outputs), kind)[0], kind)


def _finite(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """1 / 0: ap_fixed saturates an infinite number, or keeps none of its bits."""
    return np.where(np.isfinite(values), values, _BEYOND_EVERY_TYPE)


def _tree_sum(terms: Raw, to: FixedType, counter: CastCounter) -> Raw:
    """Sum over the last axis by hls4ml's balanced tree, each node in the accumulator type."""
    count = terms.shape[1]
    if count == 1:
        return terms[:, 0]
    left = 1 << ((count - 1).bit_length() - 1)
    halves = (_tree_sum(part, to, counter) for part in (terms[:, :left], terms[:, left:]))
    total = sum(fitting(half, to.high * 2) for half in halves)
    return counter.cast(Tensor(np.asarray(total), to.fractional), to).raw
