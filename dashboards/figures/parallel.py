"""Parallel coordinates and importance."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboards.figures.style import FAINT, PALETTE, SCALE, Theme, blank, escaped, styled
from dashboards.quantities import along, in_order, is_numeric, places

_FEW = 12
_LEVEL, _SLANT = 8, -12
"""Axes whose titles stand side by side; of more, they are slanted by so many degrees."""
_CLOSEST = 0.05
"""Share of an axis between two of its labels."""


def parallel(
    frame: pd.DataFrame,
    titles: Mapping[str, str],
    colour: str,
    theme: Theme,
    brushes: Mapping[str, Sequence[tuple[float, float]]] | None = None,
) -> go.Figure:
    """A line per point through its values; axes of texts have a place per text.

    Args:
        frame: one column per axis, complete rows.
        titles: of the columns.
        colour: column that colours the lines.
        theme: light or dark.
        brushes: ranges that are kept, by column.
    """
    if frame.empty:
        return blank("No point has all of these numbers", theme)
    page = go.Figure()
    line: dict[str, Any] = {"color": PALETTE[0]}
    if colour in frame:
        bar: dict[str, Any] = {"title": {"text": escaped(titles[colour]), "side": "right"}}
        line = {
            "color": along(frame[colour]),
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
    """Room for what is written left of the first axis."""
    first = frame.iloc[:, 0]
    longest = 0 if is_numeric(first) else int(first.astype(str).str.len().max())
    return max(80, 20 + 7 * longest)


def _dimension(column: "pd.Series[Any]", title: str) -> dict[str, Any]:
    label = escaped(title)
    if is_numeric(column):
        few = sorted(column.unique())
        ticks = {"tickvals": _apart(few)} if len(few) <= _FEW else {}
        return {"label": label, "values": column, **ticks}
    return {"label": label, "values": places(column), **_texts(column)}


def _texts(column: "pd.Series[Any]") -> dict[str, Any]:
    """What is written beside an axis of texts."""
    texts = [escaped(text) for text in in_order(column)]
    return {"tickvals": list(range(len(texts))), "ticktext": texts}


def _apart(values: Sequence[float]) -> list[float]:
    """Those that can be written beside an axis without touching; values in order."""
    gap = (values[-1] - values[0]) * _CLOSEST
    kept = list(values[:1])
    for value in values[1:]:
        if value - kept[-1] >= gap:
            kept.append(value)
    return kept


def importance(shares: Mapping[str, float], theme: Theme) -> go.Figure:
    """A bar per parameter, the longest on top.

    Args:
        shares: by readable name; they sum to 1.
        theme: light or dark.
    """
    if not shares:
        return blank("Nothing moves this metric", theme)
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
