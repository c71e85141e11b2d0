"""Wires are connected as values are moved."""

import re

import numpy as np
import pytest

from backends.modelgraph.rtl.wiring import concatenation, numbers

WIDTH = 3


def elements(text: str) -> list[str]:
    """Elements of a concatenation, the first in the lowest bits, as ``bus.element`` or ``0``."""
    found = []
    for part in reversed(text.strip("{}").split(", ")):
        select = re.fullmatch(r"(\w+)\[(\d+):(\d+)\]", part)
        if select is None:
            found += ["0"] * (int(part.removesuffix("'d0")) // WIDTH)
            continue
        high, low = int(select[2]) + 1, int(select[3])
        found += [f"{select[1]}.{n}" for n in range(low // WIDTH, high // WIDTH)]
    return found


def test_numbers_follow_each_other_row_by_row() -> None:
    assert numbers((2, 3)).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert numbers((2, 1, 2), 7).ravel().tolist() == [7, 8, 9, 10]


@pytest.mark.parametrize("seed", range(20))
def test_every_place_gets_its_element(seed: int) -> None:
    rng = np.random.default_rng(seed)
    buses = [(f"b{n}", int(size)) for n, size in enumerate(rng.integers(1, 9, 1 + seed % 3))]
    names = ["0", *(f"{name}.{n}" for name, size in buses for n in range(size))]
    chosen = rng.integers(0, len(names), (4, 5))
    if seed % 2:
        chosen = np.sort(chosen)
    assert elements(concatenation(buses, chosen, WIDTH)) == [names[n] for n in chosen.ravel()]


def test_long_lists_are_broken_into_lines() -> None:
    """A simulator takes so many tokens on a line."""
    text = concatenation([("a", 9000)], numbers((9000,))[::-1], WIDTH)
    assert max(map(len, text.splitlines())) < 20_000
    assert elements(text.replace(",\n", ", ").replace(", \n", ", "))[:2] == ["a.8999", "a.8998"]


def test_neighbours_share_a_part_select() -> None:
    assert concatenation([("a", 4), ("b", 4)], numbers((8,)), 2) == "{b[7:0], a[7:0]}"
    padded = np.pad(numbers((2, 2)), 1)
    assert concatenation([("a", 4)], padded, 2) == "{10'd0, a[7:4], 4'd0, a[3:0], 10'd0}"
