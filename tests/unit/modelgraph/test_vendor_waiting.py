"""Registers of an adder tree against a schedule of every single value."""

from dataclasses import dataclass

import numpy as np
import pytest

from backends.modelgraph.vendor_hls.adder_tree import ProductTypes, product_widths
from backends.modelgraph.vendor_hls.multipliers import signed_digits
from backends.modelgraph.vendor_hls.waiting import waiting_bits

TYPES = ProductTypes(data_bits=6, data_signed=True, dropped=0, sum_bits=14)


@dataclass
class Value:
    """A number of the circuit: what it is, its width, when it is computed and last read."""

    key: object
    bits: int
    computed: int
    read: int = -1


def schedule(weights: np.ndarray, cycles: int) -> list[Value]:
    """Every value of a layer; products are shared by the outputs, and shifts are their inputs."""
    values: dict[object, Value] = {}
    widths, digits = product_widths(weights, TYPES), signed_digits(weights)
    many = digits > 2

    def product(i: int, j: int) -> Value:
        weight = int(weights[i, j])
        shifted = digits[i, j] == 1 and weight > 0
        key = ("input", i) if shifted else ("product", i, weight)
        bits = TYPES.data_bits if shifted else int(widths[i, j])
        # a multiplier's result is registered when it is there, the others are read as they come
        return values.setdefault(key, Value(key, bits, cycles - 1 if many[i, j] else 0))

    for j in range(weights.shape[1]):
        level = [product(i, j) for i in range(len(weights)) if weights[i, j]]
        starts = {id(v): cycles * many[v.key[1], j] for v in level}
        bits = {id(v): int(widths[v.key[1], j]) for v in level}
        number = 0
        while len(level) > 1:
            sums = []
            for left, right in zip(level[::2], level[1::2], strict=False):
                now = max(starts[id(left)], starts[id(right)])
                for each in (left, right):
                    each.read = max(each.read, now)
                width = min(max(bits[id(left)], bits[id(right)]) + 1, TYPES.sum_bits)
                one = Value(("sum", j, number), width, now)
                number += 1
                values[one.key], starts[id(one)], bits[id(one)] = one, now + 1, width
                sums.append(one)
            level = sums + level[len(sums) * 2 :]
    return list(values.values())


@pytest.mark.parametrize("cycles", [0, 1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_a_register_for_every_value_that_is_read_later(seed: int, cycles: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(-32, 32, (11, 5)) * (rng.random((11, 5)) < 0.9)
    expected = sum(value.bits for value in schedule(weights, cycles) if value.read > value.computed)
    assert waiting_bits(weights, np.zeros(5, np.int64), TYPES, cycles) == expected


def test_a_single_sum_waits_for_its_cycle() -> None:
    """11 has three signed digits; 8 and 3 need no multiplier."""
    weights = np.array([[11], [3]])
    assert waiting_bits(weights, np.zeros(1, np.int64), TYPES, 0) == 11
    assert waiting_bits(np.array([[8], [3]]), np.zeros(1, np.int64), TYPES, 0) == 10


def test_what_is_summed_with_a_slow_product_waits_once_for_all_outputs() -> None:
    """Two outputs read both products: 10 bits of the first, 6 of the input that is shifted."""
    weights = np.array([[11, 11], [8, 8]])
    assert waiting_bits(weights, np.zeros(2, np.int64), TYPES, 3) == 10 + 6


def test_a_bias_is_a_term_and_a_constant_takes_no_register() -> None:
    weights = np.array([[3], [3]])
    without, with_bias = (waiting_bits(weights, np.array([b]), TYPES, 0) for b in (0, 5))
    assert (without, with_bias) == (9, 9)  # its output waits; then the sum of both for the bias
