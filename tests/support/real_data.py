"""Real TrackML data for tests, where it is there."""

from pathlib import Path

import numpy as np
import pytest

from workloads.tracking.detector import nearest_layer
from workloads.tracking.graphs import Nodes

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


def real_folder(name: str) -> Path:
    """A folder of the data; skips the test without it."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"real TrackML data not found at {folder}")
    return folder


def load_nodes(folder: Path) -> list[tuple[Nodes, dict[str, np.ndarray]]]:
    """The nodes of every stored graph, and its raw arrays."""
    graphs = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored:
            raw = {name: stored[name] for name in stored.files}
        r, phi, z = (raw["X"].astype(float) * [1000, np.pi, 1000]).T
        graphs.append((Nodes(r, phi, z, nearest_layer(r, z), raw["pid"]), raw))
    return graphs
