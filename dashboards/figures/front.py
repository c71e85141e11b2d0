"""The front: in two dimensions a step line, in three a marked set; the others dimmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboards.figures.style import (
    BY_FIDELITY,
    DASHES,
    FAINT,
    IN_SPACE,
    SCALE,
    Theme,
    axis_of,
    colour,
    escaped,
    styled,
)
from dashboards.quantities import Quantity, is_numeric
from dse.contracts.metrics import Fidelity

_KEY = "colours"
_MOST_BARS = 400
_MOST_SVG = 1000
"""Points drawn as vectors; more go through WebGL."""


@dataclass(frozen=True)
class Series:
    """One study, or one choice of backends, in the figure.

    Args:
        name: in the legend.
        frame: from `dashboards.front_data.assess`, drawable points, thinned.
        fidelity: the lowest of its axes, which its markers tell.
        foreign: its points are those of another study, and cannot be selected.
    """

    name: str
    frame: pd.DataFrame
    fidelity: Fidelity = Fidelity.EMULATED
    foreign: bool = False


@dataclass(frozen=True)
class Look:
    """How the figure is drawn.

    Args:
        axes: quantities by column: x, y, and z, colour, size where they are shown.
        log: axes that are logarithmic.
        bars: 95 % intervals.
        beaten: draw points that are not on the front.
        marked: numbers of points with a ring, of the first series.
        theme: light or dark.
    """

    axes: dict[str, Quantity]
    log: frozenset[str] = frozenset()
    bars: bool = True
    beaten: bool = True
    marked: tuple[int, ...] = ()
    theme: Theme = "light"


def figure(series: Sequence[Series], look: Look) -> go.Figure:
    """All series in one plot."""
    page = go.Figure()
    for index, one in enumerate(series):
        _add(page, one, index, look)
    if series and look.marked:
        _add_marks(page, series[0], look)
    _lay_out(page, [one.frame for one in series], look)
    return page


@dataclass(frozen=True)
class _Kind:
    """Points that are drawn alike."""

    name: str
    colour: str
    opacity: float
    size: int
    fidelity: Fidelity


def _add(page: go.Figure, one: Series, index: int, look: Look) -> None:
    frame, flat = one.frame, "z" not in look.axes
    allowed, fidelity, ink = frame["allowed"], one.fidelity, colour(index, look.theme)
    if look.beaten:
        refused = _Kind("not allowed", FAINT[look.theme], 0.25, 6, fidelity)
        _points(page, one, frame[~allowed], look, refused)
        rest = frame[allowed & ~frame["on_front"]]
        faint = (0.7 if "colour" in look.axes else 0.4) if len(rest) < _MOST_SVG else 0.15
        _points(page, one, rest, look, _Kind("beaten", ink, faint, 6, fidelity))
    front = frame[frame["on_front"]]
    if flat and len(front):
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
    if kind.name == "front" and look.bars:
        shown |= {"error_x": _bars(frame, "x"), "error_y": _bars(frame, "y")}
    draw = go.Scattergl if len(frame) > _MOST_SVG else go.Scatter
    page.add_trace(draw(**values, **shown))


def _marker(page: go.Figure, frame: pd.DataFrame, look: Look, kind: _Kind) -> dict[str, Any]:
    marker: dict[str, Any] = {
        "color": kind.colour,
        "opacity": kind.opacity,
        "size": kind.size,
        "symbol": (IN_SPACE if "z" in look.axes else BY_FIDELITY)[kind.fidelity],
    }
    if kind.name == "front":
        marker["line"] = {"width": 1, "color": "#ffffff"}
    if "colour" in look.axes and kind.name != "not allowed":
        marker |= _coloured(frame["colour"], page, look)
    if "size" in look.axes:
        marker["size"] = _sizes(frame["size"]) + (4 if kind.name == "front" else 0)
    if "z" in look.axes:
        marker["size"] = marker["size"] * 0.6
    return marker


def _coloured(values: "pd.Series[Any]", page: go.Figure, look: Look) -> dict[str, Any]:
    """Numbers by a scale, texts by the palette, with a key in the legend."""
    if is_numeric(values):
        title = {"text": escaped(look.axes["colour"].title), "side": "right"}
        bar = {"title": title, "y": 0.45, "len": 0.9}
        page.update_layout(coloraxis={"colorscale": SCALE[look.theme], "colorbar": bar})
        return {"color": values, "coloraxis": "coloraxis"}
    texts = values.astype(str)
    colours = {text: _colour_of(text, page, look) for text in texts.unique()}
    return {"color": [colours[text] for text in texts]}


def _colour_of(text: str, page: go.Figure, look: Look) -> str:
    """The next of the palette for a text that is new; the legend says whose it is."""
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
    numbers: pd.Series[float] = pd.to_numeric(values, errors="coerce").fillna(0).astype(float)
    span = numbers.max() - numbers.min()
    return (numbers - numbers.min()).mul(16 / (span or 1)).add(6)


def _bars(frame: pd.DataFrame, axis: str) -> dict[str, Any] | None:
    if f"{axis}_low" not in frame or len(frame) > _MOST_BARS:
        return None
    up, down = frame[f"{axis}_high"] - frame[axis], frame[axis] - frame[f"{axis}_low"]
    return {
        "type": "data",
        "symmetric": False,
        "array": up,
        "arrayminus": down,
        "thickness": 1,
        "width": 3,
    }


def _hover(one: Series, frame: pd.DataFrame, look: Look) -> dict[str, Any]:
    """What a point says; the browser writes numbers that it has anyway."""
    whys = frame["reason"].map(lambda text: f"<br>{escaped(text)}" if text else "")
    numbers = frame.index.map(str) if one.foreign else frame.index  # texts cannot be selected
    columns: list[Any] = [numbers, whys]
    lines = [f"{escaped(one.name)}, point %{{customdata[0]}}"]
    for axis in (axis for axis in ("x", "y", "z", "colour", "size") if axis in look.axes):
        numeric, quantity = is_numeric(frame[axis]), look.axes[axis]
        place = axis if numeric and axis in "xyz" else f"customdata[{len(columns)}]"
        if place != axis:
            columns.append(frame[axis] if numeric else frame[axis].map(escaped))
        value = f"%{{{place}:,.5~g}}" if numeric else f"%{{{place}}}"
        lines.append(f"{escaped(quantity.label)}: {value} {escaped(quantity.unit)}")
    data = np.column_stack([np.asarray(column, dtype=object) for column in columns])
    template = "<br>".join(lines) + "%{customdata[1]}<extra></extra>"
    return {"customdata": data, "hovertemplate": template}


def _step(page: go.Figure, one: Series, front: pd.DataFrame, look: Look, index: int) -> None:
    """The border of what the front dominates."""
    line = front[["x", "y"]].drop_duplicates().sort_values(["x", "y"])
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
    frame = one.frame[one.frame.index.isin(look.marked)]
    if frame.empty or "z" in look.axes:
        return
    ring = {"symbol": "circle-open", "size": 18, "color": "#d55e00", "line": {"width": 3}}
    page.add_scatter(
        x=frame["x"],
        y=frame["y"],
        mode="markers",
        marker=ring,
        name="marked in the table",
        hoverinfo="skip",
    )


def _lay_out(page: go.Figure, frames: Sequence[pd.DataFrame], look: Look) -> None:
    values = pd.concat(list(frames)) if frames else pd.DataFrame(columns=list(look.axes))
    titles = {
        axis: {"title": {"text": escaped(q.title)}} | axis_of(values[axis], log=axis in look.log)
        for axis, q in look.axes.items()
        if axis in "xyz"
    }
    styled(
        page,
        look.theme,
        dragmode="lasso" if "z" not in look.axes else "turntable",
        uirevision=str(look.axes),
        hovermode="closest",
    )
    if "z" in look.axes:
        for axis, kind in titles.items():
            kind["title"] = {"text": escaped(look.axes[axis].short)}
            kind["gridcolor"] = FAINT[look.theme]
        scene: dict[str, Any] = {f"{axis}axis": kind for axis, kind in titles.items()}
        scene |= {"aspectmode": "manual", "aspectratio": {"x": 1.6, "y": 1.6, "z": 0.9}}
        page.update_layout(scene=scene, margin={"l": 0, "r": 0, "t": 40, "b": 0})
        return
    page.update_xaxes(**titles["x"])
    page.update_yaxes(**titles["y"])
