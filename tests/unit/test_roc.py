"""AUC against brute force, bootstrap against its definition."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from dse.analysis.roc import auc, bootstrap_auc, resamples, roc_curve


def slow_auc(labels: list[int], scores: list[float]) -> float:
    wins = pairs = 0.0
    for a, sa in zip(labels, scores, strict=True):
        for b, sb in zip(labels, scores, strict=True):
            if a > b:
                pairs += 1
                wins += 1.0 if sa > sb else 0.5 if sa == sb else 0.0
    return wins / pairs


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=2, max_size=40))
def test_ties_count_half(entries: list[tuple[int, int]]) -> None:
    labels, scores = [e[0] for e in entries], [float(e[1]) for e in entries]
    if len(set(labels)) < 2:
        with pytest.raises(ValueError, match="positives and negatives"):
            auc(np.array(labels), np.array(scores))
    else:
        assert auc(np.array(labels), np.array(scores)) == pytest.approx(slow_auc(labels, scores))


def test_bootstrap_replica_is_the_auc_of_its_resample() -> None:
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(30), 20)
    labels = rng.integers(0, 2, 600)
    scores = np.round(labels + rng.normal(0, 1, 600), 1)
    found = bootstrap_auc(labels, scores, groups, n_replicas=20)
    assert found.value == pytest.approx(roc_auc_score(labels, scores))
    for replica, weights in zip(found.replicas, resamples(30, 20), strict=True):
        expected = roc_auc_score(labels, scores, sample_weight=weights[groups])
        assert replica == pytest.approx(expected)
    assert found.low < found.value < found.high


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    truth, hits = 0.7602, 0  # Phi(1 / sqrt(2))
    for _ in range(60):
        labels = np.tile([0, 1], 300)
        scores = rng.normal(labels, 1.0)
        found = bootstrap_auc(labels, scores, np.repeat(np.arange(60), 10), n_replicas=100)
        hits += found.low <= truth <= found.high
    assert 50 <= hits <= 60


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9)), min_size=2, max_size=60),
    st.integers(2, 300),
)
def test_points_of_the_curve_are_rates_above_a_threshold(entries: Any, most: int) -> None:
    labels, scores = (np.array(column) for column in zip(*entries, strict=True))
    if len(set(labels)) < 2:
        with pytest.raises(ValueError, match="positives and negatives"):
            roc_curve(labels, scores)
        return
    false, true = roc_curve(labels, scores, most)
    legal = {(0.0, 0.0)}
    for threshold in set(scores):
        rates = (np.mean(scores[labels == wanted] >= threshold) for wanted in (0, 1))
        false_rate, true_rate = (round(float(rate), 5) for rate in rates)
        legal.add((false_rate, true_rate))
    assert set(zip(false, true, strict=True)) <= legal
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert len(false) <= most


def test_few_points_keep_the_area() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 50_000)
    scores = rng.normal(labels * 1.5)
    false, true = roc_curve(labels, scores)
    assert np.trapezoid(true, false) == pytest.approx(roc_auc_score(labels, scores), abs=2e-4)


@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_scores_that_are_no_numbers_have_no_area(score: float) -> None:
    labels, scores = np.array([0, 1, 1]), np.array([0.1, 0.2, score])
    for function in (auc, roc_curve):
        with pytest.raises(ValueError, match="finite"):
            function(labels, scores)
    with pytest.raises(ValueError, match="finite"):
        bootstrap_auc(labels, scores, np.arange(3))
