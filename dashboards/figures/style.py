"""Style of all figures: colours that colour-blind people can distinguish, light and dark."""

import re
from collections.abc import Iterable, Mapping
from math import isnan, log2
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from dashboards.quantities import in_order, is_numeric
from dse.contracts.metrics import Fidelity
from dse.formatting import interval

Theme = Literal["light", "dark"]

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#999933")
"""After Okabe and Ito (jfly.uni-koeln.de/color), without yellow, which is hard to see on white."""

_DARK = ("#56b4e9", "#e69f00", "#35c49b", "#e08fbd", "#f0764a", "#f0e442", "#b9a28c", "#c4c46a")
"""Lighter versions of these colours for dark backgrounds."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagram")
BY_FIDELITY = {
    Fidelity.FLOAT: "cross",
    Fidelity.EMULATED: "circle",
    Fidelity.ESTIMATE: "triangle-up-open",
    Fidelity.PREDICTED: "triangle-down-open",
    Fidelity.CSIM: "hexagon",
    Fidelity.CSYNTH: "square",
    Fidelity.RTL: "diamond",
    Fidelity.VSYNTH: "pentagon",
    Fidelity.IMPLEMENTED: "star",
    Fidelity.MEASURED: "x",
}
"""Markers by fidelity: how close a number is to the built design. Hollow: no tool gave it."""
HOLLOW = frozenset(kind for kind, marker in BY_FIDELITY.items() if marker.endswith("-open"))
"""How numbers were obtained that no tool gave: by formulas."""
IN_SPACE = {
    Fidelity.FLOAT: "cross",
    Fidelity.EMULATED: "circle",
    Fidelity.ESTIMATE: "circle-open",
    Fidelity.PREDICTED: "diamond-open",
    Fidelity.CSIM: "circle",
    Fidelity.CSYNTH: "square",
    Fidelity.RTL: "diamond",
    Fidelity.VSYNTH: "square",
    Fidelity.IMPLEMENTED: "x",
    Fidelity.MEASURED: "x",
}
"""Markers in 3D, for which Plotly has fewer symbols."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SCALE = {
    "light": [[0.0, "#00224e"], [0.5, "#6f7073"], [1.0, "#d9b91f"]],
    "dark": [[0.0, "#5f8fd3"], [0.5, "#a5a396"], [1.0, "#ffe945"]],
}
"""After Cividis (Nunez et al. 2018), without the ends that the background would hide."""

_INK = {"light": "#1b1f24", "dark": "#e6e9ee"}
_GRID = {"light": "#e3e6ea", "dark": "#39404a"}
FAINT = {"light": "#8a929c", "dark": "#7d8793"}
GROUND = {"light": "rgba(255,255,255,0.8)", "dark": "rgba(29,33,39,0.8)"}
"""Behind texts that stand on data."""
_FEWEST, _FACTOR = 3, 8


def weakest(found: Iterable[Fidelity]) -> Fidelity:
    """Return how a mark with several numbers is drawn: hollow if one is, else as the lowest."""
    order = sorted(found, key=lambda one: (one not in HOLLOW, one.rank))
    return order[0] if order else Fidelity.EMULATED


def colour(index: int, theme: Theme) -> str:
    """Return the n-th colour of the palette, which repeats."""
    colours = _DARK if theme == "dark" else PALETTE
    return colours[index % len(colours)]


def in_light(text: str) -> str:
    """Return the JSON of a figure of the dark theme with the colours of the light one."""
    if f'"{_INK["dark"]}"' not in text:
        return text
    known = dict(zip([*_DARK, *_colours("dark")], [*PALETTE, *_colours("light")], strict=True))

    def changed(one: "re.Match[str]") -> str:
        return f'"{known.get(one[1]) or _faded(one[1], known)}"'

    return re.sub(r'"(#\w{6}|rgba\([^"]*\))"', changed, text)


def _faded(colour: str, known: Mapping[str, str]) -> str:
    """Return ``rgba(…)`` with the colour that `known` has for it, and its own opacity."""
    found = re.fullmatch(r"rgba\((\d+), ?(\d+), ?(\d+), ?([\d.]+)\)", colour)
    if not found:
        return colour
    *parts, opacity = found.groups()
    other = known.get("#" + "".join(f"{int(part):02x}" for part in parts))
    return f"rgba{(*hex_to_rgb(other), float(opacity))}" if other else colour


def _colours(theme: Theme) -> list[str]:
    scale = [str(colour) for _, colour in SCALE[theme]]
    return [_INK[theme], _GRID[theme], FAINT[theme], GROUND[theme], *scale]


def plain(theme: Theme) -> dict[str, Any]:
    """Return the layout of a figure with one pair of axes: margins, font and grid of a theme."""
    axis = _axis(theme)
    return {
        "template": "none",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": _INK[theme]},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 64, "r": 36, "t": 32, "b": 48},
        "colorway": list(_DARK if theme == "dark" else PALETTE),
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        # upright, so that it never covers the legend
        "modebar": {
            "orientation": "v",
            "bgcolor": "rgba(0,0,0,0)",
            "color": FAINT[theme],
            "activecolor": PALETTE[0],
        },
        "hoverlabel": {"align": "left", "font": {"size": 12}},
        "xaxis": axis,
        "yaxis": axis,
    }


def _axis(theme: Theme) -> dict[str, Any]:
    return {
        "gridcolor": _GRID[theme],
        "zerolinecolor": _GRID[theme],
        "linecolor": FAINT[theme],
        "automargin": True,
        "ticks": "outside",
        "title": {"standoff": 8},
    }


def styled(figure: go.Figure, theme: Theme, **layout: Any) -> go.Figure:
    """Give a figure the layout `plain`, all its axes too; set further properties; return it."""
    figure.update_layout(plain(theme))
    figure.update_xaxes(**_axis(theme))
    figure.update_yaxes(**_axis(theme))
    figure.update_layout(**layout)
    return figure


def axis_of(values: "pd.Series[Any]", *, log: bool) -> dict[str, Any]:
    """Return the type of an axis: categories for texts, else linear or logarithmic."""
    if not is_numeric(values):
        return {"type": "category", "categoryorder": "array", "categoryarray": in_order(values)}
    # D2 labels powers of ten, and 2 and 5 between them.
    return {"type": "log", "dtick": "D2", "exponentformat": "power"} if log else {"type": "linear"}


def blank(text: str, theme: Theme) -> go.Figure:
    """Return a figure that shows a text instead of data."""
    figure = styled(go.Figure(), theme)
    figure.add_annotation(text=escaped(text), showarrow=False, font={"size": 15})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def escaped(text: object) -> str:
    """Return a text escaped for Plotly, which interprets some HTML tags in labels."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def hover_line(text: str) -> str:
    """Return a further line of a hover; nothing for an empty text."""
    return f"<br>{escaped(text)}" if text else ""


def intervals(low: "pd.Series[float]", high: "pd.Series[float]") -> list[str]:
    """Return intervals as texts of hovers; empty where a point has none."""
    ends = zip(low.tolist(), high.tolist(), strict=True)
    return ["" if isnan(a) or isnan(b) else f" {interval(a, b)}" for a, b in ends]


def are_powers(values: "pd.Series[Any]") -> bool:
    """Whether numbers are powers of two, at least three, over a factor of eight or more."""
    if not is_numeric(values) or not len(values):
        return False
    found = values.dropna().unique()
    if len(found) < _FEWEST or found.min() <= 0 or found.max() < _FACTOR * found.min():
        return False
    return all(log2(value).is_integer() for value in found)
