"""Quick checks of the files that a study names, before any task starts; no Keras is needed."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from dse.contracts.errors import DataError, nearest
from dse.contracts.parameters import Assignment

_CONFIG = "config.json"
"""Member of a Keras 3 file that describes the network."""

_HDF5 = b"\x89HDF\r\n\x1a\n"
"""First bytes of an HDF5 file (HDF5 file format, level 0A)."""

_MODEL = {_CONFIG, "model.weights.h5"}
"""Members that a Keras 3 file has besides its assets."""


def check_format(path: Path, key: str) -> None:
    """Check that a file has the format of its setting.

    Args:
        path: the file; it exists.
        key: ``model`` for a Keras 3 file, ``test_set`` or ``train_set`` for an npz file.

    Raises:
        DataError: it has another format; the message says which.
    """
    members = _members(path)
    if (members >= _MODEL) if key == "model" else _is_npz(members):
        return
    wanted = "a Keras 3 file (.keras)" if key == "model" else "an npz file of arrays"
    hint = (
        "load the network where it was trained, and write model.save('model.keras')"
        if key == "model"
        else "numpy.savez(file, x=inputs, y=targets) writes one"
    )
    raise DataError(
        f"workload.{key} is {_kind(path, members)}, not {wanted}", where=str(path), hint=hint
    )


def check_layers(path: Path, layer_bits: Assignment) -> None:
    """Check that every pattern of `layer_bits` matches a layer of a Keras file.

    Raises:
        DataError: a pattern matches none, so that it would have no effect.
    """
    names = _layers(path)
    for pattern in layer_bits:
        if names and not any(fnmatchcase(name, pattern) for name in names):
            message = f"workload.layer_bits: no layer matches '{pattern}'"
            raise DataError(message, where=str(path), hint=nearest(pattern, names))


def _members(path: Path) -> set[str]:
    """Return the names in a zip archive; empty for other files."""
    try:
        with ZipFile(path) as archive:
            return set(archive.namelist())
    except (BadZipFile, OSError):
        return set()


def _is_npz(members: set[str]) -> bool:
    return bool(members) and all(name.endswith(".npy") for name in members)


def _kind(path: Path, members: set[str]) -> str:
    """Return what a file seems to be, with its article."""
    with path.open("rb") as file:
        start = file.read(len(_HDF5))
    if not start:
        return "an empty file"
    if start == _HDF5:
        return "an HDF5 file (.h5)"
    if path.suffix.lower() == ".onnx":  # protobuf: its first bytes do not tell
        return "an ONNX file"
    if _CONFIG in members:
        return "a Keras file"
    if members:
        return "an npz file" if _is_npz(members) else "a zip archive"
    return "a damaged zip archive" if start.startswith(b"PK") else "another file"


def _layers(path: Path) -> list[str]:
    """Return the names of a network's layers; empty where its own class gives none."""
    with ZipFile(path) as archive:
        config: Any = json.loads(archive.read(_CONFIG))
    layers = config.get("config", {}).get("layers", ())
    return [str(layer.get("config", {}).get("name", "")) for layer in layers]
