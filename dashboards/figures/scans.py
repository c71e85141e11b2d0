"""Metrics against one parameter: a line per value of a second, a panel per value of a third."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.figures.crossed_legend import add_values, is_crossed, origins
from dashboards.figures.style import (
    DASHES,
    SYMBOLS,
    Theme,
    are_powers,
    axis_of,
    blank,
    colour,
    escaped,
    hover_line,
    intervals,
    styled,
)
from dashboards.numbers import Meaning
from dashboards.quantities import axis_positions, is_numeric

_IN_A_ROW = 3
_DECADES = 100
"""Ratio of largest to smallest value from which on a vertical axis is logarithmic."""
_GREY = "#7d8793"
_CROSSES = ("x-thin-open", "cross-thin-open", "asterisk-open", "hash-open")
_MOST = 2000
"""Largest number of dots, and of points of a line, that are drawn; others are skipped evenly."""
_LETTERS_PX = 12
"""Of the title of the legend, which by default is larger than its entries."""
_HOVER = "point %{customdata[0]}<br>%{x}: %{y:.5g}%{customdata[1]}"


@dataclass(frozen=True)
class Scan:
    """Titles and options of the figure.

    Args:
        x: title of the horizontal axis.
        ys: titles of the metrics by name; each metric has panels of its own.
        log_x: whether the horizontal axis is logarithmic.
        log_y: whether all vertical axes are logarithmic.
        theme: light or dark.
        panels: texts of the panels in their order; others follow.
        units: units of the metrics by name, as they are in their titles.
    """

    x: str
    ys: Mapping[str, str]
    log_x: bool = False
    log_y: bool = False
    theme: Theme = "light"
    panels: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)

    def meaning(self, metric: str, panel: str) -> Meaning:
        """Return what the traces of a panel draw."""
        unit = self.units.get(metric, "")
        name = self.ys[metric].removesuffix(f" [{unit}]")
        panels = {"panel": panel} if panel else {}
        same = {"metric": name, "unit": unit, **panels}
        custom = {"low": 2, "high": 3}
        return Meaning(axes={"x": self.x, "y": "value"}, same=same, custom=custom)


def figure(frame: pd.DataFrame, scan: Scan, references: pd.DataFrame | None = None) -> go.Figure:
    """Return lines with markers, and bars for intervals.

    Args:
        frame: columns point, x, y, low, high, metric, line, value, origin, panel, best, and
            optionally hollow (whether no tool gave the number) and seed; line, value, origin,
            panel and seed are texts. Colour stands for the value of the parameter,
            dashes and markers for the origin; with one value, colour stands for the origin too.
            Many lines are not listed one by one, see `dashboards.figures.crossed_legend`.
            Of several points with one x, the line goes through the `best`; others are dots.
        scan: titles and options.
        references: published curves with the columns x, y, metric, line; drawn in grey.
    """
    frame = frame.dropna(subset=["x", "y"])
    if frame.empty:
        return blank("No point has values on these axes", scan.theme)
    seen: set[str] = set()
    panels = list(dict.fromkeys(zip(frame["panel"], frame["metric"], strict=True)))
    lines = _lines(frame)
    crossed = is_crossed(lines)
    styles = _styles(lines, scan.theme, grouped=crossed)
    cells = _cells(panels, scan.panels)
    page = _panels(cells)
    for index, (panel, metric) in enumerate(panels):
        here = frame[(frame["panel"] == panel) & (frame["metric"] == metric)]
        row, column = cells[panel, metric]
        place = {"row": row, "col": column}
        meta = scan.meaning(metric, panel)
        for rank, (line, style) in enumerate(styles.items()):
            part = here[here["line"] == line]
            # a line may be missing in the first panel, and keeps its place in the legend
            listed = line not in seen and not crossed
            _add_line(page, part, style | {"legendrank": 1 + rank, "meta": meta}, listed, place)
            seen |= {line} if len(part) else set()
        if references is not None:
            curves = references[references["metric"] == metric]
            _add_references(page, curves, index == 0, {**place, "meta": meta})
        x = axis_of(frame["x"], log=scan.log_x) | _ticks(frame["x"], log=scan.log_x)
        page.update_xaxes(title={"text": escaped(scan.x)}, **x, **place)
        y = axis_of(here["y"], log=scan.log_y or _wide(here["y"]))
        page.update_yaxes(title={"text": escaped(scan.ys[metric])}, **y, **place)
    n_rows = max(row for row, _ in cells.values())
    legend: dict[str, Any] = {"y": 1.0 + 0.1 / n_rows}
    if crossed:
        add_values(page, lines, styles)
        text = origins(lines, styles)
        legend["title"] = {"text": text, "side": "top", "font": {"size": _LETTERS_PX}}
    styled(page, scan.theme, height=max(520, 360 * n_rows), legend=legend)
    return page


Cells = dict[tuple[str, str], tuple[int, int]]
"""Row and column of every panel by (text, metric); both count from 1."""


def _cells(panels: Sequence[tuple[str, str]], first: Sequence[str]) -> Cells:
    """Return the cells row by row; if there are several panels, each metric starts a row."""
    there = dict.fromkeys(panel for panel, _ in panels)
    names = list(dict.fromkeys([*(name for name in first if name in there), *there]))
    metrics = list(dict.fromkeys(metric for _, metric in panels))
    alone = len(names) == 1
    n_columns = _n_columns(len(metrics) if alone else len(names))
    rows_each = 0 if alone else -(-len(names) // n_columns)
    found = {}
    for panel, metric in panels:
        number = metrics.index(metric)
        down, column = divmod(number if alone else names.index(panel), n_columns)
        found[panel, metric] = (number * rows_each + down + 1, column + 1)
    return found


def _panels(cells: Cells) -> go.Figure:
    n_rows, n_columns = (max(cell[axis] for cell in cells.values()) for axis in (0, 1))
    at = {cell: panel for (panel, _), cell in cells.items()}
    grid = [[(row, column) for column in range(1, n_columns + 1)] for row in range(1, n_rows + 1)]
    return make_subplots(
        rows=n_rows,
        cols=n_columns,
        specs=[[{} if place in at else None for place in row] for row in grid],
        subplot_titles=[escaped(at[place]) for row in grid for place in row if place in at],
        horizontal_spacing=0.09,
        vertical_spacing=0.3 / n_rows,
    )


def _n_columns(n_panels: int) -> int:
    # Four panels as two rows of two, not as three and one.
    return 2 if n_panels == 4 else min(n_panels, _IN_A_ROW)


def _wide(values: "pd.Series[Any]") -> bool:
    """Whether the values span so many decades that a linear axis would hide the small ones."""
    return bool((values > 0).all()) and float(values.max() / values.min()) > _DECADES


def _add_line(
    page: go.Figure,
    frame: pd.DataFrame,
    style: dict[str, Any],
    legend: bool,
    place: Mapping[str, int],
) -> None:
    """Draw one line through the best points, and the other points as faint dots."""
    if frame.empty:
        return
    others = _some(frame[~frame["best"]])
    if len(others):
        marker = {**style["marker"], "opacity": 0.3, "size": 5}
        dots = {**style, "mode": "markers", "marker": marker, "showlegend": False}
        data = {"x": others["x"], "y": others["y"], "customdata": _hover_data(others)}
        page.add_scatter(**data, **dots, **place)
    shown = _some(frame[frame["best"]].sort_values("x", key=axis_positions))
    page.add_scatter(
        x=shown["x"],
        y=shown["y"],
        mode="lines+markers",
        showlegend=legend,
        customdata=_hover_data(shown),
        error_y=_bars(shown),
        **style,
        **place,
    )


def _hover_data(frame: pd.DataFrame) -> list[list[Any]]:
    """Return the number of every point, its interval and seed as text, and the interval's ends."""
    spans = intervals(frame["low"], frame["high"])
    seeds = map(hover_line, frame["seed"]) if "seed" in frame else [""] * len(frame)
    texts = [span + seed for span, seed in zip(spans, seeds, strict=True)]
    ends = (frame[name].tolist() for name in ("low", "high"))
    return [list(row) for row in zip(frame["point"].tolist(), texts, *ends, strict=True)]


