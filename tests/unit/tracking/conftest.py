"""Real TrackML data for the tracking tests, where it is there."""

from pathlib import Path

import numpy as np
import pytest

from dse.workloads.tracking.detector import nearest_layer
from dse.workloads.tracking.graphs import Nodes

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"


def _folder(name: str) -> Path:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"real TrackML data not found at {folder}")
    return folder


@pytest.fixture(scope="session")
def trackml_event() -> Path:
    """Folder with one real event in the official layout."""
    return _folder("trackml_event")


def _load(folder: Path) -> list[tuple[Nodes, dict[str, np.ndarray]]]:
    """The nodes of every stored graph, and its raw arrays."""
    graphs = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored:
            raw = {name: stored[name] for name in stored.files}
        r, phi, z = (raw["X"].astype(float) * [1000, np.pi, 1000]).T
        graphs.append((Nodes(r, phi, z, nearest_layer(r, z), raw["pid"]), raw))
    return graphs


@pytest.fixture(scope="session")
def stored_pt2() -> list[tuple[Nodes, dict[str, np.ndarray]]]:
    """20 real events, particles of pT > 2 GeV."""
    return _load(_folder("trackml_graphs/pt2"))


@pytest.fixture(scope="session")
def stored_pt1() -> list[tuple[Nodes, dict[str, np.ndarray]]]:
    """3 of them, particles of pT > 1 GeV."""
    return _load(_folder("trackml_graphs/pt1"))
