"""What a Keras file says of its network, read without Keras."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

LAMBDA_HINT = (
    "write its function as a layer of its own, a class that workload.custom_modules names, "
    "or by Keras layers such as Add, Multiply, Reshape and Activation"
)
"""What to do with a Lambda layer."""


def lambda_layers(file: Path) -> list[str]:
    """Return the names of the Lambda layers in a ``.keras`` file; none if it cannot be read."""
    return [
        str(node["config"]["name"])
        for node in _configurations(file)
        if node.get("class_name") == "Lambda"
    ]


def foreign_packages(file: Path) -> list[str]:
    """Return the packages other than Keras whose classes a ``.keras`` file names, such as qkeras.

    Empty where the file cannot be read.
    """
    modules = (node.get("module") for node in _configurations(file))
    packages = {name.partition(".")[0] for name in modules if isinstance(name, str)}
    return sorted(packages - {"keras", "builtins", ""})


def load_hint(file: Path) -> str:
    """Return what to do where Keras cannot load a file, as far as its layers tell; else empty."""
    if found := ", ".join(f"'{name}'" for name in lambda_layers(file)):
        return f"Keras does not load the Lambda layers {found}: {LAMBDA_HINT}"
    if packages := ", ".join(foreign_packages(file)):
        return f"it has classes of {packages}: set workload.custom_modules: [{packages}]"
    return ""


def load_problem(error: Exception) -> str:
    """Return why Keras cannot load a file, without the configuration of the network."""
    said = str(error).rpartition("Exception encountered: ")[2]
    return said.partition(" Full object config:")[0].strip() or type(error).__name__


def _configurations(file: Path) -> list[dict[str, Any]]:
    """Return all mappings in the configuration of a ``.keras`` file; none if it cannot be read."""
    with suppress(OSError, ValueError, KeyError, BadZipFile), ZipFile(file) as archive:
        return list(_mappings(json.loads(archive.read("config.json"))))
    return []


def _mappings(node: Any) -> Iterator[dict[str, Any]]:
    """Yield all mappings in a tree, the outer ones first."""
    if isinstance(node, dict):
        yield node
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for value in inner:
        yield from _mappings(value)
