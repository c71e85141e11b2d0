"""How products are dealt to multipliers: each exactly once, in as few as hls4ml's limit."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.rtl.modules.dense import DenseSpec, multipliers, slots

SIZES = st.integers(1, 9)


def spec(n_in: int, n_out: int, reuse: int, weights: np.ndarray | None = None) -> DenseSpec:
    fixed = FixedType(16, 6)
    raw = np.arange(1, n_in * n_out + 1).reshape(n_in, n_out) if weights is None else weights
    bias = Tensor(np.zeros(n_out, dtype=np.int64), 10)
    return DenseSpec(Tensor(raw, 10), bias, fixed, fixed, fixed, None, reuse)


@given(SIZES, SIZES, st.integers(1, 90))
def test_every_product_once(n_in: int, n_out: int, reuse: int) -> None:
    layer = spec(n_in, n_out, reuse)
    dealt = list(slots(layer))
    assert all(len(row) == reuse for row in dealt)
    real = [slot for row in dealt for slot in row if slot[1] is not None]
    expected = {(i, o, int(layer.weight.raw[i, o])) for i in range(n_in) for o in range(n_out)}
    assert len(real) == n_in * n_out
    assert set(real) == expected
    assert multipliers(layer) == math.ceil(n_in * n_out / reuse)


@pytest.mark.parametrize(
    ("n_in", "n_out", "reuse"), [(8, 8, 8), (8, 8, 4), (4, 4, 5), (9, 4, 5), (3, 8, 24), (8, 8, 64)]
)
def test_outputs_are_not_mixed_where_that_is_free(n_in: int, n_out: int, reuse: int) -> None:
    for row in slots(spec(n_in, n_out, reuse)):
        outputs = [slot[1] for slot in row if slot[1] is not None]
        shares = {output: outputs.count(output) for output in outputs}
        assert len(shares) == 1 or set(shares.values()) == {n_in}


def test_zero_weights_take_no_multiplier() -> None:
    weights = np.ones((4, 4), dtype=np.int64)
    weights[:, 1] = 0
    assert multipliers(spec(4, 4, 4, weights)) == 3
    assert multipliers(spec(4, 4, 1, weights)) == 12


@given(SIZES, SIZES, st.integers(1, 90))
def test_an_output_s_own_inputs_are_its_only_products(
    terms: int, channels: int, reuse: int
) -> None:
    """A depthwise convolution: multipliers are those of its own products, not of the zeros."""
    connected = np.tile(np.eye(channels, dtype=bool), (terms, 1))
    layer = replace(
        spec(terms * channels, channels, reuse, np.where(connected, 3, 0)), connected=connected
    )
    real = [slot for row in slots(layer) for slot in row if slot[1] is not None]
    expected = [(i, o, 3) for i, o in np.argwhere(connected).tolist()]
    assert sorted(real) == sorted(expected)
    assert multipliers(layer) == math.ceil(terms * channels / reuse)
