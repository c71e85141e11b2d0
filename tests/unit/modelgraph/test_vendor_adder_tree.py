"""Widths of products and sums against all values that they can take."""

import numpy as np
import pytest

from backends.modelgraph.vendor_hls.adder_tree import (
    AdderTree,
    ProductTypes,
    adder_tree,
    product_widths,
)

SIGNED, UNSIGNED = np.arange(-8, 8), np.arange(16)


def fewest_bits(values: np.ndarray) -> int:
    """The narrowest two's complement type that holds all values."""
    low, high = int(values.min()), int(values.max())
    return next(n for n in range(1, 40) if -(1 << (n - 1)) <= low and high < 1 << (n - 1))


@pytest.mark.parametrize("dropped", [0, 2])
@pytest.mark.parametrize("data", [SIGNED, UNSIGNED], ids=["signed", "unsigned"])
def test_products_have_the_bits_of_their_values(data: np.ndarray, dropped: int) -> None:
    weights = np.arange(-32, 32)[:, None]
    types = ProductTypes(4, bool(data.min() < 0), dropped, 16)
    expected = [
        0 if weight == 0 else fewest_bits((weight * data) >> dropped) for weight in weights[:, 0]
    ]
    assert product_widths(weights, types)[:, 0].tolist() == expected


def test_a_small_tree_by_hand() -> None:
    """Inputs of 4 bits; 11 = 16 - 4 - 1 needs a multiplier, 3 and -4 do not."""
    weights = np.array([[11, 3], [-4, 0], [11, 0]])
    types = ProductTypes(4, True, 0, 9)
    first = [8, 7, 8]  # 11 * -8 .. 11 * 7, -4 * 7 .. -4 * -8
    second = [6, 3]  # 3 * -8 .. 3 * 7, and a bias of 3
    found = adder_tree(weights, np.array([0, 3]), types)
    assert found == AdderTree(entering=sum(first) + sum(second), sums=(9 + 9) + 7, products=8 + 8)


def test_sums_are_no_wider_than_the_accumulator_and_one_less_than_the_terms() -> None:
    rng = np.random.default_rng(3)
    weights = rng.integers(-128, 128, (37, 5))
    found = adder_tree(weights, np.zeros(5, np.int64), ProductTypes(8, True, 0, 12))
    adders = int(np.maximum(np.count_nonzero(weights, axis=0) - 1, 0).sum())
    assert adders * 2 < found.sums <= adders * 12


def test_an_output_without_weights_takes_nothing() -> None:
    found = adder_tree(np.zeros((3, 1), np.int64), np.array([5]), ProductTypes(8, True, 0, 12))
    assert found == AdderTree(0, 0, 0)
