"""Cycles of a row of a dense layer without building it, against the module."""

import numpy as np
import pytest

from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.rtl.modules.dense import (
    DenseSpec,
    RowTypes,
    dense,
    most_terms,
    row_cycles,
    schedule,
)


@pytest.mark.parametrize("seed", range(60))
def test_cycles_are_those_of_the_module(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n_in, n_out = (int(n) for n in draw.integers(1, 9, 2))
    bits, reuse = int(draw.integers(2, 40)), int(draw.integers(1, n_in * n_out + 1))
    given = FixedType(int(draw.integers(2, 40)), 2, signed=bool(draw.integers(2)))
    weight = draw.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (n_in, n_out))
    weight[draw.random(weight.shape) < 0.4] = 0  # a multiplier of zeros alone is not built
    accum = FixedType(64, 40, rounding=str(draw.choice(["TRN", "RND", "RND_CONV"])))
    overflow = str(draw.choice(["WRAP", "SAT"]))
    result = FixedType(64, 40) if seed % 3 else FixedType(8, 4, True, "RND", overflow)
    raw, bias = Tensor(weight, int(draw.integers(0, 30))), Tensor(np.ones(n_out, np.int64), 0)
    module = dense(DenseSpec(raw, bias, given, accum, result, None, reuse))
    assert row_cycles(raw, given, reuse, RowTypes(accum, result)) == module.latency


def test_outputs_that_share_multipliers_are_added_up() -> None:
    """By hand: 3 inputs, 8 outputs, reuse factor 8: 24 products fill 3 multipliers, so that the
    third and the sixth output come from two each; at reuse factor 3 each has one."""
    weight = np.ones((3, 8), dtype=np.int64)
    assert len(schedule(weight, weight > 0, 8)) == 3
    assert (most_terms(weight, 8), most_terms(weight, 3), most_terms(weight, 1)) == (2, 1, 3)
