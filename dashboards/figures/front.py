"""Scatter plot of points with the front: a step line in 2D, larger markers in 2D and 3D."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from dashboards.figures.style import (
    BY_FIDELITY,
    DASHES,
    FAINT,
    HOLLOW,
    IN_SPACE,
    SCALE,
    Theme,
    axis_of,
    colour,
    escaped,
    hover_line,
    intervals,
    plain,
)
from dashboards.numbers import Meaning
from dashboards.quantities import Quantity, is_numeric
from dse.contracts.metrics import Fidelity

_KEY = "colours"
_MARGIN = {"l": 84, "r": 36, "t": 32, "b": 56}
"""What titles and labels of most axes need: where they need more, Plotly lays all out twice."""
_MOST_BARS = 400
"""Points of a front up to which intervals are drawn."""
_MOST_SVG = 2000
"""Points that are drawn as SVG; more by WebGL, which is faster then, but starts slowly."""
_DENSE = 400
"""Dominated points from which on they are drawn fainter, so that dense regions stay readable."""


@dataclass(frozen=True)
class Series:
    """Points of one study, or of one choice of backends, in the figure.

    Args:
        name: name in the legend.
        frame: drawable points from `dashboards.front_data.assess`, thinned.
        fidelity: that of the axes that determines the markers, see `style.weakest`.
        foreign: whether the points are those of another study, which cannot be selected.
    """

    name: str
    frame: pd.DataFrame
    fidelity: Fidelity = Fidelity.EMULATED
    foreign: bool = False


@dataclass(frozen=True)
class Look:
    """Options of the figure.

    Args:
        axes: quantities by column: x, y, and optionally z, colour and size.
        log: names of the logarithmic axes.
        bars: whether to draw the intervals: 90 % of predictions, 95 % of the others.
        dominated: whether to draw points that are not on the front.
        marked: numbers of points of the first series that are drawn with a ring.
        ring: what the rings mean, for the legend.
        theme: light or dark.
        projected: whether the front is over more than the axes show, so that it has no border.
    """

    axes: dict[str, Quantity]
    log: frozenset[str] = frozenset()
    bars: bool = True
    dominated: bool = True
    marked: tuple[int, ...] = ()
    ring: str = "selected in the table"
    theme: Theme = "light"
    projected: bool = False


def figure(series: Sequence[Series], look: Look) -> go.Figure:
    """Return one plot with all series."""
    page = go.Figure(layout=_layout([one.frame for one in series], look))
    for index, one in enumerate(series):
        _add(page, one, index, look)
    if series and look.marked:
        _add_marks(page, series[0], look)
    return page


@dataclass(frozen=True)
class _Kind:
    """Appearance of a group of points: front, dominated or not allowed."""

    name: str
    colour: str
    opacity: float
    size: int
    fidelity: Fidelity


def _add(page: go.Figure, one: Series, index: int, look: Look) -> None:
    frame, flat = one.frame, "z" not in look.axes
    allowed, fidelity, ink = frame["allowed"], one.fidelity, colour(index, look.theme)
    if look.dominated:
        refused = _Kind("not allowed", FAINT[look.theme], 0.25, 6, fidelity)
        _points(page, one, frame[~allowed], look, refused)
        lacking = _Kind("not compared: lacks an objective", FAINT[look.theme], 0.5, 6, fidelity)
        _points(page, one, frame[allowed & ~frame["comparable"]], look, lacking)
        rest = frame[allowed & frame["comparable"] & ~frame["on_front"]]
        # less faint if colour has a meaning
        faint = (0.7 if "colour" in look.axes else 0.4) if len(rest) < _DENSE else 0.25
        _points(page, one, rest, look, _Kind("dominated", ink, faint, 6, fidelity))
    front = frame[frame["on_front"]]
    if flat and len(front) and not look.projected:
        _step(page, one, front, look, index)
    _points(page, one, front, look, _Kind("front", ink, 1.0, 10, fidelity))


def _points(page: go.Figure, one: Series, frame: pd.DataFrame, look: Look, kind: _Kind) -> None:
    if frame.empty:
        return
    shown: dict[str, Any] = {"mode": "markers", "name": escaped(f"{one.name}: {kind.name}")}
    shown |= {"marker": _marker(page, frame, look, kind), **_hover(one, frame, look)}
    values = {axis: frame[axis] for axis in ("x", "y", "z") if axis in look.axes}
    if "z" in values:
        page.add_scatter3d(**values, **shown)
        return
    if look.bars and (kind.name == "front" or kind.fidelity in HOLLOW):
        shown |= {f"error_{axis}": _bars(frame, axis, kind) for axis in "xy"}
    draw = go.Scattergl if len(frame) > _MOST_SVG else go.Scatter
    page.add_trace(draw(**values, **shown))


def _marker(page: go.Figure, frame: pd.DataFrame, look: Look, kind: _Kind) -> dict[str, Any]:
    marker: dict[str, Any] = {
        "color": kind.colour,
        "opacity": kind.opacity,
        "size": kind.size,
        "symbol": (IN_SPACE if "z" in look.axes else BY_FIDELITY)[kind.fidelity],
    }
    if "open" in marker["symbol"]:
        marker["line"] = {"width": 2}
    elif kind.name == "front":
        marker["line"] = {"width": 1, "color": "#ffffff"}
    if "colour" in look.axes and kind.colour != FAINT[look.theme]:
        marker |= _coloured(frame["colour"], page, look)
    if "size" in look.axes:
        marker["size"] = _sizes(frame["size"]) + (4 if kind.name == "front" else 0)
    if "z" in look.axes:
        marker["size"] = marker["size"] * 0.6
    return marker


def _coloured(values: "pd.Series[Any]", page: go.Figure, look: Look) -> dict[str, Any]:
    """Return colours: numbers by a colour scale, texts by the palette, listed in the legend."""
    if is_numeric(values):
        title = {"text": escaped(look.axes["colour"].title), "side": "right"}
        bar = {"title": title, "y": 0.45, "len": 0.9}
        page.update_layout(coloraxis={"colorscale": SCALE[look.theme], "colorbar": bar})
        return {"color": values, "coloraxis": "coloraxis"}
    texts = values.astype(str)
    colours = {text: _colour_of(text, page, look) for text in texts.unique()}
    return {"color": [colours[text] for text in texts]}


def _colour_of(text: str, page: go.Figure, look: Look) -> str:
    """Return the colour of a text; a new text takes the next colour and a legend entry."""
    name = escaped(f"{look.axes['colour'].label}: {text}")
    axes = [axis for axis in ("x", "y", "z") if axis in look.axes]
    known = {trace.name: trace.marker.color for trace in page.data if trace.legendgroup == _KEY}
    if name not in known:
        known[name] = colour(len(known), look.theme)
        shown: dict[str, Any] = {"name": name, "mode": "markers", "legendgroup": _KEY}
        shown["marker"] = {"color": known[name], "symbol": "square", "size": 10}
        nowhere = {axis: [None] for axis in axes}
        (page.add_scatter3d if "z" in axes else page.add_scatter)(**nowhere, **shown)
    return str(known[name])


def _sizes(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return marker sizes from 6 to 22 px, linear in the values."""
    numbers: pd.Series[float] = pd.to_numeric(values, errors="coerce").fillna(0).astype(float)
    span = numbers.max() - numbers.min()
    return (numbers - numbers.min()).mul(16 / (span or 1)).add(6)