def _lines(frame: pd.DataFrame) -> pd.DataFrame:
    """Return line, value and origin of each line, and whether it is hollow."""
    hollow = frame.get("hollow", False)
    return frame[["line", "value", "origin"]].assign(hollow=hollow).drop_duplicates("line")


def _styles(lines: pd.DataFrame, theme: Theme, *, grouped: bool) -> dict[str, dict[str, Any]]:
    """Return the style of each line, the same in all panels; `grouped` in the legend by value."""
    values, kinds = (list(dict.fromkeys(lines[name])) for name in ("value", "origin"))
    values = sorted(values, key=lambda text: text == "")  # what no parameter moves is last
    return {
        line: _style(
            line,
            (values.index(value) if len(values) > 1 else kinds.index(origin)),
            kinds.index(origin),
            theme,
            hollow=hollow,
        )
        | {"legendgroup": (value if grouped else "") or line}
        for line, value, origin, hollow in lines.itertuples(index=False)
    }


def _style(name: str, hue: int, kind: int, theme: Theme, *, hollow: bool) -> dict[str, Any]:
    """Return the style of a line by the number of its colour, and of its dashes and markers."""
    ink, symbol = colour(hue, theme), SYMBOLS[kind % len(SYMBOLS)] + "-open" * hollow
    return {
        "name": escaped(name),
        "hovertemplate": f"{escaped(name)}<br>{_HOVER}<extra></extra>",
        "line": {"color": ink, "dash": DASHES[kind % len(DASHES)]},
        "marker": {"symbol": symbol, "size": 7, "color": ink},
    }


