"""Figures of merit against scikit-learn and by hand."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    roc_curve,
    top_k_accuracy_score,
)

from dse.contracts.errors import DataError
from workloads.score_functions import UndefinedScoreError
from workloads.score_intervals import with_interval
from workloads.scores import SCORES, named_score, score_function, score_problem

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 4, 200)
ONE_HOT = np.eye(4)[LABELS]
OUTPUTS = np.clip(ONE_HOT * 0.4 + RNG.random((200, 4)), 0, None)


@pytest.mark.parametrize("targets", [LABELS, LABELS[:, None], ONE_HOT, LABELS.astype(float)])
def test_classes_may_be_numbers_or_one_hot(targets: np.ndarray) -> None:
    assert SCORES["accuracy"](targets, OUTPUTS) == accuracy_score(LABELS, OUTPUTS.argmax(1))
    expected = np.mean([roc_auc_score(k == LABELS, OUTPUTS[:, k]) for k in range(4)])
    assert SCORES["auc"](targets, OUTPUTS) == pytest.approx(expected, abs=1e-12)


def test_a_single_output_is_rounded() -> None:
    outputs = np.array([[0.2], [0.7], [0.6], [0.4]])
    assert SCORES["accuracy"](np.array([0, 1, 0, 0]), outputs) == 0.75


def test_rows_of_sequences_are_counted_one_by_one() -> None:
    outputs, labels = OUTPUTS.reshape(20, 10, 4), LABELS.reshape(20, 10)
    expected = accuracy_score(LABELS, OUTPUTS.argmax(1))
    assert SCORES["accuracy"](labels, outputs) == expected
    assert SCORES["accuracy"](ONE_HOT.reshape(20, 10, 4), outputs) == expected


def test_mean_squared_error() -> None:
    assert SCORES["mse"](np.array([1.0, 2.0]), np.array([[1.5], [1.0]])) == (0.25 + 1) / 2


def value(name: str, targets: np.ndarray, outputs: np.ndarray) -> float:
    """Return the value of one of dse's scores."""
    score = named_score(name)
    assert score
    return score.function(targets, outputs)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_as_scikit_learn_counts(k: int) -> None:
    expected = top_k_accuracy_score(LABELS, OUTPUTS, k=k)
    assert value(f"top_{k}", LABELS, OUTPUTS) == value(f"top_{k}", ONE_HOT, OUTPUTS) == expected


def test_ties_count_in_top_1_as_in_the_accuracy() -> None:
    coarse = np.round(OUTPUTS * 2)
    assert value("top_1", LABELS, coarse) == SCORES["accuracy"](LABELS, coarse)


def test_top_k_of_all_classes_is_refused() -> None:
    with pytest.raises(DataError, match="'top_4' is 1 whatever the network gives"):
        value("top_4", LABELS, OUTPUTS)


@pytest.mark.parametrize("targets", [LABELS, ONE_HOT])
def test_f1_and_aucs_of_single_classes(targets: np.ndarray) -> None:
    expected = f1_score(LABELS, OUTPUTS.argmax(1), average="macro")
    assert SCORES["f1"](targets, OUTPUTS) == pytest.approx(expected)
    for k in range(4):
        area = roc_auc_score(k == LABELS, OUTPUTS[:, k])
        assert value(f"auc_{k}", targets, OUTPUTS) == pytest.approx(area)
    with pytest.raises(DataError, match="no class 4") as caught:
        value("auc_4", targets, OUTPUTS)
    assert caught.value.hint == "legal: 0 to 3"


def test_f1_and_auc_of_a_single_output() -> None:
    truth, scores = LABELS == 1, OUTPUTS[:, 1:2].clip(0, 1)
    assert SCORES["f1"](truth, scores) == pytest.approx(f1_score(truth, scores[:, 0] > 0.5))
    area = roc_auc_score(truth, scores[:, 0])
    assert value("auc_1", truth, scores) == pytest.approx(area)
    assert value("auc_0", truth, scores) == pytest.approx(area)
    with pytest.raises(UndefinedScoreError, match="class 1"):
        SCORES["f1"](np.zeros(3), np.zeros((3, 1)))


def test_errors_of_regression() -> None:
    truth = RNG.normal(size=(50, 2))
    found = truth + RNG.normal(size=(50, 2)) / 3
    assert SCORES["mae"](truth, found) == pytest.approx(mean_absolute_error(truth, found))
    assert SCORES["r2"](truth, found) == pytest.approx(r2_score(truth, found))
    assert SCORES["r2"](truth[:, 0], found[:, :1]) == pytest.approx(
        r2_score(*(truth[:, 0], found[:, 0]))
    )
    with pytest.raises(UndefinedScoreError, match="targets that differ"):
        SCORES["r2"](np.ones(5), np.zeros((5, 1)))


