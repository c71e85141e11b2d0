"""Figures of merit against scikit-learn and by hand."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from dse.contracts.errors import DataError
from workloads.scores import SCORES, score_function

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
