"""What integration tests share: random networks as layer lists, without Keras."""

import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.modelgraph.network import Network
from dse.runtime import isolated

LONG = (
    *("random_networks", "accuracy", "dashboard", "network_studies", "example_plugin", "crash"),
    *("vendor_path", "packaged_tools", "wheel", "boards", "zoo", "run_ends", "two_drivers"),
    *("onnx", "backends", "conversion_check", "golden", "open", "yosys", "executors"),
    *("slurm", "cluster", "cluster_nodes"),
)
"""Integration tests that take more than half a minute of a core, by the name of their file."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """OpenCL marked, and first: PoCL's compiler fails in a process that imported TensorFlow.

    Both bring an LLVM. Evaluations have processes of their own, so only tests can meet this.
    PoCL keeps what it has built, so on a machine that ran the tests before nothing fails.
    """
    assert "tensorflow" not in sys.modules, "a test module imports TensorFlow; use late.Late"
    for item in items:
        if "opencl" in item.nodeid.lower():
            item.add_marker("opencl")
    # Long files first: two workers share the rest, and neither waits for the other at the end.
    order = {f"test_{name}.py": place for place, name in enumerate(LONG)}
    items.sort(
        key=lambda item: (
            item.get_closest_marker("opencl") is None,
            order.get(item.path.name, len(LONG)),
        )
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A tool's own words, where its failure fails a test."""
    report = yield
    if call.excinfo and (log := getattr(call.excinfo.value, "log", "")):
        report.sections.append(("log of the tool", log))
    return report


CASES = {
    "one_pass": ("interaction_network", 1),
    "two_passes": ("interaction_network", 2),
    "appendix_a": ("appendix_a", 2),
    "mlp": ("mlp", 1),
    "opencl": ("opencl", 2),
}


@pytest.fixture(scope="session")
def networks_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The paper's networks and a jet-tagging MLP with random weights and biases, saved."""
    folder = tmp_path_factory.mktemp("networks")
    here = [Path(__file__).parent]
    isolated.call("random_networks:make_all", folder, CASES, log=folder / "log", folders=here)
    return folder


@pytest.fixture(scope="session")
def networks(networks_folder: Path) -> dict[str, Network]:
    """The same as layer lists."""
    return {name: Network.load(networks_folder / name) for name in CASES}


@pytest.fixture(scope="session")
def keras_outputs(networks_folder: Path) -> dict[str, Any]:
    """What Keras gives for every network's random inputs."""
    inputs = {name: make_batch(name) for name in CASES}
    log = networks_folder / "predict.log"
    found: dict[str, Any] = isolated.call(
        "random_networks:predict_all",
        networks_folder,
        inputs,
        log=log,
        folders=[Path(__file__).parent],
    )
    return found


def make_batch(name: str, n: int = 40) -> list[np.ndarray[Any, Any]]:
    """Random inputs; a quarter of the edges' ends are no node."""
    rng = np.random.default_rng(7)
    if name == "mlp":
        return [rng.normal(0, 1.5, (n, 16)).astype(np.float32)]
    edges = 1 if name in {"appendix_a", "opencl"} else 4
    index = [np.where(rng.random((n, 17)) < 0.25, 12, rng.integers(0, 12, (n, 17))) for _ in "rs"]
    return [
        rng.normal(0, 1, (n, 12, 3)).astype(np.float32),
        rng.normal(0, 1, (n, 17, edges)).astype(np.float32),
        *(i.astype(np.float32) for i in index),
    ]


@pytest.fixture
def batch() -> Callable[..., list[np.ndarray[Any, Any]]]:
    """Random inputs by network."""
    return make_batch
