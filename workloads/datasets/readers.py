"""Readers of data files by suffix: which names a file has, and the arrays under them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import DataError, ToolMissingError
from dse.contracts.extras import missing_package
from dse.runtime.archives import check_expanded

Array = NDArray[np.generic]
Arrays = dict[str, Array]

_DAMAGED = (OSError, ValueError, TypeError, EOFError, AttributeError, KeyError, BadZipFile)
"""What NumPy, h5py, pyarrow and uproot raise for damaged files, depending on the damage."""


@dataclass(frozen=True)
class Format:
    """How files of one kind are read.

    Args:
        kind: the kind with its article, for errors.
        names: returns the names in a file: of arrays, or of the columns of a table.
        read: returns the arrays under some of these names.
        table: whether the names are columns, which make one input together.
        hint: how a file of this kind is written.
    """

    kind: str
    names: Callable[[Path], list[str]]
    read: Callable[[Path, Sequence[str]], Arrays]
    table: bool = False
    hint: str = ""


@contextmanager
def reading(path: Path, form: Format) -> Iterator[None]:
    """Turn what a library raises for a damaged file into an error that names the file.

    Raises:
        DataError: the file cannot be read.
        ToolMissingError: the package that reads it is not installed.
    """
    try:
        yield
    except ImportError as error:
        package = error.name or "a package"
        fallback = ToolMissingError(f"{form.kind} needs {package}", hint=f"pip install {package}")
        raise missing_package(error) or fallback from error
    except _DAMAGED as error:
        text = f"not {form.kind} of plain arrays: {error}"
        raise DataError(text, where=str(path), hint=form.hint) from error


def _npz_names(path: Path) -> list[str]:
    check_expanded(path)
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return list(stored.files)


def _read_npz(path: Path, names: Sequence[str]) -> Arrays:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in names}


def _read_npy(path: Path, names: Sequence[str]) -> Arrays:
    return {names[0]: np.load(path, allow_pickle=False)}


def _hdf5_names(path: Path) -> list[str]:
    import h5py

    found: list[str] = []

    def note(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset):
            found.append(name)

    with h5py.File(path, "r") as file:
        file.visititems(note)
    return found


def _read_hdf5(path: Path, names: Sequence[str]) -> Arrays:
    import h5py

    with h5py.File(path, "r") as file:
        return {name: np.asarray(file[name][()]) for name in names}


def _parquet_names(path: Path) -> list[str]:
    from pyarrow import parquet

    return list(parquet.read_schema(path).names)


def _read_parquet(path: Path, names: Sequence[str]) -> Arrays:
    from pyarrow import parquet

    table = parquet.read_table(path, columns=list(names))
    return {name: _stacked(table[name].to_numpy()) for name in names}


def _csv_names(path: Path) -> list[str]:
    import pandas as pd

    return [str(name) for name in pd.read_csv(path, nrows=0).columns]


def _read_csv(path: Path, names: Sequence[str]) -> Arrays:
    import pandas as pd

    table = pd.read_csv(path, usecols=list(names))
    return {name: table[name].to_numpy() for name in names}


_TREES = {"TTree", "TNtuple", "ROOT::RNTuple"}
"""Classes of ROOT that hold columns."""


def _root_names(path: Path) -> list[str]:
    import uproot

    with uproot.open(path) as file:
        kinds = file.classnames(cycle=False)
        trees = [name for name, kind in kinds.items() if kind in _TREES]
        return [f"{tree}/{branch}" for tree in trees for branch in file[tree].keys()]  # noqa: SIM118


def _read_root(path: Path, names: Sequence[str]) -> Arrays:
    import uproot

    with uproot.open(path) as file:
        trees = {name: file[name.rpartition("/")[0]] for name in names}
        branches = {name: name.rpartition("/")[2] for name in names}
        columns = {name: tree.arrays([branches[name]]) for name, tree in trees.items()}
    return {name: _stacked(column[branches[name]].to_numpy()) for name, column in columns.items()}


def _stacked(column: Array) -> Array:
    """Return a column of lists of equal length as one array, (rows, length); others as they are."""
    if column.dtype.kind != "O" or not len(column) or not isinstance(column[0], np.ndarray):
        return column
    same = all(np.shape(row) == np.shape(column[0]) for row in column)
    return np.stack(list(column)) if same else column


_HDF5 = Format("an HDF5 file", _hdf5_names, _read_hdf5, hint="h5py writes one: file['x'] = inputs")

FORMATS: dict[str, Format] = {
    ".npz": Format(
        "an npz file",
        _npz_names,
        _read_npz,
        hint="numpy.savez(file, x=inputs, y=targets) writes one",
    ),
    ".npy": Format(
        "an npy file",
        lambda path: [path.stem],
        _read_npy,
        hint="numpy.save(file, array) writes one",
    ),
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), _HDF5),
    ".parquet": Format(
        "a Parquet file",
        _parquet_names,
        _read_parquet,
        table=True,
        hint="pandas writes one: frame.to_parquet(file)",
    ),
    ".csv": Format(
        "a CSV file",
        _csv_names,
        _read_csv,
        table=True,
        hint="the first line holds the names of the columns",
    ),
    ".root": Format(
        "a ROOT file",
        _root_names,
        _read_root,
        table=True,
        hint="name branches as tree/branch",
    ),
}
"""Formats by suffix in lower case."""
