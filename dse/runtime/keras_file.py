"""What a Keras file says of its network, read without Keras."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

HDF5_START = b"\x89HDF\r\n\x1a\n"
"""First bytes of an HDF5 file (HDF5 file format, level 0A)."""

LAMBDA_HINT = (
    "write its function as a layer of its own, a class that workload.custom_modules names, "
    "or by Keras layers such as Add, Multiply, Reshape and Activation"
)
"""What to do with a Lambda layer."""

_MOST_BYTES = 2**28
"""Size of a description; that of a network of thousands of layers takes a few MB."""

_UNKNOWN = ("Could not locate", "Unknown layer", "Unknown object")
"""How Keras begins when it does not know a class."""


def network_config(file: Path) -> dict[str, Any]:
    """Return the description of a network in a ``.keras`` or a whole-model ``.h5`` file.

    Returns:
        The description as Keras wrote it; empty where the file has none, or cannot be read.
    """
    with suppress(OSError, ValueError, KeyError, BadZipFile):
        config = json.loads(_hdf5_config(file) if is_hdf5(file) else _zip_config(file))
        return config if isinstance(config, dict) else {}
    return {}


Shape = tuple[int | None, ...]
"""Shape of one sample; None for an axis of any length."""


def input_shapes(file: Path) -> list[Shape]:
    """Return the shapes of a network's inputs in order; empty where the file does not say."""
    inner = network_config(file).get("config", {})
    shapes = {
        str(config.get("name")): shape
        for config in _layer_configs(inner)
        if (shape := config.get("batch_shape") or config.get("batch_input_shape"))
    }
    names = _input_names(inner.get("input_layers")) if isinstance(inner, dict) else []
    found = [shapes.get(name) for name in names] if names else list(shapes.values())[:1]
    return [tuple(shape[1:]) for shape in found if shape] if all(found) else []


def layer_names(file: Path) -> list[str]:
    """Return the names of a network's layers; empty where its own class gives none."""
    inner = network_config(file).get("config", {})
    return [str(config.get("name", "")) for config in _layer_configs(inner)]


def _layer_configs(inner: Any) -> list[dict[str, Any]]:
    """Return the settings of the outer layers, from those of the network."""
    layers = inner.get("layers", ()) if isinstance(inner, dict) else inner  # a list in old files
    return [layer.get("config", {}) for layer in layers]


def _input_names(inputs: Any) -> list[str]:
    """Return the names of input layers, as Keras writes them: ``[name, 0, 0]``, or several."""
    if isinstance(inputs, Mapping):
        inputs = [inputs[key] for key in sorted(inputs)]  # Keras' order
    if not isinstance(inputs, list) or not inputs:
        return []
    several = inputs if isinstance(inputs[0], list) else [inputs]
    return [str(one[0]) for one in several]


def lambda_layers(file: Path) -> list[str]:
    """Return the names of the Lambda layers in a Keras file; none if it cannot be read."""
    return [
        str(node["config"]["name"])
        for node in _mappings(network_config(file))
        if node.get("class_name") == "Lambda"
    ]


def foreign_packages(file: Path) -> list[str]:
    """Return the packages other than Keras whose classes a Keras file names, such as qkeras.

    Empty where the file cannot be read.
    """
    modules = (node.get("module") for node in _mappings(network_config(file)))
    packages = {name.partition(".")[0] for name in modules if isinstance(name, str)}
    return sorted(packages - {"keras", "builtins", ""})


def load_hint(file: Path, said: str = "") -> str:
    """Return what to do where Keras cannot load a file, as far as file and error tell; else empty.

    Args:
        file: the Keras file.
        said: the text of Keras' error.
    """
    if found := ", ".join(f"'{name}'" for name in lambda_layers(file)):
        return f"Keras does not load the Lambda layers {found}: {LAMBDA_HINT}"
    if packages := ", ".join(foreign_packages(file)):
        return (
            f"it has classes of {packages}: set workload.custom_modules: [{packages}] "
            "(dse init: --module)"
        )
    if any(text in said for text in _UNKNOWN):
        return "name the module of the class in workload.custom_modules (dse init: --module)"
    return ""


def load_problem(error: Exception) -> str:
    """Return why Keras cannot load a file, without the configuration of the network."""
    said = str(error).rpartition("Exception encountered: ")[2]
    return said.partition(" Full object config:")[0].strip() or type(error).__name__


def is_hdf5(file: Path) -> bool:
    """Whether a file is an HDF5 file, by its first bytes."""
    with file.open("rb") as stream:
        return stream.read(len(HDF5_START)) == HDF5_START


def _zip_config(file: Path) -> bytes:
    with ZipFile(file) as archive:
        if archive.getinfo("config.json").file_size > _MOST_BYTES:
            raise ValueError
        return archive.read("config.json")


def _hdf5_config(file: Path) -> str | bytes:
    import h5py  # comes with Keras, which reads these files by it

    with h5py.File(file, "r") as stored:
        config: str | bytes = stored.attrs["model_config"]
        return config


def _mappings(node: Any) -> Iterator[dict[str, Any]]:
    """Yield all mappings in a tree, the outer ones first."""
    if isinstance(node, dict):
        yield node
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for value in inner:
        yield from _mappings(value)
