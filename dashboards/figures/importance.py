"""Importance of parameters, as bars."""

from collections.abc import Mapping

import plotly.graph_objects as go

from dashboards.figures.style import Theme, blank, colour, escaped, styled


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
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        marker={"color": colour(0, theme)},
    )
    margin = {"l": 64, "r": 48, "t": 8, "b": 8}
    styled(page, theme, height=40 + 28 * len(ordered), bargap=0.3, margin=margin)
    page.update_xaxes(range=[0, max(values) * 1.02], visible=False)
    page.update_yaxes(ticks="")
    return page
