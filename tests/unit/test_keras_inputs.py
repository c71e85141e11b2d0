"""Whether a data set has the inputs that a network takes; and what a Keras file says of them."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from dse.contracts.errors import DataError
from dse.runtime.keras_file import input_shapes
from workloads.keras_files import check_inputs


def given(name: str, *shape: int | None) -> dict[str, Any]:
    return {"class_name": "InputLayer", "config": {"name": name, "batch_shape": [None, *shape]}}


@pytest.mark.parametrize(
    ("layers", "inputs", "expected"),
    [
        ([given("a", 6), {"config": {"name": "d"}}], ["a", 0, 0], [(6,)]),
        ([given("a", 6), given("b", None, 3)], [["b", 0, 0], ["a", 0, 0]], [(None, 3), (6,)]),
        ([given("b", 6), given("a", 3)], {"b": ["b", 0, 0], "a": ["a", 0, 0]}, [(3,), (6,)]),
        ([given("a", 8, 8, 1)], None, [(8, 8, 1)]),  # a Sequential
        ([{"config": {"name": "d"}}], None, []),
    ],
)
def test_shapes_of_a_file(
    layers: list[Any], inputs: Any, expected: list[tuple[int | None, ...]], tmp_path: Path
) -> None:
    config = {"layers": layers} | ({"input_layers": inputs} if inputs else {})
    with ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"config": config}))
    assert input_shapes(tmp_path / "m.keras") == expected


@pytest.mark.parametrize(
    ("arrays", "shapes", "message"),
    [
        ([(9, 5)], [(6,)], r"x has samples of shape \(5,\), the network takes \(6,\)"),
        ([(9, 4, 3)], [(None, 2)], r"x has samples of shape \(4, 3\), .* takes \(any, 2\)"),
        ([(9, 4), (9, 2)], [(4,), (3,)], r"x_1 has samples of shape \(2,\)"),
        ([(9, 4), (9, 2)], [(4,)], "there are 2 inputs, the network takes 1"),
    ],
)
def test_inputs_of_other_shapes(
    arrays: list[tuple[int, ...]], shapes: list[tuple[int | None, ...]], message: str
) -> None:
    with pytest.raises(DataError, match=f"here: {message}"):
        check_inputs([np.zeros(shape) for shape in arrays], shapes, "here")


def test_inputs_that_fit() -> None:
    image = np.zeros((9, 8, 8))
    check_inputs([image, image], [(8, 8, 1), (None, 8)], "here")
    check_inputs([np.zeros(9)], [(1,)], "here")
    check_inputs([image], [], "not known")
