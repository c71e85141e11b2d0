"""Edge efficiency, against counting edges one by one."""

import numpy as np
import pytest

from dse.analysis.roc import bootstrap_auc, resamples
from workloads.tracking.data import test_set as make_test_set
from workloads.tracking.efficiency import edge_efficiency, threshold_at
from workloads.tracking.graphs import (
    GraphSettings,
    Nodes,
    count_border_edges,
    graphs_from_nodes,
)
from workloads.tracking.workload import TrackingWorkload


def sample(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, coarse scores with many equal ones, and graphs."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n)
    scores = np.round(labels + random.normal(0, 0.6, n), 1)
    return labels, scores, np.sort(random.integers(0, 20, n))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("purity", [0.5, 0.8, 0.95, 1.0])
def test_the_threshold_selects_most_at_the_purity(seed: int, purity: float) -> None:
    labels, scores, _ = sample(seed)
    best, most = float("inf"), 0
    for threshold in np.unique(scores):
        selected = scores >= threshold
        if labels[selected].mean() >= purity and selected.sum() > most:
            best, most = threshold, selected.sum()
    assert threshold_at(labels, scores, purity) == best


def test_no_threshold_is_pure_enough() -> None:
    labels, scores = np.array([0, 1]), np.array([2.0, 1.0])
    assert threshold_at(labels, scores, 0.9) == float("inf")
    found = edge_efficiency(labels, scores, np.array([0, 0]), np.array([0]), 0, 0.9)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_edges_that_are_lost_count_as_not_found() -> None:
    labels, scores, groups = sample(1)
    lost = np.arange(20)
    found = edge_efficiency(labels, scores, groups, lost, 30, 0.9)
    threshold = threshold_at(labels, scores, 0.9)
    selected = sum(y == 1 and s >= threshold for y, s in zip(labels, scores, strict=True))
    assert found.value == pytest.approx(selected / (labels.sum() + lost.sum() + 30))
    assert found.low < found.value < found.high
    without = edge_efficiency(labels, scores, groups, lost * 0, 0, 0.9)
    assert without.value == pytest.approx(selected / labels.sum())


def test_its_replicas_pair_with_those_of_the_auc() -> None:
    """Replica i of both drew the same graphs; each is counted again edge by edge."""
    labels, scores, groups = sample(2)
    lost = np.full(20, 2)
    found = edge_efficiency(labels, scores, groups, lost, 0, 0.9)
    assert len(found.replicas) == len(bootstrap_auc(labels, scores, groups).replicas)
    threshold = threshold_at(labels, scores, 0.9)
    weights = resamples(20, 200)[7]
    true = labels == 1
    above = weights[groups[true & (scores >= threshold)]].sum()
    below = weights[groups[true]].sum() + (weights * lost).sum()
    assert found.replicas[7] == pytest.approx(above / below)


def test_border_edges_are_those_that_no_sector_has(
    stored_pt2: list[tuple[Nodes, dict[str, np.ndarray]]],
) -> None:
    """True edges of the undivided event, less those of the sectors."""
    one, many = GraphSettings(n_phi=1, n_eta=1), GraphSettings(n_phi=32, n_eta=2)
    for nodes, _ in stored_pt2[:5]:
        whole = sum(graph.labels.sum() for graph in graphs_from_nodes(nodes, one))
        parts = sum(graph.labels.sum() for graph in graphs_from_nodes(nodes, many))
        outside = whole + count_border_edges(nodes, one)
        assert count_border_edges(nodes, many) == outside - parts


def test_quarter_sectors_lose_edges_that_the_auc_does_not_see() -> None:
    defaults = {p.name: p.default for p in TrackingWorkload.parameters}
    parameters = {**defaults, "n_train_events": 0, "n_test_events": 6, "n_phi": 32}
    small = {**parameters, "max_nodes": 28, "max_edges": 37}
    found = make_test_set(small, None, lambda _: None)  # type: ignore[arg-type]
    true = found.graphs.labels.sum()
    assert 0.02 < found.graphs.lost_true_edges.sum() / true < 0.25
    assert 0.005 < found.border_edges / true < 0.06
    # a quarter of what 95 % of the sectors do not exceed is less than 95 % of the quarters need
    assert 28 < found.nodes_p95 < 50
    assert 37 < found.edges_p95 < 70
    whole = {**parameters, "n_phi": 1, "n_eta": 1, "max_nodes": None, "max_edges": None}
    assert make_test_set(whole, None, lambda _: None).border_edges == 0  # type: ignore[arg-type]
