"""When evaluations ran: a lane per evaluation at a time, or how many ran, where there are many."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboards.figures.style import Theme, blank, colour, escaped, styled
from dse.analysis.spending import lanes

MOST = 1500
"""Evaluations up to which each has a bar."""
_BINS = 300
_HEIGHT_PX, _LANE_PX = 140, 24


def timeline(frame: pd.DataFrame, theme: Theme) -> go.Figure:
    """Return the timeline of evaluations.

    Args:
        frame: rows of `dse.analysis.spending.evaluations`, each evaluation once.
        theme: light or dark.
    """
    known = frame[frame["seconds"] > 0]
    if known.empty:
        return blank("No evaluation of this study has a known duration", theme)
    page = _lanes(known, theme) if len(known) <= MOST else _busy(known, theme)
    page.update_xaxes(type="date", title={"text": "time (UTC)"})
    return page


def _lanes(frame: pd.DataFrame, theme: Theme) -> go.Figure:
    rows = frame["host"] + " " + (lanes(frame) + 1).astype(str)
    page = go.Figure()
    for index, (name, part) in enumerate(frame.groupby("backend")):
        page.add_bar(
            x=part["seconds"] * 1000,  # Plotly's unit of time
            base=part["start"],
            y=rows[part.index].map(escaped),
            orientation="h",
            name=escaped(name),
            marker={"color": colour(index, theme), "line": {"width": 0}},
            customdata=part[["point", "seconds"]],
            hovertemplate=(
                f"{escaped(name)}, point %{{customdata[0]}}<br>%{{customdata[1]:.3~s}} s"
                "<extra></extra>"
            ),
        )
    order = sorted(rows.map(escaped).unique(), reverse=True)
    height = _HEIGHT_PX + _LANE_PX * len(order)
    styled(page, theme, barmode="overlay", height=height, bargap=0.2)
    page.update_yaxes(type="category", categoryorder="array", categoryarray=order)
    return page


def _busy(frame: pd.DataFrame, theme: Theme) -> go.Figure:
    """Return how many evaluations ran at each time, stacked by backend."""
    start, end = frame["start"].min(), frame["end"].max()
    edges = pd.date_range(start, end, periods=_BINS + 1)
    page = go.Figure()
    for index, (name, part) in enumerate(frame.groupby("backend")):
        page.add_scatter(
            x=edges[:-1],
            y=_running(part, edges),
            name=escaped(name),
            stackgroup="all",
            mode="lines",
            line={"width": 0, "color": colour(index, theme), "shape": "hv"},
        )
    styled(page, theme, height=360)
    page.update_yaxes(title={"text": "evaluations at a time"}, rangemode="tozero")
    return page


def _running(part: pd.DataFrame, edges: pd.DatetimeIndex) -> np.ndarray:
    """Return the mean number of evaluations that ran in each interval, (n_edges - 1,)."""
    at = edges.asi8.astype(np.float64)
    unit = 1e9 if edges.unit == "ns" else {"us": 1e6, "ms": 1e3, "s": 1.0}[edges.unit]
    begun, ended = (np.sort(_seconds(part[name])) for name in ("start", "end"))
    # evaluation seconds up to each edge: of all that began, less what is still to come
    seconds = at / unit
    spent = _up_to(begun, seconds) - _up_to(ended, seconds)
    rates: np.ndarray = np.diff(spent) / np.diff(seconds)
    return rates


def _seconds(values: "pd.Series[pd.Timestamp]") -> np.ndarray:
    epoch = pd.Timestamp("1970-01-01", tz="UTC")
    return ((values - epoch) / pd.Timedelta(seconds=1)).to_numpy(np.float64)


def _up_to(sorted_times: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return, for each edge, the sum of the times since those of `sorted_times` before it."""
    count = np.searchsorted(sorted_times, edges)
    sums = np.concatenate([[0.0], np.cumsum(sorted_times)])
    total: np.ndarray = count * edges - sums[count]
    return total