@pytest.mark.parametrize("percent", [1, 30, 50, 70, 99])
@pytest.mark.parametrize("steps", [4, 1000])
def test_rejection_by_the_roc_curve(percent: int, steps: int) -> None:
    rng = np.random.default_rng(percent)
    truth = rng.integers(0, 2, 500)
    scores = np.round((truth + rng.normal(0, 2, 500)) * steps) / steps  # quantised: ties
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    passing = false[np.argmax(true >= percent / 100 - 1e-12)]
    expected = 1 / passing if passing else np.inf
    for outputs in (scores[:, None], np.stack([-scores, scores], axis=1)):
        assert value(f"rejection_{percent}", truth, outputs) == pytest.approx(expected)
    other = np.stack([scores, -scores, -scores], axis=1)
    assert value(f"rejection_{percent}_of_0", 1 - truth, other) == pytest.approx(expected)


def test_a_rejection_that_is_not_known_is_refused() -> None:
    perfect = np.eye(2)[LABELS % 2]
    with pytest.raises(DataError, match="no background passes") as caught:
        with_interval("rejection_50", named_score("rejection_50").function, LABELS % 2, perfect)
    assert "larger test set" in caught.value.hint
    with pytest.raises(DataError, match="needs a signal class"):
        value("rejection_50", LABELS, OUTPUTS)
    with pytest.raises(UndefinedScoreError, match="signal and background"):
        value("rejection_50", np.zeros(4), np.zeros((4, 1)))


def test_a_rejection_that_some_resamples_leave_open_has_no_upper_end() -> None:
    truth = np.repeat([0, 1], 100)
    outputs = truth[:, None] * 1.0
    outputs[0] = 2  # one background sample passes; a third of all resamples miss it
    found = with_interval("rejection_50", named_score("rejection_50").function, truth, outputs)
    assert found.value == 100
    assert found.low is not None
    assert found.low < 100
    assert found.high is None
    assert found.replicas is None


def test_resamples_without_a_class_are_left_out() -> None:
    targets = np.array([0] * 30 + [1] * 30 + [2])
    found = with_interval("auc_2", named_score("auc_2").function, targets, OUTPUTS[:61, :3])
    assert found.replicas is not None
    assert 10 < len(found.replicas) < 50
    with pytest.raises(UndefinedScoreError, match="samples of the class"):
        value("auc_3", targets, OUTPUTS[:61])


@pytest.mark.parametrize("name", ["top_0", "top_", "auc_x", "rejection_0", "rejection_100", "f2"])
def test_names_that_only_look_like_scores(name: str) -> None:
    assert "there is no such score" in score_problem(name)


@pytest.mark.parametrize("name", SCORES)
def test_targets_that_do_not_fit_are_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"shape \(200, 3\) do not fit outputs of shape"):
        SCORES[name](np.zeros((200, 3)), OUTPUTS)


MODULE = """
import math
def ok(targets, outputs): return float(len(targets))
def nothing(targets, outputs): return math.nan
def broken(targets, outputs): raise KeyError("x")
def latency_ns(targets, outputs): return 1.0
"""


@pytest.fixture
def own(tmp_path: Path) -> None:
    (tmp_path / "own_scores.py").write_text(MODULE)


@pytest.mark.usefixtures("own")
def test_a_score_of_ones_own(tmp_path: Path) -> None:
    assert score_function("own_scores:ok", tmp_path)(LABELS, OUTPUTS) == 200


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("function", "message"), [("nothing", "gave nan"), ("broken", "failed: KeyError")]
)
def test_what_goes_wrong_in_it_is_said(tmp_path: Path, function: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        score_function(f"own_scores:{function}", tmp_path)(LABELS, OUTPUTS)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own_scores:latency_ns", "name of a metric"),
        ("own_scores:absent", "cannot be imported"),
        ("no_such_module:f", "cannot be imported"),
        ("acuracy", "there is no score"),
    ],
)
def test_what_is_no_score_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        score_function(name, tmp_path)


def test_logits_are_no_probabilities() -> None:
    targets = RNG.integers(0, 2, 400)
    logits = (targets * 2 - 1) * RNG.gamma(9.0, 0.4, 400)
    for score in (SCORES["accuracy"], SCORES["f1"]):
        with pytest.raises(DataError, match="no probabilities"):
            score(targets, logits)
        assert score(targets, 1 / (1 + np.exp(-logits))) > 0.99


def test_an_auc_of_one_class_is_not_defined() -> None:
    with pytest.raises(UndefinedScoreError, match="auc"):
        with_interval("auc", SCORES["auc"], np.ones(30), np.linspace(0, 1, 30))


def test_replicas_that_a_network_leaves_out_are_not_compared_in_pairs() -> None:
    def purity(targets: np.ndarray, outputs: np.ndarray) -> float:
        if not (chosen := outputs > 0.99).any():
            raise UndefinedScoreError("nothing is chosen")
        return float(targets[chosen].mean())

    outputs = np.zeros(40)
    outputs[:2] = 1
    found = with_interval("mine:purity", purity, np.ones(40), outputs)
    assert found.replicas is None
    assert (found.value, found.low, found.high) == (1, 1, 1)
