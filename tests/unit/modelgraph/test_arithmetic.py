"""Exact arithmetic against rational numbers."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backends.modelgraph.arithmetic import (
    add,
    choose,
    clip,
    greater,
    integer,
    multiply,
    subtract,
    to_int,
)
from backends.modelgraph.fixed_point import Tensor, fitting

raws = st.integers(-(2**70), 2**70) | st.integers(-300, 300)
numbers = st.tuples(raws, st.integers(-10, 40))


def tensor(number: tuple[int, int]) -> Tensor:
    raw, fractional = number
    return Tensor(fitting(np.array([raw], dtype=object), abs(raw)), fractional)


def exact(data: Tensor) -> Fraction:
    return Fraction(int(data.raw[0])) / Fraction(2) ** data.fractional


@given(numbers, numbers, numbers)
def test_operations_lose_no_bit(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> None:
    left, right, third = tensor(a), tensor(b), tensor(c)
    x, y, z = exact(left), exact(right), exact(third)
    assert exact(add(left, right, third)) == x + y + z
    assert exact(subtract(left, right)) == x - y
    assert exact(multiply(left, right)) == x * y
    assert bool(greater(left, right)[0]) == (x > y)
    assert exact(choose(np.array([True]), left, right)) == x
    assert exact(choose(np.array([False]), left, right)) == y
    assert exact(clip(left, -1, 6)) == min(max(x, Fraction(-1)), Fraction(6))
    assert exact(subtract(integer(1), left)) == 1 - x


@given(numbers, st.sampled_from([1, 16, 1024, 65536]), st.sampled_from([1, 8, 16, 64]))
def test_an_int_of_c_truncates_and_wraps(number: tuple[int, int], times: int, divisor: int) -> None:
    data = tensor(number)
    truncated = math.trunc(exact(data) * times / divisor)
    assert to_int(data, times, divisor)[0] == (truncated + 2**31) % 2**32 - 2**31
