"""Figures laid out for a narrow page: panels below each other, the legend below them all.

Sizes follow from that of the letters, because these have a given size on paper.
"""

from collections.abc import Iterator
from html import unescape
from math import ceil
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from dashboards.figures.crossed_legend import BETWEEN
from dashboards.figures.style import escaped

_LETTER = 0.56
"""Mean width of a letter as a share of its size."""
_LEAST_WIDTH, _LEAST_HEIGHT = 20, 11
"""Least width of panels side by side, and least height of a panel, in sizes of letters."""
_SHAPE = 0.55
"""Height of a panel as a share of the width, up to `_TALLEST` of the width for all."""
_TALLEST = 2.2
_KEY = 5.5
"""Width of the marker of a legend entry with its spaces, in sizes of letters."""
_AXIS = 6
"""Width of ticks and title of a vertical axis, in sizes of letters."""
_PER_BAR, _PER_DESIGN, _BETWEEN_BARS = 1.5, 0.7, 0.5
"""Height of a bar with its name, of each of several bars with one name, and between those groups,
in sizes of letters."""
_ROW = 1.9
"""Height of a row of the legend, in sizes of letters."""


def laid_out(figure: go.Figure, width: float, letter: float, height: float = 0) -> go.Figure:
    """Return a figure laid out anew; it is changed.

    Args:
        figure: any figure of the dashboard.
        width: pixels.
        letter: size of the letters in pixels.
        height: pixels of the whole; 0 for what panels and legend need.
    """
    panels = list(_panels(figure))
    stacked = _stacked(panels, width, letter)
    _shape(figure, panels, width, letter, height, stacked=stacked)
    for x, y in panels:
        share = (x.domain or (0, 1))[1] - (x.domain or (0, 1))[0]
        tall = ((y.domain or (0, 1))[1] - (y.domain or (0, 1))[0]) * _inner(figure)
        _fit(x, share * width - _AXIS * letter, letter, upright=False)
        _fit(y, tall, letter, upright=True)
    for axis in _of_bars(figure):  # each bar has room for its name
        figure.layout[f"yaxis{axis[1:]}"].update(tickmode="linear", dtick=1)
    return figure


def _panels(figure: go.Figure) -> Iterator[tuple[Any, Any]]:
    """Return the axes of every panel from top to bottom, then left to right."""
    flat = [trace for trace in figure.data if hasattr(trace, "xaxis")]
    names = dict.fromkeys((trace.xaxis or "x", trace.yaxis or "y") for trace in flat)
    axes = [(figure.layout[f"xaxis{x[1:]}"], figure.layout[f"yaxis{y[1:]}"]) for x, y in names]
    return iter(
        sorted(axes, key=lambda pair: (-(pair[1].domain or (0, 1))[1], pair[0].domain or ()))
    )


def _stacked(panels: list[tuple[Any, Any]], width: float, letter: float) -> bool:
    """Whether panels side by side would be too narrow."""
    columns = len({tuple(x.domain or (0, 1)) for x, _ in panels})
    return columns > 1 and width / columns < _LEAST_WIDTH * letter


def _shape(
    figure: go.Figure,
    panels: list[tuple[Any, Any]],
    width: float,
    letter: float,
    height: float,
    *,
    stacked: bool,
) -> None:
    """Set height, margins, legend and, of stacked panels, their places."""
    titles = _titles(figure, panels)
    rows = len(panels) if stacked else len({tuple(y.domain or (0, 1)) for _, y in panels}) or 1
    one_title = len({x.title.text for x, _ in panels}) == 1
    gap = letter * (2.6 + (0 if one_title and stacked else 1.8) + (1.8 if titles else 0))
    top, bottom = letter * (2.4 if titles else 1.2), letter * 4.6
    rows_below = _title_rows(figure, width, letter) + _legend_rows(figure, width, letter)
    legend = rows_below * _ROW * letter
    each = max(_LEAST_HEIGHT * letter, width * min(_SHAPE, _TALLEST / rows))
    each = max(each, _bars(figure) * letter)
    rest = top + bottom + legend
    inner = max(height - rest, letter) if height else rows * each + (rows - 1) * gap
    if stacked:
        _stack(panels, gap / inner, one_title=one_title)
    for note, (x, y) in titles:
        note.update(x=sum(x.domain or (0, 1)) / 2, y=(y.domain or (0, 1))[1])
    below = {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": -bottom / inner,
        "yanchor": "top",
        "tracegroupgap": 0,
    }
    margin = {"l": 8, "r": 8, "t": top, "b": bottom + legend}
    figure.update_layout(
        width=round(width), height=ceil(inner + rest - 0.5 * bool(height)), margin=margin
    )
    figure.update_layout(
        legend=below, coloraxis={"colorbar": {"y": 0.5, "len": 1, "thickness": letter}}
    )


