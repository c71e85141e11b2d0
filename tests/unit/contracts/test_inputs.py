"""Model inputs of any type mean the same for every backend."""

from pathlib import Path

import numpy as np
import pytest

from dse.contracts.errors import DataError
from dse.contracts.workload import Prepared


def stored(folder: Path, array: np.ndarray) -> np.ndarray:
    prepared = Prepared.write(folder, "f", inputs=[array], scoring={}, manifest={})
    return np.asarray(Prepared(prepared.directory, "f").inputs[0])


@pytest.mark.parametrize(
    "values",
    [
        np.array([0.1, -3.0]),
        np.array([0.1, -3.0], np.longdouble),
        np.array([0.1, -3.0], np.float16),
        np.array([2**24 + 1, -(2**31)], np.int64),
        np.array([2**63], np.uint64),
        np.array([3, -(2**24)], np.int32),
        np.array([True, False]),
        np.array([255], np.uint8),
    ],
    ids=lambda values: str(values.dtype),
)
def test_single_and_double_precision_see_the_same_numbers(
    values: np.ndarray, tmp_path: Path
) -> None:
    """Keras computes in single precision, the firmware's interface takes double."""
    found = stored(tmp_path, values)
    assert np.array_equal(found.astype(np.float64), found.astype(np.float32).astype(np.float64))
    assert np.array_equal(found.astype(np.float32), values.astype(np.float32))


def test_small_integers_stay_integers(tmp_path: Path) -> None:
    assert stored(tmp_path, np.array([1, 2], np.int32)).dtype == np.int32


@pytest.mark.parametrize("values", [np.array([1e39]), np.array([1 + 2j]), np.array(["a"])])
def test_what_single_precision_cannot_hold_is_refused(values: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="contains values") as caught:
        stored(tmp_path, values)
    assert caught.value.where == "model input 0"
