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
    with suppress(OSError, ValueError, KeyError, BadZipFile), ZipFile(file) as archive:
        return list(_lambdas(json.loads(archive.read("config.json"))))
    return []


def load_hint(file: Path) -> str:
    """Return what to do where Keras cannot load a file, as far as its layers tell; else empty."""
    found = ", ".join(f"'{name}'" for name in lambda_layers(file))
    return f"Keras does not load the Lambda layers {found}: {LAMBDA_HINT}" if found else ""


def _lambdas(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("class_name") == "Lambda":
            yield str(node["config"]["name"])
        for value in node.values():
            yield from _lambdas(value)
    elif isinstance(node, list):
        for value in node:
            yield from _lambdas(value)
