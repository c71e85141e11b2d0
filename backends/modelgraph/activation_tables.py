"""Look-up tables of activation functions, as the firmware fills and addresses them.

Source: hls4ml, nnet_activation.h: the functions ``init_*_table`` and their callers. Tables are
computed in C's float and double; where a double appears below, the C++ has one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.arithmetic import integer, multiply, to_int
from backends.modelgraph.c_math import Floats, expf, tanhf
from backends.modelgraph.coarse_tables import CoarseTable, coarse
from backends.modelgraph.fixed_point import FixedType, Tensor, quantise

NEGATIVE_RANGE = 8
"""Tables for negative inputs alone cover (-8, 0]."""


def _double(x: Floats) -> NDArray[np.float64]:
    return x.astype(np.float64)


def _sigmoid(x: Floats) -> NDArray[np.float64]:
    return 1.0 / _double(np.float32(1) + expf(-x))  # 1 + exp(-x) is a float, 1.0 a double


def _softplus(x: Floats) -> NDArray[np.float64]:
    return np.log(_double(expf(x)) + 1.0)


def _softsign(x: Floats) -> NDArray[np.float64]:
    return _double(x) / (_double(np.abs(x)) + 1.0)


def _elu(x: Floats) -> NDArray[np.float64]:
    return _double(expf(x)) - 1.0


def _selu(x: Floats) -> NDArray[np.float64]:
    return 1.0507009873554804934 * (1.6732632423543772848 * _elu(x))


@dataclass(frozen=True)
class ActivationTable:
    """Table of a function.

    Args:
        function: the function; its results are rounded to float.
        half_range: the table covers [-half_range, half_range); None for (-8, 0], in which
            the first entry belongs to 0 and the last to the most negative input.
        clamped_below: whether an index that overflowed to a negative int takes the first entry;
            else it is compared with an unsigned size, and takes the last.
    """

    function: Callable[[Floats], NDArray[np.floating]]
    half_range: int | None = None
    clamped_below: bool = True

    def entries(self, size: int, kind: FixedType) -> Tensor:
        """Return the entries of a table of a size and type."""
        inputs = self._inputs(np.arange(size, dtype=np.float64), size)
        return quantise(self._rounded(inputs), kind)[0]

    def _inputs(self, index: NDArray[Any], size: int) -> NDArray[np.float64]:
        """Return the inputs of entries."""
        if self.half_range is None:
            return -float(NEGATIVE_RANGE) * index / size
        return 2.0 * self.half_range * (index - size / 2) / size

    def _rounded(self, inputs: NDArray[np.float64]) -> NDArray[np.float32]:
        return self.function(inputs.astype(np.float32)).astype(np.float32)

    def coarse(self, data: Tensor, size: int) -> CoarseTable | None:
        """Return what the step of a table of a size costs the values that are looked up.

        Without a half range, values that are not negative are not looked up.
        """
        span, used = NEGATIVE_RANGE, Tensor(np.minimum(data.raw, 0), data.fractional)
        if self.half_range is not None:
            span, used = 2 * self.half_range, data

        def cut(_: NDArray[np.float64]) -> NDArray[np.float64]:
            return self._inputs(self.index(used, size), size)

        return coarse(span / size, self._rounded, used.values, cut)

    def index(self, data: Tensor, size: int) -> NDArray[np.int64]:
        """Return the index of the entry of every value.

        The C++ multiplies by the size, divides by the range and assigns the quotient to an int.
        """
        if self.half_range is None:
            scaled = to_int(multiply(data, integer(-1)), size, NEGATIVE_RANGE)
        else:
            scaled = to_int(data, size, 2 * self.half_range) + size // 2
            scaled = to_int(Tensor(scaled, 0))
        low = 0 if self.clamped_below else size - 1
        return np.minimum(np.where(scaled < 0, low, scaled), size - 1)


TABLES = {
    "sigmoid": ActivationTable(_sigmoid, 8),
    "tanh": ActivationTable(tanhf, 4),
    "softplus": ActivationTable(_softplus, 8),
    "softsign": ActivationTable(_softsign, 8),
    "exp": ActivationTable(expf, 8),
    "elu": ActivationTable(_elu, clamped_below=False),
    "selu": ActivationTable(_selu),
}


@cache
def entries(name: str, size: int, kind: FixedType) -> Tensor:
    """Return the entries of a function's table; computed once in a process."""
    return TABLES[name].entries(size, kind)


def look_up(name: str, data: Tensor, size: int, kind: FixedType) -> Tensor:
    """Return a function's table entries for values."""
    rows = TABLES[name].index(data, size)
    table = entries(name, size, kind)
    return Tensor(table.raw[rows], table.fractional)