def _bars(figure: go.Figure) -> float:
    """Height of the tallest panel of horizontal bars in sizes of letters; 0 without any.

    A network has as many bars as layers, each with as many designs as are compared.
    """
    return max(map(_bars_of, _of_bars(figure).values()), default=0.0)


def _of_bars(figure: go.Figure) -> dict[str, list[Any]]:
    """Return the traces of horizontal bars by their vertical axis."""
    found: dict[str, list[Any]] = {}
    for trace in figure.data:
        if trace.type == "bar" and trace.orientation == "h":
            found.setdefault(trace.yaxis or "y", []).append(trace)
    return found


def _bars_of(traces: list[Any]) -> float:
    names = {name for trace in traces for name in (trace.y if trace.y is not None else ())}
    return len(names) * max(_PER_BAR, _PER_DESIGN * len(traces) + _BETWEEN_BARS)


def _stack(panels: list[tuple[Any, Any]], gap: float, *, one_title: bool) -> None:
    """Put panels below each other; a common title of the horizontal axes is below the last."""
    each = (1 - gap * (len(panels) - 1)) / len(panels)
    for place, (x, y) in enumerate(panels):
        top = 1 - place * (each + gap)
        x.update(domain=(0, 1), showticklabels=True)
        y.update(domain=(max(top - each, 0), top), showticklabels=True)
        if one_title and place < len(panels) - 1:
            x.title.text = None


def _inner(figure: go.Figure) -> float:
    """Height of the panels with their gaps in pixels."""
    margin = figure.layout.margin
    return float(figure.layout.height - margin.t - margin.b)


def _titles(figure: go.Figure, panels: list[tuple[Any, Any]]) -> list[tuple[Any, tuple[Any, Any]]]:
    """Return the titles of panels, which Plotly has as notes, each with its panel."""
    found = []
    for note in figure.layout.annotations:
        for x, y in panels:
            middle, top = sum(x.domain or (0, 1)) / 2, (y.domain or (0, 1))[1]
            if note.yref == "paper" and abs(note.x - middle) + abs(note.y - top) < 1e-6:
                found.append((note, (x, y)))
                break
    return found


def _title_rows(figure: go.Figure, width: float, letter: float) -> int:
    """Return the lines of the legend's title, which is broken where it is too long."""
    title = figure.layout.legend.title
    if not title.text:
        return 0
    if len(unescape(title.text)) * _LETTER * letter > width:
        title.text = title.text.replace(BETWEEN, "<br>")
    return int(title.text.count("<br>")) + 1


def _legend_rows(figure: go.Figure, width: float, letter: float) -> int:
    named = [trace for trace in figure.data if trace.showlegend is not False and trace.name]
    lengths = [len(unescape(trace.name)) for trace in named]
    alone = len(lengths) == 1 and named[0].showlegend is None  # Plotly shows no legend
    if not lengths or alone or figure.layout.showlegend is False:
        return 0
    widest = letter * (_KEY + _LETTER * max(lengths))
    return ceil(len(lengths) / max(int((width - _AXIS * letter) / widest), 1))


def _fit(axis: Any, length: float, letter: float, *, upright: bool) -> None:
    """Let titles and ticks of an axis fit its length."""
    title = axis.title.text
    if title:
        words = unescape(title.replace("<br>", " "))
        lines = wrap(words, max(int(length / (_LETTER * letter)), 8))
        axis.title.text = "<br>".join(map(escaped, lines))
    axis.title.standoff = letter / 2
    if axis.type == "log":
        axis.dtick = None
    texts = list(axis.ticktext or ())
    widest = max(map(len, texts), default=5)
    room = 2.2 * letter if upright else (widest * _LETTER + 1.2) * letter
    most = max(int(length / room), 2)
    if texts and axis.tickmode == "array":
        step = ceil(len(texts) / most)
        axis.update(tickvals=list(axis.tickvals)[::step], ticktext=texts[::step])
    axis.update(nticks=most, tickangle=0)
