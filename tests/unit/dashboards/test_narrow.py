"""Figures at the width of a column: panels below each other, the legend below them."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboards.exports import for_paper
from dashboards.figures import bars, scans

YS = {"auc": "AUC", "latency_ns": "latency [ns]", "lut": "LUT share (an estimate) [%]"}
LETTER = 8 * 96 / 72


def scan(panels: tuple[str, ...] = ("",), lines: int = 7) -> Any:
    rows = pd.DataFrame({"point": range(9), "x": range(9), "y": np.arange(1.0, 10)})
    rows = rows.assign(low=np.nan, high=np.nan, best=True, origin="estimate")
    parts = [
        rows.assign(metric=metric, panel=panel, line=f"reuse factor {n}", value=str(n))
        for metric in YS
        for panel in panels
        for n in range(lines)
    ]
    return scans.figure(pd.concat(parts, ignore_index=True), scans.Scan("total bits", YS))


def panels_of(page: Any) -> list[tuple[float, float]]:
    """Lower and upper end of every panel in pixels from below, the highest first."""
    margin, height = page.layout.margin, page.layout.height
    inner = height - margin.t - margin.b
    ends = [[margin.b + end * inner for end in axis.domain] for axis in page.select_yaxes()]
    return sorted(map(tuple, ends), reverse=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("panels", [("",), ("rf 1", "rf 2", "rf 3")])
def test_panels_of_a_column_are_below_each_other(panels: tuple[str, ...]) -> None:
    page = for_paper(scan(panels), "column", font_pt=8)
    found = panels_of(page)
    assert len(found) == 3 * len(panels)
    assert {tuple(axis.domain) for axis in page.select_xaxes()} == {(0, 1)}
    assert min(top - low for low, top in found) >= 11 * LETTER - 1e-6
    for (above, _), (_, below) in pairwise(found):
        assert above - below > 2 * LETTER  # ticks, and titles of panels
    titles = [note.text for note in page.layout.annotations]
    assert titles == [panel for _ in YS for panel in panels if panel]
    tops = [axis.domain[1] for axis in page.select_yaxes()]
    assert {round(note.y, 9) for note in page.layout.annotations} <= {round(y, 9) for y in tops}


def test_the_legend_has_its_room_below_the_panels() -> None:
    few, many = (for_paper(scan(lines=n), "column") for n in (2, 12))
    assert many.layout.height > few.layout.height
    for page, rows in ((few, 2), (many, 12)):
        legend, margin = page.layout.legend, page.layout.margin
        inner = page.layout.height - margin.t - margin.b
        assert legend.yanchor == "top"
        below = margin.b + legend.y * inner  # what is left below the upper end of the legend
        assert 0 < -legend.y * inner < margin.b
        assert below >= rows * 1.3 * LETTER  # a line of text each


@pytest.mark.parametrize(("width", "rows"), [("column", 4), ("page", 1)])
def test_backends_in_the_legend_have_a_line_each_where_one_is_too_short(
    width: str, rows: int
) -> None:
    names = ("bittrue, emulated", "estimate", "open, rtl", "vitis, csynth")
    row = {"point": 0, "x": 1, "y": 1.0, "low": np.nan, "high": np.nan, "best": True}
    row |= {"metric": "lut", "panel": ""}
    frame = pd.DataFrame(
        {**row, "line": f"{bits} · {name}", "value": bits, "origin": name}
        for name in names
        for bits in ("4 bits", "8 bits", "16 bits")
    )
    page = for_paper(scans.figure(frame, scans.Scan("reuse factor", {"lut": "LUT"})), width)
    title = page.layout.legend.title
    assert title.text.count("<br>") + 1 == rows
    assert title.font.size == pytest.approx(LETTER)
    legend, margin = page.layout.legend, page.layout.margin
    below = margin.b + legend.y * (page.layout.height - margin.t - margin.b)
    assert below >= (rows + 1) * 1.3 * LETTER


def test_a_common_title_stands_once_and_ticks_have_room() -> None:
    page = for_paper(scan(), "column", font_pt=10)
    titles = [axis.title.text for axis in page.select_xaxes()]
    assert [title for title in titles if title] == ["total bits"]
    for axis in page.select_xaxes():
        assert (len(axis.ticktext or ()) or axis.nticks) * 10 * 96 / 72 < page.layout.width
        assert axis.automargin


def test_a_page_has_its_panels_side_by_side() -> None:
    page = for_paper(scan(), "page", font_pt=8)
    assert len({tuple(axis.domain) for axis in page.select_xaxes()}) == 3
    assert len(set(panels_of(page))) == 1


def test_long_titles_are_broken_and_stay_literal() -> None:
    page = go.Figure(go.Scatter(x=[1], y=[1], name="a"))
    page.update_yaxes(
        title_text="accuracy of the &lt;network&gt; in words that take much room " * 3
    )
    title = for_paper(page, "column").layout.yaxis.title.text
    lines = title.split("<br>")
    assert len(lines) > 1
    assert "&lt;network" in title


def test_a_given_height_is_kept() -> None:
    page = for_paper(scan(), "column", height_mm=120)
    assert page.layout.height == round(120 * 96 / 25.4)


def test_bars_have_room_for_their_names_and_no_more() -> None:
    for letters, layers in ((8, 4), (8, 30), (12, 30)):
        counts = pd.DataFrame({name: range(1, layers + 1) for name in ("lut", "ff", "dsp")})
        page = for_paper(bars.by_layer(counts, "light", "none"), "column", font_pt=letters)
        for low, top in panels_of_bars(page):
            room = (top - low) / layers
            assert room >= 1.2 * letters * 96 / 72
            assert page.layout.yaxis.dtick == 1  # every name
            assert room < 2 * letters * 96 / 72 or layers < 10


def panels_of_bars(page: Any) -> list[tuple[float, float]]:
    """The same of the panels that hold something; the others of a grid stay empty."""
    held = {page.layout[f"yaxis{(trace.yaxis or 'y')[1:]}"].domain for trace in page.data}
    return [ends for ends in panels_of(page) if any(_same(page, ends, domain) for domain in held)]


def _same(page: Any, ends: tuple[float, float], domain: Any) -> bool:
    inner = page.layout.height - page.layout.margin.t - page.layout.margin.b
    return abs(ends[1] - page.layout.margin.b - domain[1] * inner) < 1
