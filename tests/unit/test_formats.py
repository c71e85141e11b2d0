"""Fixed-point formats of training, against arithmetic in fractions and brute force."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.quantisation.formats import Format, best_format, from_json, to_json

FORMATS = st.builds(Format, st.integers(1, 12), st.integers(-3, 6), st.just(True)) | st.builds(
    Format, st.integers(1, 12), st.integers(0, 6), st.just(False)
)
NUMBERS = st.floats(-200, 200, width=32)


def values_of(kind: Format) -> list[Fraction]:
    """Every value of a format, by counting."""
    step = Fraction(kind.step)
    if not kind.signed:
        return [k * step for k in range(2**kind.bits)]
    if kind.bits <= 2:
        return [-step, step] if kind.bits == 1 else [-step, Fraction(0), step]
    half = 2 ** (kind.bits - 1)
    return [k * step for k in range(-half, half)]


@given(FORMATS, NUMBERS)
def test_rounding_gives_the_nearest_value_of_the_format(kind: Format, number: float) -> None:
    rounded = Fraction(float(kind.rounded(np.array([number]))[0]))
    legal = values_of(kind)
    assert rounded in legal
    assert abs(rounded - Fraction(number)) == min(abs(v - Fraction(number)) for v in legal)


def test_ties_go_to_the_even_value() -> None:
    kind = Format(4, 4)
    assert kind.rounded(np.array([0.5, 1.5, 2.5, -0.5, -1.5])).tolist() == [0, 2, 2, 0, -2]


def test_one_bit_is_binary_and_two_are_ternary() -> None:
    numbers = np.array([-3.0, -0.2, 0.0, 0.2, 3.0])
    assert Format(1, 0).rounded(numbers).tolist() == [-0.5, -0.5, 0.5, 0.5, 0.5]
    assert Format(2, 1).rounded(numbers).tolist() == [-0.5, 0.0, 0.0, 0.0, 0.5]


@pytest.mark.parametrize("bits", [1, 2, 3, 6, 10])
@pytest.mark.parametrize("scale", [0.02, 0.4, 3.0])
def test_the_best_format_beats_every_other_point_position(bits: int, scale: float) -> None:
    values = np.random.default_rng(bits).normal(0, scale, 500)
    chosen = best_format(values, bits, signed=True)

    def error(kind: Format) -> float:
        return float(np.mean((kind.rounded(values) - values) ** 2))

    assert chosen.bits == bits
    assert all(error(chosen) <= error(Format(bits, i)) for i in range(-6, bits + 1))


def test_formats_have_no_more_integer_bits_than_bits() -> None:
    assert best_format(np.full(9, 1000.0), 3, signed=True).integer <= 3
    assert best_format(np.full(9, 1e-9), 3, signed=False).integer >= 0


def test_a_lower_limit_of_integer_bits_holds() -> None:
    assert best_format(np.zeros(5), 8, signed=True, least=1).integer == 1


@given(st.dictionaries(st.text(), FORMATS, max_size=5))
def test_formats_survive_storing(formats: dict[str, Format]) -> None:
    assert from_json(to_json(formats)) == formats
