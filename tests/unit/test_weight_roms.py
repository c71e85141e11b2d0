"""Weights written as look-up tables."""

import re

import numpy as np
import pytest

from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.rtl.modules.dense import DenseSpec, dense
from backends.openhls.weight_roms import weights_in_cells


def layer(reuse: int, weights: np.ndarray) -> str:
    n_out = weights.shape[1]
    kind = FixedType(16, 6)
    bias = Tensor(np.zeros(n_out, dtype=np.int64), 10)
    return dense(DenseSpec(Tensor(weights, 10), bias, kind, kind, kind, None, reuse)).text


def contents(text: str) -> dict[str, int]:
    """Return what the tables of a text hold, by the wire that they drive."""
    cells = re.findall(r"LUT\d #\(\.INIT\(\d+'h([0-9a-f]+)\)\) \w+ \(\.O\((\w+)\)", text)
    return {name: int(value, 16) for value, name in cells}


def fixed(text: str) -> dict[str, int]:
    """Return the constant bits of a text by the wire that they drive: 0, or -1 for all ones."""
    cells = re.findall(r"weight_bit_([01]) \w+ \(\.Y\((\w+)\)", text)
    return {name: -int(value) for value, name in cells}


def selected(text: str, reuse: int) -> list[list[int]]:
    """Return the weights of every multiplier by phase, as the tables give them."""
    tables = contents(text) | fixed(text)
    joined = re.findall(r"<= \{(column[^{}]*)\};", text)
    found = []
    for columns in joined:
        bits = [tables[name] for name in reversed(columns.split(", "))]
        words = [sum(((c >> phase) & 1) << i for i, c in enumerate(bits)) for phase in range(reuse)]
        found.append([word - (1 << len(bits)) * (word >> len(bits) - 1) for word in words])
    return found


@pytest.mark.parametrize("reuse", [2, 4, 8, 16, 64])
def test_tables_hold_the_weights(reuse: int) -> None:
    weights = np.random.default_rng(reuse).integers(-700, 700, (64, 3))
    text = weights_in_cells(layer(reuse, weights))
    expected = [list(chunk) for column in weights.T for chunk in column.reshape(-1, reuse)]
    assert selected(text, reuse) == expected
    assert not re.search(r"case \(\w+\)[^;]*'sh", text)


def test_an_incomplete_reuse_ends_with_its_last_weight() -> None:
    weights = np.array([[5], [-3], [9], [2], [7]])
    text = weights_in_cells(layer(5, weights))
    assert selected(text, 8) == [[5, -3, 9, 2, 7, 7, 7, 7]]


def test_equal_columns_are_one_table_and_constant_ones_none() -> None:
    weights = np.array([[1, 5], [0, 4], [1, 5], [0, 4]])  # bit 0 alike; bit 2 constant
    tables = contents(weights_in_cells(layer(4, weights)))
    assert list(tables.values()) == [0b0101]


@pytest.mark.parametrize("reuse", [1, 128])
def test_what_a_look_up_table_does_not_hold_stays(reuse: int) -> None:
    """Constants without a phase, and phases of more than six bits."""
    text = layer(reuse, np.random.default_rng(1).integers(-700, 700, (128, 2)))
    assert weights_in_cells(text) == text


def test_a_signed_selector_stays() -> None:
    """Its item 2 is never reached: 2'b10 is -2."""
    case = "case (s) 0: c <= 2'sh1; 2: c <= 2'sh0; default: c <= 2'sh3; endcase"
    text = f"wire signed [1:0] s;\n  reg signed [1:0] c;\n  always @(posedge clk) {case}"
    assert weights_in_cells(text) == text
    unsigned = text.replace("wire signed", "wire")
    assert weights_in_cells(unsigned) != unsigned
