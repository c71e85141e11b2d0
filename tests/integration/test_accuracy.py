"""The trained networks: as good as the paper's, on real graphs too, and at few bits."""

from pathlib import Path

import numpy as np
import pytest
from real_data import real_folder

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.extraction import extract
from backends.modelgraph.settings import Settings
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Assignment
from dse.contracts.workload import Prepared
from dse.runtime import isolated
from workloads.tracking.workload import TrackingWorkload

NETWORKS: dict[str, tuple[Assignment, float]] = {
    "one_pass": ({"network": "interaction_network", "passes": 1}, 0.98),
    "two_passes": ({"network": "interaction_network", "passes": 2}, 0.995),
    "appendix_a": ({"network": "appendix_a"}, 0.985),
}


@pytest.fixture(
    scope="module",
    params=[
        "one_pass",
        # a minute of training each
        pytest.param("two_passes", marks=pytest.mark.slow),
        pytest.param("appendix_a", marks=pytest.mark.slow),
    ],
)
def trained(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """Folder of a network trained with the workload's defaults."""
    folder = tmp_path_factory.mktemp(request.param)
    given, _ = NETWORKS[request.param]
    isolated.call("accuracy:train", folder, given, log=folder / "train.log")
    return request.param, folder


def auc(folder: Path, outputs: np.ndarray) -> Metric:
    area, *_ = TrackingWorkload(folder).score(Prepared(folder, ""), outputs, Fidelity.FLOAT)
    return area


def test_float_auc(trained: tuple[str, Path]) -> None:
    name, folder = trained
    area = auc(folder, np.load(folder / "simulated.npy"))
    assert area.value >= NETWORKS[name][1]
    assert area.low is not None
    assert area.high is not None
    assert area.low < area.value < area.high
    assert area.high - area.low < 0.02


def test_the_same_weights_on_real_graphs(trained: tuple[str, Path]) -> None:
    real_folder("trackml_graphs")
    _, folder = trained
    simulated = auc(folder, np.load(folder / "simulated.npy"))
    real = auc(folder / "real", np.load(folder / "real.npy"))
    assert real.value == pytest.approx(simulated.value, abs=0.01)


def test_few_bits_are_enough_and_fewer_are_not(trained: tuple[str, Path]) -> None:
    """Fig. 3 (Fig. 1's network: float AUC from about 12 bits on) and Fig. 4 (Appendix A: 16)."""
    name, folder = trained
    prepared = Prepared(folder, name)
    network = extract(prepared, folder / "cache", folder)
    full = auc(folder, np.load(folder / "simulated.npy")).value

    def loss(total_bits: int) -> float:
        graph, _ = build_graph(network, Settings(total_bits, 6), folder / "project")
        return full - auc(folder, evaluate(graph, prepared.inputs).outputs).value

    assert abs(loss(16)) < 0.002
    assert loss(8) > 0.3
    if name != "appendix_a":
        assert loss(12) < 0.012
