"""Activation functions of hls4ml on exact values, before the cast to the result type.

Source: hls4ml, nnet_activation.h.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backends.modelgraph.activation_tables import TABLES, look_up
from backends.modelgraph.arithmetic import choose, clip, greater, integer, multiply
from backends.modelgraph.fixed_point import FixedType, Tensor, quantise

ZERO = integer(0)

SELU_SLOPE = quantise(np.asarray(1.0507009873554805), FixedType(16, 1, signed=False))[0]


@dataclass(frozen=True)
class TableOptions:
    """Options of an activation's table.

    Args:
        size: number of entries.
        kind: type of the entries.
    """

    size: int
    kind: FixedType


def elu(data: Tensor, alpha: Tensor, options: TableOptions) -> Tensor:
    """Return the exponential linear unit: alpha times the table's entry for negative values."""
    negative = multiply(alpha, look_up("elu", data, options.size, options.kind))
    return choose(greater(ZERO, data), negative, data)


def _selu(data: Tensor, options: TableOptions) -> Tensor:
    """Return the scaled exponential linear unit; its factor is an ap_ufixed<16, 1>."""
    negative = look_up("selu", data, options.size, options.kind)
    return choose(greater(ZERO, data), negative, multiply(data, SELU_SLOPE))


_WITHOUT_TABLE: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda data: data,
    "relu": lambda data: Tensor(np.maximum(data.raw, 0), data.fractional),
    "relu1": lambda data: clip(data, 0, 1),
    "relu6": lambda data: clip(data, 0, 6),
    # the variable between the comparison and the result is an ap_int<2>
    "binary_tanh": lambda data: Tensor(np.where(data.raw >= 0, 1, -1), 0),
}

_WITH_TABLE: dict[str, Callable[[Tensor, TableOptions], Tensor]] = {
    "elu": lambda data, options: elu(data, integer(1), options),
    "selu": _selu,
}

FUNCTIONS = (*_WITHOUT_TABLE, *(name for name in TABLES if name != "exp"))
"""Names of the functions, as in hls4ml's attribute ``activation``; exp is a part of softmax."""


def activated(name: str, data: Tensor, options: TableOptions) -> Tensor:
    """Return a function of `FUNCTIONS` of a tensor."""
    if name in _WITHOUT_TABLE:
        return _WITHOUT_TABLE[name](data)
    if name in _WITH_TABLE:
        return _WITH_TABLE[name](data, options)
    return look_up(name, data, options.size, options.kind)
