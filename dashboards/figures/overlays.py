"""Bars by layer of several designs on common scales."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.figures.bars import title_of
from dashboards.figures.style import Theme, blank, colour, escaped, styled

_IN_A_ROW = 4


def layers_beside(frames: Mapping[str, pd.DataFrame], theme: Theme, empty: str) -> go.Figure:
    """Return a panel per count with a bar per layer and design.

    A count has the same panel and scale whichever designs are compared: one that is zero
    everywhere keeps its place.

    Args:
        frames: by name of the design, one row per layer and one column per count.
        theme: light or dark.
        empty: text of the figure if nothing is stored.
    """
    counts = list(dict.fromkeys(str(name) for frame in frames.values() for name in frame))
    layers = list(dict.fromkeys(str(name) for frame in frames.values() for name in frame.index))
    if not counts:
        return blank(empty, theme)
    n_columns = min(_IN_A_ROW, len(counts))
    n_rows = -(-len(counts) // n_columns)
    height = n_rows * max(220, 80 + (10 + 10 * len(frames)) * len(layers))
    page = make_subplots(
        rows=n_rows,
        cols=n_columns,
        subplot_titles=[escaped(title_of(name)) for name in counts],
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=70 / height,
    )
    for place, name in enumerate(counts):
        at = {"row": place // n_columns + 1, "col": place % n_columns + 1}
        for index, (design, frame) in enumerate(frames.items()):
            values = frame[name] if name in frame else pd.Series(dtype=float)
            page.add_bar(
                x=values.reindex(layers),
                y=[escaped(layer) for layer in layers],
                name=escaped(design),
                orientation="h",
                legendgroup=design,
                showlegend=place == 0,
                marker={"color": colour(index, theme)},
                **at,
            )
        page.update_yaxes(autorange="reversed", **at)
        page.update_xaxes(nticks=3, tickangle=0, rangemode="tozero", **at)
    page.update_annotations(font_size=12)
    legend = {"orientation": "h", "y": 1 + 40 / height, "yanchor": "bottom", "x": 0}
    return styled(page, theme, height=height, bargap=0.25, barmode="group", legend=legend)
