"""Exact arithmetic of ap_fixed operands: results hold every bit, as the C++ operators' do.

Only an assignment to a variable rounds or overflows; that is `fixed_point.cast`.
"""

from functools import reduce
from operator import add as plus

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, fitting, limit, rescale

C_INT = FixedType(32, 32)
"""The int of C; hls4ml's table indices have this type."""


def integer(value: int) -> Tensor:
    """Return an integer constant, which every tensor can be combined with."""
    return Tensor(np.asarray(value), 0)


def aligned(*parts: Tensor) -> tuple[list[Raw], int]:
    """Return raw values with a common number of fractional bits, and that number; exact."""
    fractional = max(part.fractional for part in parts)
    return [rescale(part, fractional, "TRN") for part in parts], fractional


def add(*terms: Tensor) -> Tensor:
    """Return the sum of tensors."""
    raws, fractional = aligned(*terms)
    bound = sum(Tensor(raw, fractional).magnitude for raw in raws)
    return Tensor(reduce(plus, (fitting(raw, bound) for raw in raws)), fractional)


def subtract(left: Tensor, right: Tensor) -> Tensor:
    """Return the difference of two tensors."""
    return add(left, multiply(right, integer(-1)))


def multiply(left: Tensor, right: Tensor) -> Tensor:
    """Return the product of two tensors."""
    bound = max(left.magnitude * right.magnitude, left.magnitude, right.magnitude)
    product = fitting(left.raw, bound) * fitting(right.raw, bound)
    return Tensor(product, left.fractional + right.fractional)


def choose(condition: NDArray[np.bool_], left: Tensor, right: Tensor) -> Tensor:
    """Return the first tensor's values where a condition holds, else the second's."""
    (first, second), fractional = aligned(left, right)
    return Tensor(np.where(condition, first, second), fractional)


def greater(left: Tensor, right: Tensor) -> NDArray[np.bool_]:
    """Return where the first tensor is greater."""
    (first, second), _ = aligned(left, right)
    return np.asarray(first > second, dtype=bool)


def clip(data: Tensor, low: int, high: int) -> Tensor:
    """Return values limited to a range of integers."""
    (raw, least, most), fractional = aligned(data, integer(low), integer(high))
    return Tensor(np.minimum(np.maximum(raw, least), most), fractional)


def to_int(data: Tensor, times: int = 1, divisor: int = 1) -> NDArray[np.int64]:
    """Return ``int(data * times / divisor)`` as C computes it: towards zero, wrapped to 32 bits."""
    up = times << max(-data.fractional, 0)
    raw = fitting(data.raw, max(data.magnitude * up, divisor << max(data.fractional, 0)))
    magnitude = np.abs(raw) * up // (divisor << max(data.fractional, 0))
    return np.asarray(limit(np.where(raw < 0, -magnitude, magnitude), C_INT), dtype=np.int64)
