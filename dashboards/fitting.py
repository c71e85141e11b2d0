"""Figures in their panels: as drawn where the page is wide, laid out anew where it is narrow."""

import plotly.graph_objects as go
from dash import Input

from dashboards.exports import lettered

NARROW = Input("narrow", "data")
"""Width of plots in pixels on a narrow page, as `dse.js` measures it; 0 on all others."""

_LETTER_PX = 12
_PX_PER_PANEL = 250


def fitted(figure: go.Figure, narrow: float | None, height: str = "520px") -> dict[str, str]:
    """Lay a figure out anew where the page is narrow; return height and least width for it.

    Args:
        figure: the figure; it is changed on a narrow page.
        narrow: value of `NARROW`.
        height: where the figure has none.
    """
    if narrow and len(figure.data) and all("xaxis" in trace for trace in figure.data):
        lettered(figure, narrow, _LETTER_PX)
        figure.layout.width = None  # as the page, should it turn out to be a little wider
        return {"height": f"{figure.layout.height}px", "minWidth": "0"}
    columns = len({tuple(axis.domain or (0, 1)) for axis in figure.select_xaxes()})
    least = columns * _PX_PER_PANEL if columns > 1 else 0
    own = f"{figure.layout.height}px" if figure.layout.height else height
    return {"height": own, "minWidth": f"{least}px"}
