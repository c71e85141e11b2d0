"""Softmax as hls4ml builds it: exponential and inverse by look-up tables.

Source: hls4ml, nnet_activation.h, softmax_stable and softmax_latency.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.hls4ml.bittrue.fixed import FixedType, Raw, Tensor, quantise
from backends.hls4ml.bittrue.tally import Tally
from dse.errors import EvaluationError, FailureKind

_MODEL_DEFAULT = "model_default_t"
_BEYOND_EVERY_TYPE = 2.0**62


def softmax(node: Any, data: Tensor, tally: Tally) -> Tensor:
    """Class probabilities over the last axis of (batch, classes)."""
    implementation = str(node.get_attr("implementation"))
    if data.raw.ndim != 2 or implementation not in {"stable", "latency"}:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"layer '{node.name}': bittrue knows softmax over vectors, 'stable' or 'latency', "
            f"not '{implementation}' over {data.raw.ndim - 1} axes",
        )
    exponentials = (_stable if implementation == "stable" else _latency)(node, data, tally)
    accum = FixedType.of(node.types["accum_t"].precision)
    terms = tally.cast(exponentials, accum)
    total = Tensor(_tree_sum(terms.raw, accum, tally)[:, None], accum.fractional)
    inverse = _inverse(node, total, tally)
    product = terms.raw.astype(np.int64) * inverse.raw.astype(np.int64)
    exact = Tensor(product, terms.fractional + inverse.fractional)
    return tally.cast(exact, FixedType.of(node.types["result_t"].precision))


def _stable(node: Any, data: Tensor, tally: Tally) -> Tensor:
    """exp(x - max), addressed by the distance to the maximum."""
    given = FixedType.of(node.get_input_variable().type.precision)
    sign = int(given.signed)
    address = FixedType(given.width - sign, given.integer - sign, signed=False)
    size = int(node.get_attr("table_size"))
    if given.signed:
        size = min(size, 2**address.width)
    distance = data.raw.max(axis=1, keepdims=True).astype(np.int64) - data.raw
    found = tally.cast(Tensor(distance, data.fractional), address)
    return _look_up(node, found, address, size, "exp_table_t", lambda x: np.exp(-x))


def _latency(node: Any, data: Tensor, tally: Tally) -> Tensor:
    """exp(x), addressed by the top bits of x."""
    address = FixedType.of(node.get_input_variable().type.precision)
    found = tally.cast(data, address)
    size = int(node.get_attr("table_size"))
    return _look_up(node, found, address, size, "exp_table_t", np.exp)


def _inverse(node: Any, total: Tensor, tally: Tally) -> Tensor:
    named = node.types["inv_inp_t"]
    kind = node.types["exp_table_t"] if named.name == _MODEL_DEFAULT else named
    address = FixedType.of(kind.precision)
    found = tally.cast(total, address)
    return _look_up(
        node, found, address, int(node.get_attr("table_size")), "inv_table_t", np.reciprocal
    )


def _look_up(
    node: Any,
    data: Tensor,
    address: FixedType,
    size: int,
    table_type: str,
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Tensor:
    """Table entries at the top bits of `data`; entry i is the function of address i."""
    bits = (size - 1).bit_length()
    rest = address.width - bits
    index = np.arange(size, dtype=np.int64)
    signed = np.where(index << rest > address.high, index - (1 << bits), index)
    inputs = (signed * 2.0 ** (rest - address.fractional)).astype(np.float32)
    with np.errstate(divide="ignore", over="ignore"):
        outputs = function(inputs.astype(np.float64)).astype(np.float32)
    table, _ = quantise(_finite(outputs), FixedType.of(node.types[table_type].precision))
    rows = (data.raw.astype(np.int64) & ((1 << address.width) - 1)) >> rest
    return Tensor(table.raw[rows], table.fractional)


def _finite(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """1 / 0: ap_fixed saturates an infinite number, or keeps none of its bits."""
    return np.where(np.isfinite(values), values, _BEYOND_EVERY_TYPE)


def _tree_sum(terms: Raw, to: FixedType, tally: Tally) -> Raw:
    """Sum over the last axis by hls4ml's balanced tree, each node in the accumulator type."""
    count = terms.shape[1]
    if count == 1:
        return terms[:, 0]
    left = 1 << ((count - 1).bit_length() - 1)
    halves = (_tree_sum(part, to, tally) for part in (terms[:, :left], terms[:, left:]))
    total = sum(half.astype(np.int64) for half in halves)
    return tally.cast(Tensor(np.asarray(total), to.fractional), to).raw
