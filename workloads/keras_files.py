"""Quick checks of the files that a study names, before any task starts; no Keras is needed."""

from fnmatch import fnmatchcase
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from dse.contracts.errors import DataError, nearest
from dse.contracts.parameters import Assignment
from dse.runtime.archives import check_expanded
from dse.runtime.keras_file import HDF5_START, is_hdf5, network_config

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


def _layers(path: Path) -> list[str]:
    """Return the names of a network's layers; empty where its own class gives none."""
    inner = network_config(path).get("config", {})
    layers = inner.get("layers", ()) if isinstance(inner, dict) else inner  # a list in old files
    return [str(layer.get("config", {}).get("name", "")) for layer in layers]