def _bars(frame: pd.DataFrame, axis: str, kind: _Kind) -> dict[str, Any] | None:
    """Return the intervals of the front, and of all numbers that no tool gave."""
    if f"{axis}_low" not in frame or len(frame) > _MOST_BARS:
        return None
    up, down = frame[f"{axis}_high"] - frame[axis], frame[axis] - frame[f"{axis}_low"]
    return {
        "type": "data",
        "symmetric": False,
        "array": up,
        "arrayminus": down,
        "thickness": 1,
        "width": 3 if kind.name == "front" else 0,
        "color": f"rgba{(*hex_to_rgb(kind.colour), kind.opacity)}",
    }


def _hover(one: Series, frame: pd.DataFrame, look: Look) -> dict[str, Any]:
    """Return data and template of the hover text.

    Coordinates are formatted by the browser, which has them anyway; this keeps figures small.
    """
    whys = frame["reason"].map(hover_line)
    if "seed" in frame:
        whys = frame["seed"].map(hover_line) + whys
    numbers = (
        frame.index.map(str) if one.foreign else frame.index
    )  # `clicked_points` takes integers only
    columns: list[Any] = [numbers, whys]
    custom: dict[str, int] = {}
    lines = [f"{escaped(one.name)}, point %{{customdata[0]}}"]
    for axis in (axis for axis in ("x", "y", "z", "colour", "size") if axis in look.axes):
        numeric, quantity = is_numeric(frame[axis]), look.axes[axis]
        place = axis if numeric and axis in "xyz" else f"customdata[{len(columns)}]"
        if place != axis:
            if axis not in "xyz":
                custom[quantity.title] = len(columns)
            columns.append(frame[axis] if numeric else frame[axis].map(escaped))
        value = f"%{{{place}:,.5~g}}" if numeric else f"%{{{place}}}"
        lines.append(f"{escaped(quantity.label)}: {value} {escaped(quantity.unit)}")
        if f"{axis}_low" in frame:
            lines[-1] += f"%{{customdata[{len(columns)}]}}"
            columns.append(intervals(frame[f"{axis}_low"], frame[f"{axis}_high"]))
            for end in ("low", "high"):
                custom[f"{quantity.title} {end}"] = len(columns)
                ends = frame[f"{axis}_{end}"].astype(object)
                columns.append(ends.where(ends.notna(), None))
    data = np.column_stack([np.asarray(column, dtype=object) for column in columns])
    template = "<br>".join(lines) + "%{customdata[1]}<extra></extra>"
    axes = {axis: quantity.title for axis, quantity in look.axes.items() if axis in "xyz"}
    return {
        "customdata": data,
        "hovertemplate": template,
        "meta": Meaning(axes=axes, custom=custom),
    }


