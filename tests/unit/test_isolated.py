"""Calls in a process of their own."""

from pathlib import Path

import golden_designs
import numpy as np

from dse.runtime import isolated


def test_arguments_may_be_objects_of_modules_that_only_the_caller_s_path_finds(
    tmp_path: Path,
) -> None:
    """`golden_designs` is no installed module."""
    design = golden_designs.Design(golden_designs.mlp(), [np.zeros(1, np.float32)], {"a": 1})
    found = isolated.call("dataclasses:asdict", design, log=tmp_path / "log")
    assert found["parameters"] == {"a": 1}
