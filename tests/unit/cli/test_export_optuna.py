"""`dse export --optuna`: what Optuna reads from the file, and what is never overwritten."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import TrialState

from dse.contracts.backend import Context, Job, Outcome
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.store.store import Store
from dse.testing.noop import NoopBackend

from .conftest import Answer, Dse

VALUES = [4, 1, 2, 8]
BROKEN = 2


@pytest.fixture
def study(run: Dse, write: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Points that trade AUC for LUT; the largest does not fit, one fails."""

    def evaluate(self: NoopBackend, job: Job, context: Context) -> Outcome:
        value = int(str(job.parameters["value"]))
        if value == BROKEN:
            raise EvaluationError(FailureKind.TOOL_FAILED, "told to")
        return Outcome(
            (
                Metric.of("auc", 1 - 0.1 / value, Fidelity.EMULATED),
                Metric.of("lut", 100 * value, Fidelity.RTL),
                Metric.of("lut_pct", 20 * value, Fidelity.RTL),
            )
        )

    monkeypatch.setattr(NoopBackend, "evaluate", evaluate)

    def call(**sections: Any) -> Answer:
        space = {"value": VALUES, "sleep_s": {"coupled": "value / 10000"}, "isolated": False}
        return run(write(**{"space": space, "objectives": ["auc", "lut"]} | sections))

    return call


