"""Graphs of others: both layouts of npz files, and what is wrong with a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from real_data import real_folder

from dse.contracts.errors import DataError
from dse.contracts.parameters import complete
from workloads.tracking.data import graph_settings, pad_graphs, training_graphs
from workloads.tracking.data import test_set as make_test_set
from workloads.tracking.graph_files import read_graph
from workloads.tracking.graphs import Graph, build_graphs
from workloads.tracking.simulation import SimulationSettings, simulate_event
from workloads.tracking.workload import TrackingWorkload

CUTS = {"pt_min_gev": 2.0, "n_phi": 2, "n_eta": 1, "max_nodes": None, "max_edges": None}


def settings(**given: Any) -> dict[str, Any]:
    counts = {"n_train_events": 1, "n_test_events": 1}
    return complete(TrackingWorkload.parameters, {**CUTS, **counts, **given})


def graphs_of(number: int) -> list[Graph]:
    event = simulate_event(7, number, SimulationSettings(pt_min_gev=2.0))
    return build_graphs(event, graph_settings(settings()))


def sparse(graph: Graph, *, features: bool = True) -> dict[str, Any]:
    """The arrays of HEP.TrkX: the incidence matrices, by what is not zero in them."""
    n_edges = len(graph.labels)
    into, out = np.zeros((2, len(graph.nodes), n_edges))
    into[graph.receivers, np.arange(n_edges)] = out[graph.senders, np.arange(n_edges)] = 1
    rows = dict(zip(("Ri_rows", "Ri_cols"), into.nonzero(), strict=True))
    rows |= dict(zip(("Ro_rows", "Ro_cols"), out.nonzero(), strict=True))
    more = {"Ra": graph.edges.T.astype(np.float64)} if features else {}
    return {"X": graph.nodes, **rows, "y": graph.labels, **more}


def indexed(graph: Graph, *, by_row: bool = False) -> dict[str, Any]:
    """The arrays of PyTorch Geometric."""
    index = np.array([graph.senders, graph.receivers])
    features = graph.edges if by_row else graph.edges.T
    return {"x": graph.nodes, "edge_index": index, "edge_attr": features, "y": graph.labels > 0}


def write(folder: Path, name: str, arrays: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    np.savez(folder / name, **arrays)
    return folder / name


def edges_of(graph: Graph) -> set[tuple[float, ...]]:
    """Each edge with its two nodes and its label, in whatever order."""
    ends = graph.nodes[graph.senders], graph.nodes[graph.receivers]
    table = np.column_stack([*ends, graph.edges, graph.labels]).round(4)
    return {tuple(row) for row in (table + 0.0).tolist()}


@pytest.mark.parametrize(
    "arrays",
    [
        sparse,
        indexed,
        lambda graph: indexed(graph, by_row=True),
        lambda graph: sparse(graph, features=False),
    ],
)
def test_a_graph_is_read_as_it_was_written(tmp_path: Path, arrays: Any) -> None:
    for number, graph in enumerate(graphs_of(1)):
        found = read_graph(write(tmp_path, f"{number}.npz", arrays(graph)), 2)
        assert len(found.nodes) == len(graph.nodes)
        assert edges_of(found) == edges_of(graph)


def test_four_edges_are_read_the_right_way_round(tmp_path: Path) -> None:
    first = graphs_of(1)[0]
    part = {name: getattr(first, name)[:4] for name in ("edges", "senders", "receivers", "labels")}
    graph = Graph(first.nodes, **part)
    for by_row in (False, True):
        found = read_graph(write(tmp_path, "four.npz", indexed(graph, by_row=by_row)), 2)
        assert edges_of(found) == edges_of(graph)


def test_truncation_loses_nodes_without_edges_first(tmp_path: Path) -> None:
    graph = graphs_of(1)[0]
    more = Graph(np.vstack([np.full((3, 3), 0.01, np.float32), graph.nodes]), graph.edges,
                 graph.senders + 3, graph.receivers + 3, graph.labels)  # fmt: skip
    found = read_graph(write(tmp_path, "g.npz", sparse(more)), 2)
    used = len(np.unique([graph.senders, graph.receivers]))
    padded = pad_graphs([found], used, None)
    assert padded.edge_mask.sum() == len(graph.labels)
    assert padded.lost_true_edges.sum() == 0


def test_a_study_trains_and_scores_on_graphs(tmp_path: Path) -> None:
    """Files of one event belong together; edges at borders are not known."""
    events = [graphs_of(number) for number in (1, 2, 3)]
    for number, graphs in enumerate(events, 1):
        for part, graph in enumerate(graphs):
            write(tmp_path / "graphs", f"event00000000{number}_g00{part}.npz", sparse(graph))
    given = settings(data="graphs", n_train_events=2)
    trained = training_graphs(given, tmp_path, lambda _: None)
    scored = make_test_set(given, tmp_path, lambda _: None)
    expected = [graph for event in events for graph in event if len(graph.edges)]
    last = [graph for graph in events[2] if len(graph.edges)]
    assert trained.labels.sum() + scored.graphs.labels.sum() == sum(
        g.labels.sum() for g in expected
    )
    assert scored.graphs.labels.sum() == sum(graph.labels.sum() for graph in last)
    assert scored.border_edges is None
    apart = make_test_set(settings(score_data="graphs"), tmp_path, lambda _: None)
    assert apart.graphs.labels.sum() == sum(graph.labels.sum() for graph in events[0])
    with pytest.raises(DataError, match="has 3 events, 4 are needed"):
        make_test_set(settings(data="graphs", n_train_events=3), tmp_path, lambda _: None)


def test_the_content_of_graphs_is_in_the_fingerprint(tmp_path: Path) -> None:
    workload, graphs = TrackingWorkload(tmp_path), graphs_of(1)
    found = []
    for graph in graphs[:2]:
        write(tmp_path / "graphs", "event1.npz", sparse(graph))
        found.append(workload.fingerprint(settings(data="graphs")))
    assert found[0] != found[1]


def test_features_computed_from_nodes_are_those_of_published_files(tmp_path: Path) -> None:
    """Whole events: φ in units of π. Without `Ra` the features follow from the nodes."""
    for file in sorted(real_folder("trackml_graphs").glob("pt2/*.npz"))[:5]:
        with np.load(file) as stored:
            arrays = {name: stored[name] for name in stored.files if name != "Ra"}
        bare = read_graph(write(tmp_path, "bare.npz", arrays), 1)
        whole = read_graph(file, 1)
        np.testing.assert_allclose(bare.edges, whole.edges, atol=1e-5)
        assert whole.labels.sum() == arrays["y"].sum()


def changed(**arrays: Any) -> Any:
    return lambda graph: {**sparse(graph), **arrays}


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        (lambda g: {"nodes": g.nodes, "y": g.labels}, "no array 'X'; it has nodes, y"),
        (lambda g: {"x": g.nodes, "edges": g.edges, "y": g.labels}, "no array 'edge_index'"),
        (lambda g: {k: v for k, v in sparse(g).items() if k != "Ro_cols"}, "no array 'Ro_cols'"),
        (changed(X=np.zeros((5, 4))), r"'X' has the shape \(5, 4\), not \(N, 3\)"),
        (lambda g: {**sparse(g), "y": g.labels[:-1]}, "'y' has the shape"),
        (lambda g: {**sparse(g), "y": g.labels + 2}, "other labels than 0 and 1"),
        (lambda g: {**sparse(g), "X": g.nodes * np.nan}, "not finite numbers"),
        (lambda g: {**sparse(g), "X": g.nodes[:5]}, "edges name other nodes than 0 to 4"),
        (lambda g: {**sparse(g), "Ri_cols": g.labels * 0}, "does not name every edge once"),
        (lambda g: {**sparse(g), "Ra": g.edges[:-1].T}, "'Ra' has the shape"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, arrays: Any, says: str) -> None:
    file = write(tmp_path, "g.npz", arrays(graphs_of(1)[0]))
    with pytest.raises(DataError, match=says) as raised:
        read_graph(file, 2)
    assert str(file) in str(raised.value.where)


def test_files_that_hold_no_arrays(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "objects.npz", X=np.array([{}]))
    for name in ("text.npz", "objects.npz"):
        with pytest.raises(DataError, match="cannot be read"):
            read_graph(tmp_path / name, 2)


def test_graphs_and_events_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path / "both", "g.npz", sparse(graphs_of(1)[0]))
    (tmp_path / "both/event1-hits.csv").touch()
    with pytest.raises(DataError, match="both graphs"):
        TrackingWorkload(tmp_path).fingerprint(settings(data="both"))
