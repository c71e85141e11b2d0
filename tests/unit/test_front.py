"""Fronts against brute force."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dse.analysis.front import front_mask

rows = st.integers(1, 3).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 6), min_size=n, max_size=n), min_size=1, max_size=25)
)


@given(rows, st.integers(0, 7))
def test_front_is_what_nothing_dominates(values: list[list[int]], signs: int) -> None:
    table = np.array(values, dtype=float)
    directions = ["maximise" if signs >> i & 1 else "minimise" for i in range(table.shape[1])]
    cost = table * [-1 if d == "maximise" else 1 for d in directions]
    expected = [
        not any((other <= row).all() and (other < row).any() for other in cost) for row in cost
    ]
    assert front_mask(table, directions).tolist() == expected
