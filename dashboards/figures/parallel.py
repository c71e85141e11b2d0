"""Parallel coordinates: lines where they are few, their density where they are many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboards.figures.axes import Axis
from dashboards.figures.density import Layer, picture
from dashboards.figures.style import FAINT, GROUND, SCALE, Theme, blank, colour, escaped, styled
from dashboards.quantities import axis_positions, in_order, is_numeric
from dashboards.ranges import Ranges, parsed, within

LINES = 400
"""Points up to which each has a line of its own."""
_PX_PER_AXIS, _PX_BESIDE = 92, 110
"""Least distance of two axes in pixels, so that their titles can be read; room of the bar."""
_CLASSES = 32
"""Colours of lines; each is a trace."""
_TITLE_CHARACTERS = 13
_SIDE = 0.3
"""Room beside the outer axes, of their distance: a box around an axis begins there."""
_TRIMMED = (0.02, 0.98)
"""Quantiles between which colours change, where there are many points."""

Floats = NDArray[np.float64]


def axes_of(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[Axis]:
    """Return an axis per column."""
    return [Axis.of(frame[name], titles[str(name)]) for name in frame.columns]


def least_width(n_axes: int) -> str:
    """Return the width below which texts would overlap, in CSS."""
    return f"{_PX_PER_AXIS * n_axes + _PX_BESIDE}px"


def parallel(
    frame: pd.DataFrame,
    titles: Mapping[str, str],
    shaded: str,
    theme: Theme,
    ranges: Ranges | None = None,
) -> go.Figure:
    """Return parallel coordinates.

    Up to `LINES` points are lines. Of more, the density is drawn: the colour of a pixel is the mean
    of its lines, and points of one value are spread over the band of that value in the order of the
    colour.

    Args:
        frame: one column per axis, rows by number of the point, without missing values.
        titles: titles of the columns.
        shaded: column that colours the lines.
        theme: light or dark.
        ranges: chosen ranges by column; what is outside is grey.

    Raises:
        UsageError: a range is none.
    """
    if frame.empty:
        return blank("No point has values on all of these axes", theme)
    axes, chosen = axes_of(frame, titles), dict(ranges or {})
    inside = within(frame, chosen).to_numpy()
    shade, bar = _shades(frame, titles, shaded)
    page = go.Figure()
    draw = _lines if len(frame) <= LINES else _density
    draw(page, frame, axes, shade, inside, theme)
    marks = _Marks()
    _add_axes(page, axes, theme, marks)
    if bar:
        _add_bar(page, bar, theme)
    for place, axis in enumerate(axes):
        _add_ranges(marks, place, axis, chosen.get(axis.name, ()), theme)
    margin = {"l": 48, "r": 8, "t": 8, "b": 8}
    marked = {"annotations": marks.texts, "shapes": marks.lines}
    styled(page, theme, margin=margin, showlegend=False, hovermode="closest", **marked)
    # else a straight drag would be a box over all axes
    page.update_layout(dragmode="select", selectdirection="d")
    page.update_xaxes(visible=False, range=[-_SIDE, len(axes) - 1 + _SIDE], fixedrange=True)
    page.update_yaxes(visible=False, range=[-0.04, 1.14], fixedrange=True)
    return page


def _shades(
    frame: pd.DataFrame, titles: Mapping[str, str], shaded: str
) -> tuple[Floats, dict[str, Any]]:
    """Return a number from 0 to 1 per point, and the bar that explains it."""
    if shaded not in frame:
        return np.zeros(len(frame)), {}
    values = axis_positions(frame[shaded]).to_numpy(np.float64)
    many = len(frame) > LINES
    low, high = np.quantile(values, _TRIMMED) if many else (values.min(), values.max())
    bar: dict[str, Any] = {"title": {"text": escaped(titles[shaded]), "side": "right"}}
    if not is_numeric(frame[shaded]):
        texts = [escaped(text) for text in in_order(frame[shaded])]
        bar |= {"tickvals": list(range(len(texts))), "ticktext": texts}
    shade: Floats = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
    return shade, {"low": float(low), "high": float(high), "bar": bar}


def _density(
    page: go.Figure,
    frame: pd.DataFrame,
    axes: Sequence[Axis],
    shade: Floats,
    inside: NDArray[np.bool_],
    theme: Theme,
) -> None:
    places = np.column_stack([_spread(axis, axis.at(frame[axis.name]), shade) for axis in axes])
    faint = np.array([_rgb(FAINT[theme])] * 2, dtype=np.float64)
    layers = [] if inside.all() else [Layer(places[~inside], shade[~inside], faint, 0.3)]
    if inside.any():
        layers.append(Layer(places[inside], shade[inside], _colours(theme)))
    size = {"x": 0, "y": 1, "sizex": len(axes) - 1, "sizey": 1, "sizing": "stretch"}
    page.add_layout_image(source=picture(layers), xref="x", yref="y", layer="below", **size)


def _spread(axis: Axis, positions: Floats, shade: Floats) -> Floats:
    """Return positions, those of one value spread over its band in the order of the shade."""
    if not axis.values:
        return positions
    frame = pd.DataFrame({"position": positions, "shade": shade})
    rank = frame.groupby("position")["shade"].rank(method="first", pct=True)
    found: Floats = positions + (rank.to_numpy() - 0.5) * axis.band
    return found


def _lines(
    page: go.Figure,
    frame: pd.DataFrame,
    axes: Sequence[Axis],
    shade: Floats,
    inside: NDArray[np.bool_],
    theme: Theme,
) -> None:
    places = np.column_stack([axis.at(frame[axis.name]) for axis in axes])
    numbers = frame.index.to_numpy()
    outside = ~inside
    if outside.any():
        _add_lines(page, places[outside], numbers[outside], FAINT[theme], 0.25)
    colours = _colours(theme, _CLASSES)
    kinds = np.minimum((shade * _CLASSES).astype(np.int64), _CLASSES - 1)
    for kind in np.unique(kinds[inside]):
        some = inside & (kinds == kind)
        red, green, blue = colours[kind].astype(np.int64)
        _add_lines(page, places[some], numbers[some], f"rgb({red},{green},{blue})", 0.85)


def _add_lines(
    page: go.Figure, places: Floats, numbers: NDArray[Any], ink: str, opacity: float
) -> None:
    n_axes = places.shape[1]
    xs = [*range(n_axes), None] * len(places)
    ys = chain.from_iterable((*row, None) for row in places.tolist())
    points = chain.from_iterable([[number]] * (n_axes + 1) for number in numbers.tolist())
    page.add_scatter(
        x=xs,
        y=list(ys),
        customdata=list(points),
        mode="lines",
        opacity=opacity,
        line={"color": ink, "width": 1.5},
        hovertemplate="point %{customdata[0]}<extra></extra>",
    )


@dataclass
class _Marks:
    """Texts and lines beside the data: Plotly takes all at once a hundred times faster."""

    texts: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)


def _add_axes(page: go.Figure, axes: Sequence[Axis], theme: Theme, marks: _Marks) -> None:
    for place, axis in enumerate(axes):
        ends = {"x0": place, "x1": place, "y0": 0, "y1": 1}
        marks.lines.append({"type": "line", "line": {"color": FAINT[theme], "width": 1.2}, **ends})
        lines = wrap(axis.title, _TITLE_CHARACTERS) or [""]
        heading = "<br>".join(escaped(line) for line in lines[:3])
        marks.texts.append(
            {"x": place, "y": 1.02, "yanchor": "bottom", "text": f"<b>{heading}</b>", **_PLAIN}
        )
        for position, text in axis.ticks():
            where = {"x": place, "y": position, "xanchor": "right", "xshift": -3}
            ground = {"bgcolor": GROUND[theme], "borderpad": 0}
            marks.texts.append({"text": escaped(text), **where, **ground, **_PLAIN})
    # Plotly offers a box only where there are markers.
    middle = {"x": list(range(len(axes))), "y": [0.5] * len(axes)}
    page.add_scatter(**middle, mode="markers", marker={"opacity": 0}, hoverinfo="skip")


_PLAIN: dict[str, Any] = {"showarrow": False, "font": {"size": 11}}


def _add_bar(page: go.Figure, bar: Mapping[str, Any], theme: Theme) -> None:
    page.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        hoverinfo="skip",
        marker={
            "color": [bar["low"]],
            "cmin": bar["low"],
            "cmax": bar["high"],
            "colorscale": SCALE[theme],
            "showscale": True,
            "colorbar": {"thickness": 14, "outlinewidth": 0, "len": 0.9, **bar["bar"]},
        },
    )


def _add_ranges(marks: _Marks, place: int, axis: Axis, texts: Sequence[str], theme: Theme) -> None:
    """Mark the chosen ranges on an axis, with their ends as numbers."""
    ink = colour(1, theme)
    for text in texts:
        if axis.kind == "texts" and text not in axis.values:
            continue  # of an address of another time
        if axis.kind == "texts":
            (middle,) = axis.at([text])
            low, high = middle - axis.band / 2, middle + axis.band / 2
        else:
            ends = parsed(text)
            low, high = axis.clipped(ends)
            for end, position, side in zip(ends, (low, high), ("top", "bottom"), strict=True):
                if np.isfinite(end):
                    said = {"text": f"<b>{end:.4g}</b>", "font": {"size": 12, "color": ink}}
                    where = {"x": place, "y": position, "xanchor": "left", "xshift": 7}
                    ground = {"bgcolor": GROUND[theme], "yanchor": side, "showarrow": False}
                    marks.texts.append({**said, **where, **ground})
        line = {"x0": place, "x1": place, "y0": low, "y1": high}
        marks.lines.append({"type": "line", "line": {"color": ink, "width": 6}, **line})


def _colours(theme: Theme, number: int = 256) -> Floats:
    """Return the colours of a theme's scale, (number, 3)."""
    stops = np.array([_rgb(code) for _, code in SCALE[theme]], dtype=np.float64)
    at = [float(str(share)) for share, _ in SCALE[theme]]
    shares = np.linspace(0, 1, number)
    return np.column_stack([np.interp(shares, at, stops[:, channel]) for channel in range(3)])


def _rgb(code: Any) -> tuple[int, int, int]:
    text = str(code).lstrip("#")
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:6], 16)
