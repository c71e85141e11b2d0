"""Types that a network brings along, and the narrowest type of given values."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.modelgraph.declared_types import TYPES, own_types, summed_type
from backends.modelgraph.qkeras import exact_type


def layer(name: str, kind: str, *inputs: str, **others: Any) -> dict[str, Any]:
    return {"name": name, "class_name": kind, "inputs": list(inputs), **others}


QUANTISED = [
    layer("x", "InputLayer"),
    layer("index", "InputLayer"),
    layer("q", "Activation", "x", activation="linear", **{TYPES: {"result": "fixed<8,2>"}}),
    layer("gather", "EdgeGather", "q", "index", n_nodes=5, n_edges=6),
    layer("sum", "ScatterSum", "q", "index", n_nodes=5, n_edges=6),
    layer("dense", "Dense", "gather", **{TYPES: {"weight": "fixed<4,1>", "bias": "fixed<8,1>"}}),
    layer("join", "Concatenate", "sum", "q"),
    layer("plain", "Dense", "join"),
]


def test_a_float_network_brings_no_types() -> None:
    bare = [{k: v for k, v in given.items() if k != TYPES} for given in QUANTISED]
    assert own_types(bare) == {}


def test_types_follow_from_what_a_layer_reads() -> None:
    found = own_types(QUANTISED)
    assert found["x"] == {"result": "fixed<8,2>"}, "an input has the type of its quantiser"
    assert found["index"] == {}
    assert found["gather"] == {"result": "fixed<8,2>"}
    assert found["sum"] == {"accum": "fixed<11,5>", "result": "fixed<11,5>"}
    assert found["dense"]["accum"] == found["dense"]["result"] == "auto"
    assert found["dense"]["weight"] == "fixed<4,1>"
    assert found["join"] == {"result": "auto"}
    assert found["plain"] == {}, "what was not quantised keeps the point's precision"


def test_an_input_with_other_readers_keeps_the_precision_of_the_point() -> None:
    assert own_types([*QUANTISED, layer("also", "Dense", "x")])["x"] == {}


@given(st.integers(1, 12), st.integers(-2, 12), st.integers(1, 300))
def test_sums_fit(bits: int, integer: int, count: int) -> None:
    width, whole = summed_type(f"ufixed<{bits},{integer},RND,SAT>", count)[7:-1].split(",")
    step = Fraction(2) ** (integer - bits)
    assert count * (2**bits - 1) * step <= (2 ** int(width) - 1) * step
    assert int(width) - int(whole) == bits - integer, "nothing is lost on the right"


@given(st.lists(st.integers(-300, 300), min_size=1), st.integers(0, 8))
def test_exact_types_hold_every_value(raw: list[int], fractional: int) -> None:
    values = np.array(raw, dtype=np.float64) / 2**fractional
    bits, integer = map(int, exact_type(values)[6:-1].split(","))
    step = 2.0 ** (integer - bits)
    scaled = values / step
    assert np.array_equal(scaled, np.round(scaled))
    assert scaled.min() >= -(2 ** (bits - 1))
    assert scaled.max() <= 2 ** (bits - 1) - 1


def test_a_scale_that_is_no_power_of_two_has_no_type() -> None:
    with pytest.raises(ValueError, match="no power of two"):
        exact_type(np.array([0.1, 0.2]))
