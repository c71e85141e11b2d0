"""Training on some events and scoring on others."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dse.contracts.errors import DataError
from dse.contracts.parameters import complete
from workloads.tracking.data import graph_settings, pad_graphs, training_graphs
from workloads.tracking.data import test_set as make_test_set
from workloads.tracking.events import write_event
from workloads.tracking.graphs import build_graphs
from workloads.tracking.simulation import SimulationSettings, simulate_event
from workloads.tracking.workload import TrackingWorkload

EVENTS = [simulate_event(7, number, SimulationSettings(pt_min_gev=2.0)) for number in (1000, 1001)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the events of another detector, so to say."""
    for event in EVENTS:
        write_event(event, tmp_path / "real")
    return tmp_path


def settings(**given: Any) -> dict[str, Any]:
    return complete(TrackingWorkload.parameters, {"n_train_events": 3, "n_test_events": 2, **given})


def quiet(text: str) -> None:
    del text


def test_scores_are_of_the_first_events_of_the_other_data(folder: Path) -> None:
    given = settings(score_data="real")
    cuts = graph_settings(given)
    graphs = [graph for event in EVENTS for graph in build_graphs(event, cuts) if len(graph.edges)]
    expected = pad_graphs(graphs, cuts.max_nodes, cuts.max_edges)
    found = make_test_set(given, folder, quiet).graphs
    assert np.array_equal(found.nodes, expected.nodes)
    assert np.array_equal(found.labels, expected.labels)


def test_the_training_does_not_change(folder: Path) -> None:
    apart, plain = settings(score_data="real"), settings()
    one, other = (training_graphs(given, folder, quiet) for given in (apart, plain))
    assert np.array_equal(one.nodes, other.nodes)


def test_trained_on_files_and_scored_on_simulation(folder: Path) -> None:
    given = settings(data="real", n_train_events=2, score_data="simulated")
    plain = settings(n_train_events=2)
    one, other = (make_test_set(found, folder, quiet).graphs for found in (given, plain))
    assert np.array_equal(one.nodes, other.nodes)


def test_other_files_to_score_on_are_another_evaluation(folder: Path) -> None:
    shutil.copytree(folder / "real", folder / "less")
    for file in (folder / "less").glob("event000001001*"):
        file.unlink()
    workload = TrackingWorkload(folder)
    scored = (None, "real", "less", "simulated")
    found = [workload.fingerprint(settings(score_data=one)) for one in scored]
    assert len(set(found)) == 4


def test_without_it_fingerprints_are_as_before(folder: Path) -> None:
    before = {k: v for k, v in settings().items() if k != "score_data"}
    workload = TrackingWorkload(folder)
    assert workload.fingerprint(settings()) == workload.fingerprint(before)


def test_too_few_events_are_named(folder: Path) -> None:
    with pytest.raises(DataError, match="the data has 2 events, 3 are needed"):
        make_test_set(settings(score_data="real", n_test_events=3), folder, quiet)
