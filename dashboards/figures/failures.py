"""Share of failures by value of each parameter."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.figures.style import Theme, blank, colour, escaped, styled
from dashboards.quantities import in_order, is_numeric, is_wide

_IN_A_ROW = 3
_MOST = 24
"""Distinct values up to which each has a bar."""
_INTERVALS = 12
_ROOM, _SMALL = 1.1, 0.1
"""Space above the highest bar; height of an axis up to which shares have a decimal."""


def by_parameter(frame: pd.DataFrame, titles: dict[str, str], theme: Theme) -> go.Figure:
    """Return a panel per parameter: the share of points with each value that failed, by kind.

    Args:
        frame: one row per point: a column per parameter (texts or numbers) and `kind`, empty
            where nothing failed.
        titles: titles of the parameters, by name.
        theme: light or dark.
    """
    kinds = sorted(set(frame["kind"]) - {""})
    if not kinds or not titles:
        return blank("Nothing failed" if not kinds else "No parameter varies", theme)
    grouped = {name: _grouped(frame[name]) for name in titles}
    failed = frame["kind"] != ""
    top = min(1.0, _ROOM * max(failed.groupby(g).mean().max() for g, _ in grouped.values()))
    n_columns = min(_IN_A_ROW, len(titles))
    n_rows = -(-len(titles) // n_columns)
    page = make_subplots(rows=n_rows, cols=n_columns, vertical_spacing=0.25 / n_rows)
    for index, (name, title) in enumerate(titles.items()):
        place = {"row": index // n_columns + 1, "col": index % n_columns + 1}
        values, order = grouped[name]
        shares = pd.crosstab(values, frame["kind"], normalize="index")
        for number, kind in enumerate(kinds):
            share = shares[kind].reindex(order).fillna(0)
            page.add_bar(
                x=[escaped(v) for v in order],
                y=share,
                name=kind,
                legendgroup=kind,
                showlegend=index == 0,
                marker={"color": colour(number, theme)},
                hovertemplate=f"{escaped(title)} %{{x}}<br>{kind}: %{{y:.0%}}<extra></extra>",
                **place,
            )
        page.update_xaxes(title={"text": escaped(title)}, type="category", **place)
        page.update_yaxes(
            range=[0, top],
            tickformat=".0%" if top > _SMALL else ".1%",
            title={"text": "failed" if place["col"] == 1 else ""},
            **place,
        )
    styled(page, theme, barmode="stack", height=max(380, 280 * n_rows))
    return page


def _grouped(values: "pd.Series[Any]") -> tuple["pd.Series[Any]", list[Any]]:
    """Return the group of every value, and the groups in their order.

    Of many numbers, groups are intervals, of equal ratio where they are over decades. Of many
    texts, those beyond the first are one group.
    """
    if not is_numeric(values):
        texts = values.astype(str)
        order = in_order(texts)
        if len(order) > _MOST:
            texts = texts.where(texts.isin(order[:_MOST]), "others")
            order = [*order[:_MOST], "others"]
        return texts, order
    if values.nunique() <= _MOST:
        return values, sorted(values.unique())
    space = np.geomspace if is_wide(values) else np.linspace
    edges = space(values.min(), values.max(), _INTERVALS + 1)
    names = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _INTERVALS - 1)
    return pd.Series([names[n] for n in place], index=values.index), list(dict.fromkeys(names))