@contextmanager
def reading(file: Path, name: str = "s") -> Iterator[optuna.Study]:
    """The study as Optuna loads it; the file is closed after."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    try:
        yield optuna.load_study(study_name=name, storage=storage)
    finally:
        storage.remove_session()
        storage.engine.dispose()


def test_all_points_are_trials(study: Any, dse: Dse, tmp_path: Path) -> None:
    study()
    answer = dse("export", "--optuna", "o.db")
    assert (answer.code, answer.out) == (0, "")
    assert "4 trials of s in o.db, 1 failed" in answer.said
    with reading(tmp_path / "o.db") as found:
        assert found.directions == [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE]
        assert found.metric_names == ["auc", "lut"]
        assert found.user_attrs["auc"] == "emulated from noop"
        trials = {trial.user_attrs["point"]: trial for trial in found.trials}
        assert [trials[n].params for n in range(4)] == [{"value": value} for value in VALUES]
        assert [trials[n].state for n in range(4)] == [
            TrialState.COMPLETE,
            TrialState.COMPLETE,
            TrialState.FAIL,
            TrialState.COMPLETE,
        ]
        assert trials[0].values == [1 - 0.1 / 4, 400]
        assert trials[0].distributions == {"value": IntDistribution(1, 8, log=True)}
        assert {t.user_attrs["point"] for t in found.best_trials} == {0, 1}


def test_what_stands_beside_the_objectives(study: Any, dse: Dse, tmp_path: Path) -> None:
    study()
    dse("export", "--optuna", "o.db")
    with reading(tmp_path / "o.db") as found:
        trials = {trial.user_attrs["point"]: trial for trial in found.trials}
    assert trials[0].user_attrs == {
        "point": 0,
        "sleep_s": 0.0004,
        "isolated": False,
        "lut_pct (rtl from noop, %)": 80,
        "tool of noop": "noop 1",
    }
    assert trials[2].user_attrs["failure of noop"] == "tool_failed: told to"


def test_designs_larger_than_their_part_are_infeasible(
    study: Any, dse: Dse, tmp_path: Path
) -> None:
    study()
    dse("export", "--optuna", "o.db")
    with reading(tmp_path / "o.db") as found:
        trials = {trial.user_attrs["point"]: trial for trial in found.trials}
        assert [trials[n].system_attrs.get("constraints") for n in (0, 1, 2, 3)] == [
            [-20],
            [-80],
            None,
            [60],
        ]
        assert 3 not in {trial.user_attrs["point"] for trial in found.best_trials}
    study(name="small", space={"value": [1, 4]})
    dse("export", "--optuna", "o.db")
    with reading(tmp_path / "o.db", "small") as found:
        assert all(trial.system_attrs == {} for trial in found.trials)


def test_texts_are_choices(study: Any, dse: Dse, tmp_path: Path) -> None:
    study(space={"value": [1, 4], "isolated": [False, True]}, objectives=["auc"])
    dse("export", "--optuna", "o.db")
    with reading(tmp_path / "o.db") as found:
        assert found.trials[0].distributions["isolated"] == CategoricalDistribution([False, True])
        assert found.direction == StudyDirection.MAXIMIZE
        assert found.best_trial.params["value"] == 4


def test_a_study_is_replaced_and_others_stay(study: Any, dse: Dse, tmp_path: Path) -> None:
    study(name="a")
    study(name="b", space={"value": [1]})
    for name in ("a", "b", "a"):
        assert dse("export", "--optuna", "o.db", "--study", name).code == 0
    for name, count in (("a", 4), ("b", 1)):
        with reading(tmp_path / "o.db", name) as found:
            assert len(found.trials) == count


def test_trials_come_in_the_order_of_evaluation(study: Any, dse: Dse, tmp_path: Path) -> None:
    study(name="first", space={"value": [8]})
    study(name="second", space={"value": [1, 4, 8]})
    dse("export", "--optuna", "o.db")
    with reading(tmp_path / "o.db", "second") as found:
        assert [trial.params["value"] for trial in found.trials] == [8, 1, 4]


def test_points_to_come_are_no_trials(study: Any, dse: Dse, tmp_path: Path) -> None:
    study(space={"value": [1, 4]})
    store = Store(str(tmp_path / "results.db"))
    study_id = store.study_id("s")
    assert study_id is not None
    store.save_points(study_id, [{"value": 9}], leaving=())
    store.close()
    assert (
        "2 trials of s in o.db, 1 point not evaluated yet" in dse("export", "--optuna", "o.db").said
    )


@pytest.mark.parametrize("content", [b"text", b"\0" * 5000])
def test_other_files_are_left_alone(study: Any, dse: Dse, tmp_path: Path, content: bytes) -> None:
    study()
    (tmp_path / "o.db").write_bytes(content)
    answer = dse("export", "--optuna", "o.db")
    assert answer.code == 2
    assert "o.db: this file exists and is no Optuna storage hint: choose a file" in answer.said
    assert (tmp_path / "o.db").read_bytes() == content


def test_our_own_results_are_left_alone(study: Any, dse: Dse, tmp_path: Path) -> None:
    study()
    assert dse("export", "--optuna", "results.db").code == 2
    assert dse("export", "--optuna", ".").code == 2
    with closing(sqlite3.connect(tmp_path / "results.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE name = 'trials'")
        assert names.fetchall() == []


def test_a_study_from_elsewhere_is_left_alone(study: Any, dse: Dse, tmp_path: Path) -> None:
    study()
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'o.db'}")
    optuna.create_study(storage=storage, study_name="s")
    storage.remove_session()
    storage.engine.dispose()
    answer = dse("export", "--optuna", "o.db")
    assert answer.code == 2
    assert "this file has a study 's' that dse did not write" in answer.said


@pytest.mark.parametrize(
    ("objectives", "file", "says"),
    [
        (None, "o.db", "s: an Optuna study needs objectives hint: name them"),
        (["ff"], "o.db", "no point has the metric 'ff'"),
        (["auc"], "missing/o.db", "cannot be written: No such file or directory"),
    ],
)
def test_mistakes(
    study: Any, dse: Dse, tmp_path: Path, objectives: Any, file: str, says: str
) -> None:
    study(objectives=["auc"])
    if objectives != ["auc"]:
        set_objectives(tmp_path / "results.db", objectives)
    answer = dse("export", "--optuna", file)
    assert answer.code == 2
    assert says in answer.said
    assert not (tmp_path / file).exists()


def set_objectives(database: Path, names: list[str] | None) -> None:
    """As an older study may have them, which no metric meets any more."""
    text = "{" + ", ".join(f'"{name}": "minimise"' for name in names or ()) + "}"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE study SET objectives = ?", (text,))