def _step(page: go.Figure, one: Series, front: pd.DataFrame, look: Look, index: int) -> None:
    """Draw the border of the region that the front dominates as a step line."""
    line = front[["x", "y"]].drop_duplicates().sort_values(["x", "y"])
    # The step bends away from the region that is better than the front: with smaller x better,
    # the value of y holds up to the next point.
    x_small = look.axes["x"].direction == "minimise"
    style = {
        "color": colour(index, look.theme),
        "width": 2,
        "dash": DASHES[index % len(DASHES)],
        "shape": "hv" if x_small else "vh",
    }
    page.add_scatter(
        x=line["x"],
        y=line["y"],
        mode="lines",
        line=style,
        hoverinfo="skip",
        name=escaped(f"{one.name}: border"),
        showlegend=False,
    )


def _add_marks(page: go.Figure, one: Series, look: Look) -> None:
    """Draw rings around the points that are selected in the table."""
    frame = one.frame[one.frame.index.isin(look.marked)]
    if frame.empty or "z" in look.axes:
        return
    ring = {"symbol": "circle-open", "size": 18, "color": "#d55e00", "line": {"width": 3}}
    page.add_scatter(
        x=frame["x"],
        y=frame["y"],
        mode="markers",
        marker=ring,
        name=look.ring,
        hoverinfo="skip",
    )


def _layout(frames: Sequence[pd.DataFrame], look: Look) -> dict[str, Any]:
    values = pd.concat(list(frames)) if frames else pd.DataFrame(columns=list(look.axes))
    shown = [axis for axis in ("x", "y", "z") if axis in look.axes]
    kinds = {f"{a}axis": axis_of(values[a], log=a in look.log) for a in shown}
    flat = "z" not in look.axes
    layout = plain(look.theme) | {
        "margin": _MARGIN,
        "dragmode": "lasso" if flat else "turntable",
        "uirevision": str(look.axes),  # keeps zoom and selection until the axes change
        "hovermode": "closest",
    }
    return layout | (_flat(layout, kinds, look) if flat else _in_space(kinds, look))


def _flat(layout: dict[str, Any], kinds: dict[str, Any], look: Look) -> dict[str, Any]:
    # the upright title in two lines, because plots may be low
    x, y = (escaped(look.axes[axis].title) for axis in "xy")
    texts = {"xaxis": x, "yaxis": y.replace(" (", "<br>(", 1)}
    return {
        name: {**layout[name], **kinds[name], "title": {**layout[name]["title"], "text": text}}
        for name, text in texts.items()
    }


def _in_space(kinds: dict[str, Any], look: Look) -> dict[str, Any]:
    for name, kind in kinds.items():
        kind["title"] = {"text": escaped(look.axes[name[0]].short)}
        kind["gridcolor"] = FAINT[look.theme]
    aspect = {"aspectmode": "manual", "aspectratio": {"x": 1.6, "y": 1.6, "z": 0.9}}
    return {"scene": kinds | aspect, "margin": {"l": 0, "r": 0, "t": 40, "b": 0}}
