"""What stands on an axis: values of parameters, null among them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboards.address import Address
from dashboards.front_data import Rules, reasons
from dashboards.front_page_state import FrontPageState
from dashboards.parameter_view import frame_of, sampled
from dashboards.quantities import category_positions, in_order, is_numeric, quantities, written
from dashboards.report import write_report
from dashboards.scan_view import ScanPageState, drawn
from dashboards.source import Source
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

from .conftest import outcome

VALUES: list[Any] = [4, None, 16, 2]


@pytest.fixture
def rows(tmp_path: Path) -> Source:
    """A study of a parameter that may be null: all rows side by side."""
    store = Store(str(tmp_path / "rows.db"))
    study = store.save_study(StudyRecord("rows", "", "", "", {"auc": "maximise"}))
    points = store.save_points(
        study, [{"rows": value, "bits": n % 2} for n, value in enumerate(VALUES)]
    )
    done = [evaluation(f"r{n}", outcome(0.5 + n / 10, 10.0), "open") for n in range(len(VALUES))]
    store.record(done, {e.job.key: [p.id] for e, p in zip(done, points, strict=True)})
    store.close()
    return Source(str(tmp_path / "rows.db"))


def test_null_is_a_value(rows: Source) -> None:
    table = rows.table("rows")
    known = quantities(table)
    assert known["rows"].values(table).tolist() == ["4", "none", "16", "2"]
    assert not is_numeric(known["rows"].values(table))
    assert known["bits"].values(table).tolist() == [0, 1, 0, 1]
    assert is_numeric(known["bits"].values(table))


def test_no_point_is_left_out_for_it(rows: Source) -> None:
    frame, _, _ = frame_of(rows, Address({"study": "rows"}))
    assert frame["rows"].tolist() == ["4", "none", "16", "2"]


def test_scans_have_it_on_the_axis_in_lines_and_panels(rows: Source) -> None:
    def scan(**roles: str) -> Any:
        return drawn(rows, ScanPageState.of(rows, Address({"study": "rows", **roles})), "light")

    on_axis = scan(x="rows", line="bits", panel="")
    assert list(on_axis.layout.xaxis.categoryarray) == ["2", "4", "16", "none"]
    assert sum(len(trace.x) for trace in on_axis.data) == len(VALUES)
    lines = [trace.name for trace in scan(x="bits", line="rows", panel="").data]
    in_turn = ["rows 2", "rows 4", "rows 16", "rows none"]
    assert [name.partition(" ·")[0] for name in lines] == in_turn
    panels = [note.text for note in scan(x="bits", line="", panel="rows").layout.annotations]
    assert panels == in_turn


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (float("nan"), "none"),
        (16.0, "16"),
        (0.1, "0.1"),
        (True, "True"),
        ([1], "[1]"),
    ],
)
def test_values_as_texts(value: Any, text: str) -> None:
    assert written(value) == text


def test_numbers_come_first_and_by_size() -> None:
    texts = pd.Series(["b", "none", "1e3", "-2", "16", "nan", "16"])
    assert in_order(texts) == ["-2", "16", "1e3", "b", "nan", "none"]
    assert category_positions(texts).tolist() == [3, 5, 2, 0, 1, 4, 1]


def test_what_is_no_number_has_no_limits(rows: Source) -> None:
    asked = {
        "study": "rows",
        "limits": "rows|open.auc",
        "limit.rows": "0..3",
        "limit.open.auc": "0..1",
    }
    view = FrontPageState.of(rows, Address(asked))
    assert view.limited == ["open.auc"]
    assert view.rules.limits == {"open.auc": (0, 1)}
    # in another study the same parameter may be a number
    found = reasons(view.table, view.known, Rules({"rows": (0, 3), "open.auc": (0, 1)}))
    assert set(found) == {"rows is not 0 to 3"}


def test_a_line_over_texts_goes_from_left_to_right(rows: Source) -> None:
    figure = drawn(rows, ScanPageState.of(rows, Address({"study": "rows", "x": "rows"})), "light")
    places_of = {text: n for n, text in enumerate(figure.layout.xaxis.categoryarray)}
    for line in figure.data:
        where = [places_of[text] for text in line.x]
        assert where == sorted(where)


def test_a_study_without_parameters(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "one.db"))
    study = store.save_study(StudyRecord("one", "", "", "", {"auc": "maximise"}))
    (point,) = store.save_points(study, [{}])
    done = evaluation("o", outcome(0.5, 10.0), "open")
    store.record([done], {done.job.key: [point.id]})
    store.close()
    source = Source(str(tmp_path / "one.db"))
    figure = drawn(source, ScanPageState.of(source, Address({"study": "one"})), "light")
    assert "no parameter" in figure.layout.annotations[0].text
    write_report(str(tmp_path / "one.db"), "one", tmp_path / "one.html")
    assert "no parameter" in (tmp_path / "one.html").read_text(encoding="utf-8")


def test_a_direction_is_that_of_the_study(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "up.db"))
    study = store.save_study(StudyRecord("up", "", "", "", {"lut": "maximise"}))
    points = store.save_points(study, [{"n": 1}, {"n": 2}])
    done = [evaluation(f"u{n}", outcome(0.5, 10.0 * n), "open") for n in (1, 2)]
    store.record(done, {e.job.key: [p.id] for e, p in zip(done, points, strict=True)})
    store.close()
    known = quantities(Source(str(tmp_path / "up.db")).table("up"))
    assert known["open.lut"].direction == "maximise"
    assert known["open.auc"].direction == "maximise"


def test_a_sample_has_every_value_of_a_grid() -> None:
    grid = pd.DataFrame({"a": np.repeat(np.arange(400), 3), "c": np.tile([1, 2, 3], 400)})
    assert set(sampled(grid, 400)["c"]) == {1, 2, 3}
    assert sampled(grid, 400).equals(sampled(grid, 400))
    assert len(sampled(grid, 400)) == 400
    assert sampled(grid, 5000) is grid
