"""The numbers behind a figure, as a table under the names of its axes."""

import json
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboards.figures import front, scans
from dashboards.numbers import data_of
from dashboards.quantities import Quantity

AXES = {
    "x": Quantity("lut", "LUT share (estimate)", "%"),
    "y": Quantity("auc", "AUC (bittrue)"),
    "colour": Quantity("mode", "mode"),
}


def posted(figure: Any) -> Any:
    """The figure as a page sends it."""
    return go.Figure(json.loads(figure.to_json()))


def scan_rows(metric: str, y: list[float], panel: str = "") -> pd.DataFrame:
    rows = {"point": [7, 8, 9], "x": [4, 8, 8], "y": y, "low": [0.5, np.nan, np.nan]}
    rows |= {"high": [1.5, np.nan, np.nan], "best": [True, False, True], "seed": ""}
    base = {"metric": metric, "line": "a < b", "value": "", "origin": "a < b", "panel": panel}
    return pd.DataFrame({**rows, **base})


def test_a_scan_says_metric_unit_and_interval_of_each_point() -> None:
    frame = pd.concat([scan_rows("auc", [1, 2, 3]), scan_rows("latency_ns", [20, 30, 40])])
    ys, units = {"auc": "AUC", "latency_ns": "latency [µs]"}, {"auc": "", "latency_ns": "µs"}
    page = scans.figure(frame, scans.Scan("total bits", ys, units=units))
    rows = data_of(posted(page))
    ends = ["low", "high", "point"]
    assert list(rows) == ["series", "total bits", "metric", "unit", "value", *ends]
    assert len(rows) == 6
    assert set(rows["series"]) == {"a < b"}
    delays = rows[rows["metric"] == "latency"].set_index("point")
    assert set(delays["unit"]) == {"µs"}
    assert delays["value"].to_dict() == {8: 30, 7: 20, 9: 40}
    assert delays.loc[7, ["total bits", "low", "high"]].tolist() == [4, 0.5, 1.5]
    assert delays.loc[[8, 9], ["low", "high"]].isna().all(axis=None)
    assert set(rows[rows["metric"] == "AUC"]["value"]) == {1, 2, 3}


def test_a_scan_with_panels_says_which_panel() -> None:
    frame = pd.concat([scan_rows("auc", [1, 2, 3], f"rf {n}") for n in (1, 2)])
    rows = data_of(scans.figure(frame, scans.Scan("bits", {"auc": "AUC"})))
    assert rows.groupby("panel")["point"].apply(sorted).to_dict() == {
        "rf 1": [7, 8, 9],
        "rf 2": [7, 8, 9],
    }


def test_published_numbers_have_their_metric_and_no_point() -> None:
    curve = pd.DataFrame({"x": [4.0], "y": [21.5], "metric": "auc", "line": "theirs"})
    page = scans.figure(scan_rows("auc", [1, 2, 3]), scans.Scan("bits", {"auc": "AUC"}), curve)
    theirs = data_of(page).set_index("series").loc["theirs"]
    assert (theirs["metric"], theirs["value"]) == ("AUC", 21.5)
    assert np.isnan(theirs["point"])


def test_a_front_has_columns_of_its_quantities_and_no_point_twice() -> None:
    values = np.arange(4.0)
    frame = pd.DataFrame({"x": values, "y": values, "y_low": values - 0.1, "y_high": values + 0.2})
    frame = frame.assign(
        reason="", allowed=True, comparable=True, on_front=[True, True, False, False]
    )
    frame["colour"] = ["a", "<b>", "a", "<b>"]
    page = front.figure([front.Series("s", frame)], front.Look(AXES, marked=(0,)))
    rows = data_of(posted(page)).sort_values("point")
    assert rows["point"].tolist() == [0, 1, 2, 3]
    assert rows["LUT share (estimate) [%]"].tolist() == [0, 1, 2, 3]
    assert rows["AUC (bittrue) low"].tolist() == frame["y_low"].tolist()
    assert rows["AUC (bittrue) high"].tolist() == frame["y_high"].tolist()
    assert rows["mode"].tolist() == frame["colour"].tolist()
    assert rows["series"].tolist() == ["s: front", "s: front", "s: dominated", "s: dominated"]


def test_one_quantity_on_two_axes_is_one_column() -> None:
    page = go.Figure(go.Scatter(x=[1, 2], y=[1, 2], name="a"))
    page.update_layout(xaxis_title_text="bits", yaxis_title_text="bits")
    assert data_of(page).to_dict("list") == {"series": ["a", "a"], "bits": [1, 2]}
