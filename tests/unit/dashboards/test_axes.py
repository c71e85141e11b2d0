"""What stands on an axis: values of parameters, null among them."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboards.address import Address
from dashboards.axes import in_order, is_numeric, places, quantities, written
from dashboards.front_view import View as FrontView
from dashboards.fronts import Rules, reasons
from dashboards.parameter_view import frame_of
from dashboards.scan_view import View, drawn
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
        return drawn(rows, View.of(rows, Address({"study": "rows", **roles})), "light")

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
    assert places(texts).tolist() == [3, 5, 2, 0, 1, 4, 1]


def test_what_is_no_number_has_no_limits(rows: Source) -> None:
    asked = {
        "study": "rows",
        "limits": "rows|open.auc",
        "limit.rows": "0..3",
        "limit.open.auc": "0..1",
    }
    view = FrontView.of(rows, Address(asked))
    assert view.limited == ["open.auc"]
    assert view.rules.limits == {"open.auc": (0, 1)}
    # in another study the same parameter may be a number
    found = reasons(view.table, view.known, Rules({"rows": (0, 3), "open.auc": (0, 1)}))
    assert set(found) == {"rows is not within 0 and 3"}
