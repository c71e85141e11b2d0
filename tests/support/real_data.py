"""Real data for tests: measured TrackML events, reports of vendor tools.

It is not part of the project. A checkout looks for it in the folder `shared` beside itself; the
environment variable `DSE_SHARED` names another place.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from workloads.tracking.detector import nearest_layer
from workloads.tracking.graphs import Nodes

VARIABLE = "DSE_SHARED"
_BESIDE = Path(__file__).parents[3] / "shared"


def has_data(name: str) -> bool:
    """Whether a folder of the data is there."""
    return _folder(name).is_dir()


def real_folder(name: str) -> Path:
    """Return a folder of the data, such as ``reports``; skips the test without it."""
    folder = _folder(name)
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; {VARIABLE} names another place for shared")
    return folder


def real_tool(name: str) -> Path:
    """Return a script beside the data; skips the test without it."""
    tool = _folder("").parent / "tools" / name
    if not tool.is_file():
        pytest.skip(f"no {name} at {tool.parent}; {VARIABLE} names another place for shared")
    return tool


def _folder(name: str) -> Path:
    return Path(os.environ.get(VARIABLE) or _BESIDE) / "data" / name


def load_nodes(folder: Path) -> list[tuple[Nodes, dict[str, np.ndarray]]]:
    """The nodes of every stored graph, and its raw arrays."""
    graphs = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored:
            raw = {name: stored[name] for name in stored.files}
        r, phi, z = (raw["X"].astype(float) * [1000, np.pi, 1000]).T
        graphs.append((Nodes(r, phi, z, nearest_layer(r, z), raw["pid"]), raw))
    return graphs
