"""The code that travels to the nodes of a cluster: dse and its plug-ins, as they are here.

Nodes need what these import, not these: whatever version a node has installed, the run's own runs
there. Ray sends each package once to each node, by a hash of its content.
"""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dse.contracts.entries import entry_points
from dse.contracts.registry import BACKENDS, HIDDEN, METRICS, WORKLOADS

_GROUPS = (BACKENDS, WORKLOADS, METRICS, *HIDDEN.values())


def runtime() -> dict[str, Any]:
    """Return Ray's runtime environment with all packages that bring backends and workloads."""
    entries = [entry for group in _GROUPS for entry in entry_points(group=group)]
    sent = {folder for entry in entries for folder in (*_package(entry), *_metadata(entry))}
    return {"py_modules": sorted(map(str, sent)), "excludes": ["__pycache__", "*.pyc"]}


def _package(entry: EntryPoint) -> Iterator[Path]:
    """Yield the folder, or the file, of the package that an entry point is in."""
    spec = find_spec(entry.module.partition(".")[0])
    if spec and spec.submodule_search_locations:
        yield Path(next(iter(spec.submodule_search_locations)))
    elif spec and spec.origin:
        yield Path(spec.origin)


def _metadata(entry: EntryPoint) -> Iterator[Path]:
    """Yield the folder of a distribution's metadata, by which a node finds its plug-ins."""
    files = (entry.dist.files if entry.dist else None) or ()
    for file in files:
        if file.name == "entry_points.txt":
            yield Path(str(file.locate())).parent
