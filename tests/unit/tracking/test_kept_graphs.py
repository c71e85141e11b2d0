"""Graphs in the cache are those that are built, and built once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dse.testing.backends import RecordingParameters
from workloads.tracking import kept_graphs
from workloads.tracking.data import TEST_PARAMETERS, TRAINING_PARAMETERS, training_graphs
from workloads.tracking.data import test_set as make_test_set
from workloads.tracking.kept_graphs import KeptGraphs
from workloads.tracking.workload import TrackingWorkload

SMALL = {p.name: p.default for p in TrackingWorkload.parameters} | {
    "n_train_events": 2,
    "n_test_events": 1,
    "n_phi": 32,
    "max_nodes": 28,
    "max_edges": 37,
}


def silent(_: str) -> None:
    """Discard progress."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the functions that built graphs."""
    made: list[str] = []
    for name in ("training_graphs", "test_set"):
        build = getattr(kept_graphs, name)

        def counting(*given: Any, name: str = name, build: Any = build) -> Any:
            made.append(name)
            return build(*given)

        monkeypatch.setattr(kept_graphs, name, counting)
    return made


@pytest.fixture
def graphs(tmp_path: Path) -> KeptGraphs:
    """Graphs with a cache."""
    return KeptGraphs(tmp_path / "graphs", tmp_path, 1, lambda _: [])


def test_kept_graphs_are_those_that_are_built(
    graphs: KeptGraphs, calls: list[str], tmp_path: Path
) -> None:
    for _ in range(2):
        trained = graphs.training(SMALL, silent)
        tests = graphs.test(SMALL, silent)
    assert sorted(calls) == ["test_set", "training_graphs"]
    expected = training_graphs(SMALL, tmp_path, silent)
    for name, array in vars(expected).items():
        np.testing.assert_array_equal(getattr(trained, name), array)
        assert getattr(trained, name).dtype == array.dtype
    built = make_test_set(SMALL, tmp_path, silent)
    assert replace(tests, graphs=built.graphs) == built
    np.testing.assert_array_equal(tests.graphs.nodes, built.graphs.nodes)


@pytest.mark.parametrize(
    ("name", "value"), [("seed", 2), ("pt_min_gev", 1.5), ("max_edges", 30), ("n_test_events", 2)]
)
def test_other_settings_have_other_graphs(
    graphs: KeptGraphs, calls: list[str], name: str, value: float
) -> None:
    graphs.test(SMALL, silent)
    graphs.test({**SMALL, name: value}, silent)
    graphs.test({**SMALL, "epochs": 3, "network": "interaction_network"}, silent)
    assert calls == ["test_set", "test_set"]


@pytest.mark.parametrize(
    ("build", "names"), [(training_graphs, TRAINING_PARAMETERS), (make_test_set, TEST_PARAMETERS)]
)
def test_the_key_has_every_parameter_that_is_read(
    build: Any, names: tuple[str, ...], tmp_path: Path
) -> None:
    recording = RecordingParameters(SMALL)
    build(recording, tmp_path, silent)
    assert recording.read <= set(names)


def test_training_graphs_serve_every_test_set(graphs: KeptGraphs, calls: list[str]) -> None:
    graphs.training(SMALL, silent)
    graphs.training({**SMALL, "n_test_events": 3}, silent)
    assert calls == ["training_graphs"]


def test_without_a_cache_graphs_are_built(calls: list[str], tmp_path: Path) -> None:
    KeptGraphs(None, tmp_path, 1, lambda _: []).test(SMALL, silent)
    assert calls == ["test_set"]
