"""Parallel coordinates, and the importance of parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboards.figures.style import FAINT, PALETTE, SCALE, Theme, blank, escaped, styled
from dashboards.quantities import axis_positions, category_positions, in_order, is_numeric

_FEW = 12
"""Values up to which every value of an axis has a tick."""
_LEVEL, _SLANT = 8, -12
"""Number of axes up to which titles are level; titles of more are slanted by this many degrees."""
_CLOSEST = 0.05
"""Least distance of two labels, as a share of the axis."""


def parallel(
    frame: pd.DataFrame,
    titles: Mapping[str, str],
    colour: str,
    theme: Theme,
    brushes: Mapping[str, Sequence[tuple[float, float]]] | None = None,
) -> go.Figure:
    """Return parallel coordinates: a line per point; texts are at integer positions.

    Args:
        frame: one column per axis, rows without missing values.
        titles: titles of the columns.
        colour: column that colours the lines.
        theme: light or dark.
        brushes: selected ranges by column.
    """
    if frame.empty:
        return blank("No point has values on all of these axes", theme)
    page = go.Figure()
    line: dict[str, Any] = {"color": PALETTE[0]}
    if colour in frame:
        bar: dict[str, Any] = {"title": {"text": escaped(titles[colour]), "side": "right"}}
        line = {
            "color": axis_positions(frame[colour]),
            "colorscale": SCALE[theme],
            "showscale": True,
            "colorbar": bar if is_numeric(frame[colour]) else bar | _texts(frame[colour]),
        }
    dimensions = [_dimension(frame[str(name)], titles[str(name)]) for name in frame.columns]
    for name, dimension in zip(frame.columns, dimensions, strict=True):
        if ranges := (brushes or {}).get(str(name)):
            dimension["constraintrange"] = [list(one) for one in ranges]
    page.add_parcoords(
        dimensions=dimensions,
        line=line,
        labelangle=_SLANT if len(dimensions) > _LEVEL else 0,
        unselected={"line": {"color": FAINT[theme], "opacity": 0.1}},
    )
    return styled(page, theme, margin={"l": _left(frame), "r": 60, "t": 60, "b": 30})


def _left(frame: pd.DataFrame) -> int:
    """Return the left margin in px: room for the labels of the first axis."""
    first = frame.iloc[:, 0]
    # About 7 px per character at the font size of 13 px.
    longest = 0 if is_numeric(first) else int(first.astype(str).str.len().max())
    return max(80, 20 + 7 * longest)


def _dimension(column: "pd.Series[Any]", title: str) -> dict[str, Any]:
    label = escaped(title)
    if is_numeric(column):
        few = sorted(column.unique())
        ticks = {"tickvals": _apart(few)} if len(few) <= _FEW else {}
        return {"label": label, "values": column, **ticks}
    return {"label": label, "values": category_positions(column), **_texts(column)}


def _texts(column: "pd.Series[Any]") -> dict[str, Any]:
    """Return the ticks of an axis of texts."""
    texts = [escaped(text) for text in in_order(column)]
    return {"tickvals": list(range(len(texts))), "ticktext": texts}


def _apart(values: Sequence[float]) -> list[float]:
    """Return the values whose labels do not overlap; `values` are sorted."""
    gap = (values[-1] - values[0]) * _CLOSEST
    kept = list(values[:1])
    for value in values[1:]:
        if value - kept[-1] >= gap:
            kept.append(value)
    return kept


def importance(shares: Mapping[str, float], theme: Theme) -> go.Figure:
    """Return a bar per parameter, the longest on top.

    Args:
        shares: importance by readable name; the sum is 1.
        theme: light or dark.
    """
    if not shares:
        return blank("No parameter affects this metric", theme)
    ordered = sorted(shares.items(), key=lambda item: item[1])
    page = go.Figure()
    values = [share for _, share in ordered]
    page.add_bar(
        x=values,
        y=[escaped(name) for name, _ in ordered],
        orientation="h",
        text=[f"{v:.0%}" for v in values],
        textposition="auto",
        marker={"color": PALETTE[0]},
    )
    styled(page, theme, height=120 + 34 * len(ordered), bargap=0.3)
    page.update_xaxes(title={"text": "importance (share)"}, range=[0, 1], tickformat=".0%")
    return page
