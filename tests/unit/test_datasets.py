"""Data sets of the Keras workload from every kind of file that people have."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dse.contracts.errors import DataError
from workloads.datasets.reading import read_samples
from workloads.datasets.sources import digests, sources

RNG = np.random.default_rng(3)
X = RNG.normal(size=(7, 3)).astype(np.float32)
Z = RNG.normal(size=(7, 4, 2))
Y = np.arange(7) % 2

FUNCTIONS = """
import numpy as np
def load(): return np.ones((5, 2)), np.arange(5)
def inputs(): return [np.ones((5, 2)), np.zeros((5, 3))]
def labels(): return np.arange(5)
def alone(): return np.ones((5, 2))
def broken(): raise KeyError("gone")
def ragged(): return np.array([[1], [1, 2]], dtype=object), np.arange(2)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the same samples in files of every kind."""
    h5py = pytest.importorskip("h5py")
    np.savez(tmp_path / "both.npz", x=X, y=Y)
    np.savez(tmp_path / "named.npz", features=X, images=Z, labels=Y)
    for name, array in (("x", X), ("z", Z), ("y", Y)):
        np.save(tmp_path / f"{name}.npy", array)
    with h5py.File(tmp_path / "both.h5", "w") as file:
        file["x"], file["y"] = X, Y
    with h5py.File(tmp_path / "named.hdf5", "w") as file:
        file["jets/features"], file["jets/images"], file["labels"] = X, Z, Y
    frame = pd.DataFrame({"pt": X[:, 0], "eta": X[:, 1], "phi": X[:, 2], "y": Y})
    frame.to_parquet(tmp_path / "jets.parquet")
    frame.to_csv(tmp_path / "jets.csv", index=False)
    pd.DataFrame({"seq": list(Z[:, :, 0]), "y": Y}).to_parquet(tmp_path / "lists.parquet")
    (tmp_path / "mine.py").write_text(FUNCTIONS)
    return tmp_path


def read(folder: Path, text: str, targets: str | None = None) -> Any:
    return read_samples(text, targets, folder, "test_set")


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("both.npz", None),
        ("both.npz:x", "both.npz:y"),
        ("both.npz", "y.npy"),
        ("x.npy", "y.npy"),
        ("x.npy", "both.h5"),
        ("both.h5", None),
        ("both.h5:/x", "both.h5:/y"),
        ("named.hdf5:/jets/features", "named.hdf5:/labels"),
        ("named.npz:features", "named.npz:labels"),
        ("jets.parquet", None),
        ("jets.parquet:pt,eta,phi", "jets.parquet:y"),
        ("jets.parquet:p[!h]*,e*,phi", "y.npy"),
        ("jets.csv", None),
        ("jets.csv:pt, eta, phi", "both.h5:y"),
    ],
)
def test_the_same_samples_from_every_kind_of_file(
    folder: Path, text: str, targets: str | None
) -> None:
    (x,), y = read(folder, text, targets)
    np.testing.assert_allclose(x, X, rtol=1e-6)
    np.testing.assert_array_equal(y, Y)


@pytest.mark.parametrize(
    "text",
    [
        "x.npy,z.npy",
        "named.npz:features,images",
        "named.hdf5:/jets/features,/jets/images",
        "both.h5:x,z.npy",
    ],
)
def test_several_inputs_come_in_the_order_written(folder: Path, text: str) -> None:
    inputs, y = read(folder, text, "y.npy")
    for found, wanted in zip(inputs, (X, Z), strict=True):
        np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(y, Y)


def test_columns_of_equal_lists_are_one_array(folder: Path) -> None:
    (x,), _ = read(folder, "lists.parquet")
    np.testing.assert_array_equal(x, Z[:, :, 0])


def test_several_columns_of_targets_are_one_array(folder: Path) -> None:
    _, y = read(folder, "x.npy", "jets.parquet:pt,eta")
    np.testing.assert_array_equal(y, X[:, :2])


def test_a_function_gives_both_or_the_inputs(folder: Path) -> None:
    (x,), y = read(folder, "mine:load")
    assert (x.shape, y.tolist()) == ((5, 2), [0, 1, 2, 3, 4])
    inputs, y = read(folder, "mine:inputs", "mine:labels")
    assert [array.shape for array in inputs] == [(5, 2), (5, 3)]
    assert y.shape == (5,)


def test_branches_of_a_root_file(tmp_path: Path) -> None:
    uproot = pytest.importorskip("uproot", reason="the extra root is not installed")
    with uproot.recreate(tmp_path / "events.root") as file:
        file["jets"] = {"pt": X[:, 0], "eta": X[:, 1], "phi": X[:, 2], "label": Y}
    names = "events.root:jets/pt,jets/eta,jets/phi"
    (x,), y = read(tmp_path, names, "events.root:jets/label")
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def test_a_package_that_is_missing_names_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "events.root").write_bytes(b"root")
    monkeypatch.setitem(__import__("sys").modules, "uproot", None)
    from dse.contracts.errors import ToolMissingError

    with pytest.raises(ToolMissingError, match="uproot") as caught:
        read(tmp_path, "events.root:jets/pt", "events.root:jets/label")
    assert "pip install" in caught.value.hint


WRONG = [
    ("x.npy", None, "has no targets", "workload.test_targets"),
    ("both.h5:/x", None, "has no targets", "test_targets"),
    ("jets.parquet:pt", None, "has no targets", "test_targets"),
    ("lists.parquet:nope", "y.npy", "has no 'nope'", "legal: seq, y"),
    ("both.h5:/X", "y.npy", "has no 'X'", "legal: x, y"),
    ("named.npz:feature", "y.npy", "has no 'feature'", "did you mean 'features'"),
    ("named.npz", "y.npy", "has no 'x'", "legal: features, images, labels"),
    ("named.hdf5", None, "contains the arrays jets/features", "test_targets: 'named.hdf5:labels'"),
    ("x.npy", "mine:labels", r"has shape \(7, 3\), y has 5 samples", "first axis"),
    ("absent.h5:/x", "y.npy", "test_set file does not exist", "relative paths start at"),
    ("x.npy", "absent.npy", "test_targets file does not exist", "workload.test_targets"),
    ("x.npy", "x.npy,y.npy", "names several files", "one array"),
    ("mine:alone", None, "gives no pair", "test_targets"),
    ("mine:broken", None, "the function failed: KeyError", ""),
    ("mine:absent", None, "has no 'absent'", ""),
    ("nowhere:load", None, "cannot be imported", ""),
    ("mine:ragged", None, "lists of different lengths or objects", "pad the lists"),
    ("", None, "test_set is empty", "test.npz"),
    ("x.npy,both.npz", None, "has no targets", "test_targets"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "targets", "message", "hint"), WRONG)
def test_what_is_wrong_is_said_with_the_fix(
    folder: Path, text: str, targets: str | None, message: str, hint: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(folder, text, targets)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[1.0], [np.nan], [np.inf]]), "2 of 3, the first in row 1"),
        (np.array(["a", "b", "c"]), "text"),
        (np.array([1j, 2, 3]), "complex128"),
        (np.array([(1, 2.0)] * 3, dtype=[("a", int), ("b", float)]), "but .*'a'"),
    ],
)
def test_values_that_are_no_numbers_are_counted(tmp_path: Path, array: Any, message: str) -> None:
    np.save(tmp_path / "x.npy", array)
    np.save(tmp_path / "y.npy", np.arange(3))
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, "x.npy", "y.npy")
    assert caught.value.where.endswith("x.npy (x)")
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["npy", "h5", "parquet", "csv"])
def test_a_damaged_file_is_named(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("h5py")
    (tmp_path / f"x.{kind}").write_bytes(b"\x00\xff damaged")
    np.save(tmp_path / "y.npy", Y)
    with pytest.raises(DataError, match=r"not an? .* file of plain arrays") as caught:
        read(tmp_path, f"x.{kind}", "y.npy")
    assert caught.value.where == str(tmp_path / f"x.{kind}")


def test_objects_in_a_file_are_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "o.npz", x=np.array([{}], dtype=object), y=np.zeros(1))
    with pytest.raises(DataError, match="Object arrays cannot be loaded"):
        read(tmp_path, "o.npz")


def test_names_and_contents_identify_the_data_and_paths_do_not(folder: Path) -> None:
    key = "test_set"
    assert digests("both.h5:/x", folder, key) != digests("both.h5:/y", folder, key)
    assert digests("mine:load", folder, key) != digests("mine:alone", folder, key)
    (folder / "copy.npz").write_bytes((folder / "both.npz").read_bytes())
    assert digests("both.npz", folder, key) == digests("copy.npz", folder, key)
    before = digests("mine:load", folder, key)
    (folder / "mine.py").write_text(FUNCTIONS + "\n")
    assert digests("mine:load", folder, key) != before


def test_a_file_may_have_a_colon_or_a_comma_in_its_name(tmp_path: Path) -> None:
    for name in ("a,b.npy", "a:b.npy"):
        np.save(tmp_path / name, X)
        assert [source.place for source in sources(name, tmp_path)] == [name]
