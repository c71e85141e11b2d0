"""Test sets and settings of the Keras workload; no Keras is needed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dse.errors import DataError
from dse.parameters import complete
from dse.workloads.keras import KerasWorkload

X, Y = np.ones((6, 3)), np.arange(6)


def prepare(folder: Path, arrays: dict[str, Any], **given: Any) -> Any:
    np.savez(folder / "test.npz", **arrays)
    (folder / "model.keras").write_bytes(b"a model")
    (folder / "out").mkdir(exist_ok=True)
    workload = KerasWorkload(folder)
    return workload.prepare(complete(workload.parameters, given), folder / "out", lambda _: None)


def test_inputs_come_in_the_models_order(tmp_path: Path) -> None:
    arrays = {f"x_{i}": np.full((6, 2), i) for i in range(12)}
    prepared = prepare(tmp_path, {**arrays, "y": Y})
    assert [int(array[0, 0]) for array in prepared.inputs] == list(range(12))


def test_every_backend_gets_single_precision(tmp_path: Path) -> None:
    prepared = prepare(tmp_path, {"x": X * 0.1, "y": Y})
    assert prepared.inputs[0].dtype == np.float32


def test_only_the_first_samples(tmp_path: Path) -> None:
    prepared = prepare(tmp_path, {"x": X, "y": Y}, max_samples=4)
    assert len(prepared.inputs[0]) == len(prepared.arrays["targets"]) == 4


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "holds x"),
        ({"y": Y}, "holds y"),
        ({"x": X, "y": Y, "x_val": X}, "holds x, x_val, y"),
        ({"x_0": X, "x_2": X, "y": Y}, "holds x_0, x_2, y"),
        ({"x": X[:5], "y": Y}, r"has shape \(5, 3\), y has 6 samples"),
        ({"x": X * np.nan, "y": Y}, "other than finite real numbers"),
        ({"x": X * 1j, "y": Y}, "other than finite real numbers"),
        ({"x": X, "y": np.array(list("abcdef"))}, "other than finite real numbers"),
    ],
)
def test_a_wrong_test_set_is_refused(tmp_path: Path, arrays: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepare(tmp_path, arrays)


def fingerprint(folder: Path, **given: Any) -> str:
    workload = KerasWorkload(folder)
    return workload.fingerprint(complete(workload.parameters, given))


def test_editing_a_score_or_a_layer_changes_the_fingerprint(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    for key, value in (("score", "edited_score:f"), ("custom_modules", ["edited_layers"])):
        module = tmp_path / f"{value[0] if isinstance(value, list) else value.split(':')[0]}.py"
        module.write_text("def f(targets, outputs): return 1.0")
        before = fingerprint(tmp_path, **{key: value})
        assert fingerprint(tmp_path, **{key: value}) == before
        module.write_text("def f(targets, outputs): return 2.0")
        assert fingerprint(tmp_path, **{key: value}) != before


def test_a_module_that_is_not_there(tmp_path: Path) -> None:
    prepare(tmp_path, {"x": X, "y": Y})
    with pytest.raises(DataError, match="there is no module 'not_there_at_all'"):
        fingerprint(tmp_path, score="not_there_at_all:f")


def test_ones_own_score_can_be_an_objective() -> None:
    assert "efficiency" in KerasWorkload.metric_names({"score": "trigger:efficiency"})
    assert KerasWorkload.metric_names({"score": "auc"}) == KerasWorkload.metrics
