"""Quick checks of the files that a study names, before any task starts; no Keras is needed."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import DataError, nearest
from dse.contracts.parameters import Assignment
from dse.runtime.archives import check_expanded
from dse.runtime.keras_file import HDF5_START, Shape, is_hdf5, layer_names, network_config

_CONFIG = "config.json"
"""Member of a Keras 3 file that describes the network."""

_MODEL = {_CONFIG, "model.weights.h5"}
"""Members that a Keras 3 file has besides its assets."""

_SAVE = "load the network where it was trained, and write model.save('model.keras')"
_SAVEZ = "numpy.savez(file, x=inputs, y=targets) writes one"
_MODEL_HINTS = {
    "an ONNX file": "use the workload onnx for it: workload.name: onnx",
    "a PyTorch file": "write the network with torch.onnx.export, and use the workload onnx",
    "an HDF5 file of weights without a network": "write the whole network: "
    "model.load_weights(file), then model.save('model.keras')",
}
"""What to do with files of other kinds than Keras'."""


def check_format(path: Path, key: str) -> None:
    """Check that a file has the format of its setting.

    Args:
        path: the file; it exists.
        key: ``model`` for a network of Keras, ``test_set`` or ``train_set`` for an npz file.

    Raises:
        DataError: it has another format; the message says which.
    """
    check_expanded(path)
    members = _members(path)
    if (is_network(path, members)) if key == "model" else _is_npz(members):
        return
    wanted = "a network of Keras (.keras or .h5)" if key == "model" else "an npz file of arrays"
    kind = _kind(path, members)
    hint = _MODEL_HINTS.get(kind, _SAVE) if key == "model" else _SAVEZ
    raise DataError(f"workload.{key} is {kind}, not {wanted}", where=str(path), hint=hint)


def check_inputs(
    arrays: Sequence[NDArray[np.generic]], shapes: Sequence[Shape], where: str
) -> None:
    """Check that the inputs of a data set are those that a network takes.

    An axis of length 1 at the end may be there or not.

    Args:
        arrays: the inputs in order, first axis samples.
        shapes: those of the network's inputs; empty where they are not known.
        where: setting and data set.

    Raises:
        DataError: there are more or fewer inputs, or one has another shape.
    """
    if shapes and len(arrays) != len(shapes):
        message = f"{_inputs(len(arrays))}, the network takes {len(shapes)}"
        hint = "x is the only input; x_0, x_1, … are those of a network with several, in its order"
        raise DataError(message, where=where, hint=hint)
    for number, (array, shape) in enumerate(zip(arrays, shapes, strict=False)):
        given, wanted = (_without_ones(one) for one in (array.shape[1:], shape))
        same = len(given) == len(wanted) and all(
            want in (size, None) for size, want in zip(given, wanted, strict=True)
        )
        if not same:
            name = "x" if len(shapes) == 1 else f"x_{number}"
            text = str(tuple("any" if size is None else size for size in shape)).replace("'", "")
            message = f"{name} has samples of shape {array.shape[1:]}, the network takes {text}"
            hint = "the first axis counts the samples; the others are those of the network's input"
            raise DataError(message, where=where, hint=hint)


def _inputs(count: int) -> str:
    return f"there {'is one input' if count == 1 else f'are {count} inputs'}"


def _without_ones(shape: Shape) -> Shape:
    return _without_ones(shape[:-1]) if shape and shape[-1] == 1 else tuple(shape)


def is_network(path: Path, members: set[str] | None = None) -> bool:
    """Whether a file is a whole network of Keras: a Keras 3 archive, or HDF5 with a description.

    Args:
        path: the file.
        members: names in the file, if it is a zip archive; None to read them.
    """
    names = _members(path) if members is None else members
    return names >= _MODEL or (is_hdf5(path) and bool(network_config(path)))


def model_file(path: Path) -> str:
    """Return the name of a network's copy, which tells Keras the format: by content, not name."""
    return "model.h5" if is_hdf5(path) else "model.keras"


def check_layers(path: Path, layer_bits: Assignment) -> None:
    """Check that every pattern of `layer_bits` matches a layer of a Keras file.

    Raises:
        DataError: a pattern matches none, so that it would have no effect.
    """
    names = layer_names(path)
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
        start = file.read(len(HDF5_START))
    if not start:
        return "an empty file"
    if start == HDF5_START:
        return "an HDF5 file of weights without a network"
    if path.suffix.lower() == ".onnx":  # protobuf: its first bytes do not tell
        return "an ONNX file"
    if members:
        return _kind_of_archive(members)
    if start.startswith(b"\x80"):  # pickle; so torch wrote its files before version 1.6
        return "a PyTorch file" if path.suffix.lower() in _TORCH else "a pickled Python object"
    return "a damaged zip archive" if start.startswith(b"PK") else "another file"


_TORCH = (".pt", ".pth", ".ckpt")


def _kind_of_archive(members: set[str]) -> str:
    """Return what a zip archive seems to be, by the names in it."""
    if _CONFIG in members:
        return "a Keras file"
    if any(name.endswith("/data.pkl") for name in members):
        return "a PyTorch file"
    return "an npz file" if _is_npz(members) else "a zip archive"
