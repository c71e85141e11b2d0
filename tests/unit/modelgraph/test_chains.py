"""Merges of many tensors as chains of two, against numpy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden_designs import given, spread
from layer_networks import Layer
from layer_samples import concatenate, merge

from backends.modelgraph.builder import build_graph
from backends.modelgraph.chains import chained
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError

SHAPE = (2, 3)
NAMES = ("a", "b", "c", "d")
INPUTS = [spread(n, 40, *SHAPE, low=-2, high=2) for n in range(4)]


def output(layer: Layer, folder: Path) -> Any:
    layers = chained([*(given(name, *SHAPE) for name in NAMES), layer])
    network = Network(layers, list(NAMES), [layer["name"]])
    return evaluate(build_graph(network, Settings(50, 20), folder)[0], INPUTS).outputs


def of_four(layer: Layer) -> Layer:
    return layer | {"input_shape": [list(SHAPE)] * 4}


@pytest.mark.parametrize(
    ("op", "function"),
    [("add", np.add), ("multiply", np.multiply), ("maximum", np.maximum), ("minimum", np.minimum)],
)
def test_merges(op: str, function: np.ufunc, tmp_path: Path) -> None:
    found = output(of_four(merge("m", op, *NAMES)), tmp_path)
    expected = function.reduce([x.astype(float) for x in INPUTS])
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("axis", [1, 2, -1, -2])
def test_concatenations(axis: int, tmp_path: Path) -> None:
    found = output(of_four(concatenate("c_all", axis, 2, *NAMES)), tmp_path)
    np.testing.assert_array_equal(found, np.concatenate(INPUTS, axis=axis))


def test_the_last_merge_keeps_the_name_and_shapes_follow() -> None:
    layers = chained([of_four(concatenate("c_all", 1, 2, *NAMES))])
    assert [layer["name"] for layer in layers] == ["c_all_part1", "c_all_part2", "c_all"]
    assert [layer["output_shape"] for layer in layers] == [[4, 3], [6, 3], [8, 3]]


def test_merges_of_two_are_not_changed() -> None:
    layer = merge("m", "average", "a", "b")
    assert chained([layer]) == [layer]


def test_an_average_of_three_is_refused() -> None:
    layer = merge("m", "average", "a", "b", "c")
    with pytest.raises(EvaluationError, match=r"layer 'm' \(average\) has 3 inputs"):
        chained([layer])
