"""What integration tests share: random networks as layer lists, without Keras."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.hls4ml.network import Network
from dse import isolated


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Network]:
    """The paper's small networks and a jet-tagging MLP with random weights and biases."""
    cases = {
        "one_pass": ("interaction_network", 1),
        "two_passes": ("interaction_network", 2),
        "appendix_a": ("appendix_a", 2),
        "mlp": ("mlp", 1),
    }
    folder = tmp_path_factory.mktemp("networks")
    sys.path.insert(0, str(Path(__file__).parent))
    isolated.call("random_networks:make_all", folder, cases, log=folder / "log")
    sys.path.pop(0)
    return {name: Network.load(folder / name) for name in cases}


@pytest.fixture
def batch() -> Callable[..., list[np.ndarray[Any, Any]]]:
    """Random inputs, 40 by default; a quarter of the edges point to no node."""

    def make(name: str, n: int = 40) -> list[np.ndarray[Any, Any]]:
        rng = np.random.default_rng(7)
        if name == "mlp":
            return [rng.normal(0, 1.5, (n, 16)).astype(np.float32)]
        edges = 1 if name == "appendix_a" else 4
        index = [
            np.where(rng.random((n, 17)) < 0.25, 12, rng.integers(0, 12, (n, 17))) for _ in "rs"
        ]
        return [
            rng.normal(0, 1, (n, 12, 3)).astype(np.float32),
            rng.normal(0, 1, (n, 17, edges)).astype(np.float32),
            *(i.astype(np.float32) for i in index),
        ]

    return make
