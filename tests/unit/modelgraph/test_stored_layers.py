"""A layer list is what it was after it has been stored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.modelgraph.network import Network
from backends.modelgraph.stored_layers import StoredLayers, decode
from dse.contracts.errors import EvaluationError

_PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=8,
)


@given(_VALUES)
def test_any_value_comes_back(value: Any) -> None:
    stored = StoredLayers()
    text = json.dumps(stored.encode(value, "layer 'a'"))
    found = decode(json.loads(text), stored.arrays)
    assert found == value
    assert repr(found) == repr(value)  # a tuple equals no list, but True equals 1


def test_a_network_comes_back_with_tuples_none_and_arrays(tmp_path: Path) -> None:
    weights = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    layer = {
        "name": "a",
        "shape": (2, 3),
        "bias_data": None,
        "weight_data": weights,
        "nested": {"axes": [(0, 1), None], "table": weights.T},
    }
    Network([layer], ["a"], ["a"], ("told",)).save(tmp_path)
    found = Network.load(tmp_path)
    (back,) = found.layers
    assert found.warnings == ("told",)
    assert back["shape"] == (2, 3)
    assert back["bias_data"] is None
    assert back["nested"]["axes"] == [(0, 1), None]
    np.testing.assert_array_equal(back["weight_data"], weights)
    np.testing.assert_array_equal(back["nested"]["table"], weights.T)


def test_what_cannot_be_stored_is_refused_by_layer_and_key() -> None:
    with pytest.raises(EvaluationError, match=r"layer 'a', quantizer: .* by a Odd"):
        StoredLayers().encode({"quantizer": type("Odd", (), {})()}, "layer 'a'")
