"""Sums of products against Python's integers."""

from collections.abc import Sequence

import numpy as np
import pytest

from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.layers.weighted_sum import WeightedSum

ROWS, TERMS, OUTPUTS = 7, 9, 4


def wrapped(value: int, width: int) -> int:
    """Return the lowest bits of an integer as two's complement."""
    return (value + (1 << (width - 1))) % (1 << width) - (1 << (width - 1))


def expected(terms: Sequence[Sequence[int]], summed: WeightedSum, shift: int) -> list[list[int]]:
    """Return the accumulators by Python's integers; `shift` bits of each product are cut."""
    width = summed.accum.width
    return [
        [
            wrapped(
                int(summed.bias.raw[out])
                + sum((row[i] * int(summed.weight.raw[i, out])) >> shift for i in range(TERMS)),
                width,
            )
            for out in range(OUTPUTS)
        ]
        for row in terms
    ]


@pytest.mark.parametrize("term_bits", [8, 16, 27, 33])
@pytest.mark.parametrize("weight_bits", [6, 16, 24])
@pytest.mark.parametrize("shift", [0, 5])
@pytest.mark.parametrize("width", [20, 40, 62])
def test_accumulators_equal_pythons(
    term_bits: int, weight_bits: int, shift: int, width: int
) -> None:
    rng = np.random.default_rng(term_bits + weight_bits)
    terms = rng.integers(-(2**term_bits), 2**term_bits, (ROWS, TERMS))
    terms[0], terms[1] = -(2**term_bits), 2**term_bits - 1  # the ends
    weight = rng.integers(-(2**weight_bits), 2**weight_bits, (TERMS, OUTPUTS))
    bias = rng.integers(-1000, 1000, OUTPUTS)
    accum = FixedType(width, width - 10)
    summed = WeightedSum(Tensor(weight, 10), Tensor(bias, 10), accum, range(TERMS))
    found = summed.totals(Tensor(terms, shift), CastCounter())
    assert found.raw.tolist() == expected(terms.tolist(), summed, shift)


def test_terms_of_each_output() -> None:
    rng = np.random.default_rng(1)
    terms = rng.integers(-100, 100, (ROWS, TERMS, OUTPUTS))
    weight = rng.integers(-100, 100, (TERMS, OUTPUTS))
    accum = FixedType(30, 20)
    nothing = Tensor(np.zeros(OUTPUTS, int), 10)
    summed = WeightedSum(Tensor(weight, 10), nothing, accum, range(TERMS))
    found = summed.totals(Tensor(terms, 0), CastCounter())
    np.testing.assert_array_equal(found.raw, np.einsum("rto,to->ro", terms, weight))