def _ticks(values: "pd.Series[Any]", *, log: bool) -> dict[str, Any]:
    """Return the ticks of a parameter's axis: its values, if all of them can be read."""
    if not is_numeric(values) or (log and not are_powers(values)):
        return {}
    ticks = sorted(values.dropna().unique().tolist())
    apart = len(ticks) > 1 and not log and _CLOSEST * (ticks[-1] - ticks[0]) > min(np.diff(ticks))
    if len(ticks) > _MOST_TICKS or apart:
        return {}
    return {"tickmode": "array", "tickvals": ticks, "ticktext": [f"{t:g}" for t in ticks]}


_MOST_TICKS = 10
_CLOSEST = 0.08
"""Least distance of two ticks as a share of a linear axis."""


def _some(frame: pd.DataFrame) -> pd.DataFrame:
    """Return every n-th row, so that at most `_MOST` are left."""
    return frame.iloc[:: -(-len(frame) // _MOST) or 1]


def _bars(frame: pd.DataFrame) -> dict[str, Any] | None:
    if not frame["low"].notna().any():
        return None
    up, down = frame["high"] - frame["y"], frame["y"] - frame["low"]
    spread = {"array": up, "arrayminus": down}
    return {"type": "data", "symmetric": False, "thickness": 1, "width": 3, **spread}


def _add_references(
    page: go.Figure, frame: pd.DataFrame, legend: bool, place: Mapping[str, Any]
) -> None:
    for index, (name, curve) in enumerate(frame.groupby("line", sort=False)):
        page.add_scatter(
            x=curve["x"],
            y=curve["y"],
            mode="markers+lines",
            name=escaped(name),
            legendgroup=name,
            showlegend=legend,
            line={"color": _GREY, "dash": "dot", "width": 1},
            marker={"symbol": _CROSSES[index % len(_CROSSES)], "size": 9, "color": _GREY},
            **place,
        )
