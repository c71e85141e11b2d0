"""Rules of vendor synthesis on weights counted by hand."""

import numpy as np
import pytest

from backends.modelgraph.vendor_hls.multipliers import (
    VITIS_2021_1_DSP,
    VIVADO_2020_1,
    constant_multipliers,
    limited_multipliers,
    operand_bits,
    signed_digits,
    stored_cycles,
    stored_multipliers,
)


def test_signed_digits() -> None:
    # 0, 8, 8 - 1, 8 + 2 + 1, 16 + 4 + 1, 64 - 16 - 4 - 1
    assert signed_digits(np.array([0, 8, -7, 11, 21, 43])).tolist() == [0, 1, 2, 3, 3, 4]


@pytest.mark.parametrize(("weights", "bits"), [([0], 0), ([15], 4), ([16], 5), ([-8, 7], 4)])
def test_operand_bits(weights: list[int], bits: int) -> None:
    assert operand_bits(np.array(weights)) == bits


def test_equal_products_are_shared_and_small_constants_spared() -> None:
    weights = np.array([[11, 11, -11, 21], [21, 8, 7, 0]])
    assert constant_multipliers(weights, 16, VITIS_2021_1_DSP) == 4  # 11, -11, 21; 21
    assert constant_multipliers(weights, 16, VIVADO_2020_1) == 3  # 11 has four bits


def test_the_limit_leaves_out_zeros() -> None:
    weights = np.array([[21, 43, 0, 0], [21, 43, 0, 0]])
    assert limited_multipliers(weights, 8, 2, VITIS_2021_1_DSP) == 2
    assert limited_multipliers(weights, 8, 8, VITIS_2021_1_DSP) == 1


@pytest.mark.parametrize(("last", "slices"), [(7, 1), (-16, 2)])
def test_only_the_topmost_memory_word_gets_narrower(last: int, slices: int) -> None:
    weights = np.array([[1, 1], [1, last]])
    assert stored_multipliers(weights, (6, 16), 2, VIVADO_2020_1) == slices
    assert stored_multipliers(weights, (4, 16), 2, VIVADO_2020_1) == (slices - 1)


def test_cycles_of_two_layers() -> None:
    assert stored_cycles([960, 960]) == 1923
