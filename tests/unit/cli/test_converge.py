"""`dse converge`: the table, the notes, the files, and what counts when."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.store.store import Store

from .conftest import Answer, Dse

AUC = {1: 0.6, 2: 0.8, 3: 0.7, 4: 0.9, 5: 0.5, 6: 0.8}
LUT = {1: 100.0, 2: 300.0, 3: 400.0, 4: 500.0, 5: 50.0, 6: 200.0}
BROKEN = 3
# In the box from (0.9, 50) to (0.5, 500): areas of 0.4 × 450 = 180, by hand.
VOLUMES = [40 / 180, 80 / 180, 80 / 180, 80 / 180, 80 / 180, 100 / 180]


@pytest.fixture
def study(run: Dse, write: Callable[..., str], gives: Any) -> Callable[..., Answer]:
    """Six points in the order 1 to 6, of which one fails."""

    def metrics(value: int) -> list[Metric]:
        if value == BROKEN:
            raise EvaluationError(FailureKind.TOOL_FAILED, "told to")
        return [
            Metric.of("auc", AUC[value], Fidelity.EMULATED),
            Metric.of("lut", LUT[value], Fidelity.RTL),
            *(Metric.of(name, value, Fidelity.RTL) for name in ("ff", "dsp", "uram", "bram_18k")),
        ]

    gives(metrics)

    def call(name: str = "s", values: Any = (1, 2, 3, 4, 5, 6)) -> Answer:
        space = {"value": list(values)}
        return run(write(f"{name}.yaml", name=name, space=space, objectives=["auc", "lut"]))

    return call


def test_the_table_and_the_notes(study: Any, dse: Dse) -> None:
    study()
    answer = dse("converge")
    assert answer.code == 0
    assert answer.cells == [
        ["1", f"{VOLUMES[0]:.4f}", "40.0%", "1", "0"],
        ["2", f"{VOLUMES[1]:.4f}", "80.0%", "2", "1"],
        ["5", f"{VOLUMES[4]:.4f}", "80.0%", "4", "3, 4"],
        ["6", f"{VOLUMES[5]:.4f}", "100.0%", "4", "5"],
    ]
    assert "from the best (auc 0.9, lut 50) to the worst (auc 0.5, lut 500)" in answer.out
    assert "1 evaluated points add nothing" in answer.out
    assert "auc: maximise, emulated from noop" in answer.out
    assert "nothing entered" not in answer.out
    assert "known before" not in answer.out
    assert "█" in answer.out


def test_numbers_in_a_file(study: Any, dse: Dse, tmp_path: Path) -> None:
    study()
    answer = dse("converge", "--out", "c.csv")
    rows = list(csv.DictReader((tmp_path / "c.csv").read_text().splitlines()))
    assert "6 steps in c.csv" in answer.err
    assert [row["point"] for row in rows] == list("012345")
    assert [float(row["hypervolume"]) for row in rows] == pytest.approx(VOLUMES)
    assert [row["entered"] == "True" for row in rows] == [True, True, False, True, True, True]
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert all(row["at"].endswith("+00:00") for row in rows)


def test_a_page_that_needs_no_network(study: Any, dse: Dse, tmp_path: Path) -> None:
    study()
    dse("converge", "--out", "c.HTML")
    text = (tmp_path / "c.HTML").read_text(encoding="utf-8")
    assert "s: convergence" in text
    assert len(text) > 1_000_000  # plotly.js is in it
    assert "<script src=" not in text
    assert "https://cdn" not in text.rpartition("Plotly.newPlot")[2]


def test_a_constraint_leaves_points_evaluated(study: Any, dse: Dse) -> None:
    study()
    answer = dse("converge", "--constraint", "auc>=0.8")
    assert [row[0] for row in answer.cells] == ["1", "2", "5", "6"]
    assert [row[3] for row in answer.cells] == ["0", "1", "2", "2"]
    assert "3 evaluated points add nothing" in answer.out


def test_what_another_study_found_comes_first(study: Any, dse: Dse) -> None:
    study("first", [6, 4])
    study("second", [1, 2, 4, 5, 6])
    answer = dse("converge", "--study", "second")
    assert [row[4] for row in answer.cells] == ["4", "2", "0, 3"]
    assert "2 points were known before this study began" in answer.out
    assert "nothing entered" not in answer.out


def test_points_to_come_do_not_count(study: Any, dse: Dse, tmp_path: Path) -> None:
    study("s", [1, 2])
    store = Store(str(tmp_path / "results.db"))
    study_id = store.study_id("s")
    assert study_id is not None
    store.save_points(study_id, [{"value": 8}, {"value": 9}], leaving=())
    store.close()
    answer = dse("converge")
    assert [row[0] for row in answer.cells] == ["1", "2"]
    assert "lacking one of the metrics: 2 points" in answer.out
    assert "add nothing" not in answer.out


def test_a_search_that_stands_still(study: Any, dse: Dse) -> None:
    study("s", [4, 2, 1])
    answer = dse("converge", "--metric", "auc")
    assert answer.cells[-1] == ["3", "1", "100.0%", "1", ""]
    assert "nothing entered the front in the last 2 points" in answer.out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--out", "c.png"], "cannot write .png hint: legal: .html, .csv"),
        (["--out", "missing/c.csv"], "cannot be written"),
        (["--metric", "auk"], "did you mean 'auc'"),
        (["--metric", "auc,lut", "--reference", "ff=3"], "'ff' is not compared"),
        (["--constraint", "auc>2"], "no point is left"),
        (["--metric", "auc,lut,ff,dsp,uram,bram_18k"], "more than 5 metrics takes too long"),
    ],
)
def test_mistakes(study: Any, dse: Dse, options: list[str], says: str) -> None:
    study()
    answer = dse("converge", *options)
    assert answer.code == 2
    assert says in answer.said


def test_a_study_without_objectives_needs_metrics(run: Dse, dse: Dse, write: Any) -> None:
    run(write(objectives=None))
    answer = dse("converge")
    assert answer.code == 2
    assert "no metric is given, and the study has no objectives" in answer.said
    assert "hint: dse converge --metric auc,lut" in answer.said
