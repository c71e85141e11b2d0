"""Real TrackML data for the tracking tests, where it is there."""

from pathlib import Path

import numpy as np
import pytest
from real_data import load_nodes, real_folder

from workloads.tracking.graphs import Nodes


@pytest.fixture(scope="session")
def trackml_event() -> Path:
    """Folder with one real event in the official layout."""
    return real_folder("trackml_event")


@pytest.fixture(scope="session")
def stored_pt2() -> list[tuple[Nodes, dict[str, np.ndarray]]]:
    """20 real events, particles of pT > 2 GeV."""
    return load_nodes(real_folder("trackml_graphs/pt2"))


@pytest.fixture(scope="session")
def stored_pt1() -> list[tuple[Nodes, dict[str, np.ndarray]]]:
    """3 of them, particles of pT > 1 GeV."""
    return load_nodes(real_folder("trackml_graphs/pt1"))
