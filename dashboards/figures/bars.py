"""Bar charts by layer, and ROC curves of one point."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.figures.style import FAINT, Theme, blank, colour, escaped, styled
from dashboards.quantities import metric_label, readable

_IN_A_ROW = 4
_BETWEEN_PX = 70
_CYCLES = {"depth", "interval"}


def by_layer(frame: pd.DataFrame, theme: Theme, empty: str) -> go.Figure:
    """Return a panel per column with a bar per layer, in the order of the network.

    Args:
        frame: one row per layer, one column per count.
        theme: light or dark.
        empty: text of the figure if all counts are zero.
    """
    shown = frame.loc[:, (frame.fillna(0) != 0).any()] if len(frame) else frame
    if shown.empty:
        return blank(empty, theme)
    n_columns = min(_IN_A_ROW, shown.shape[1])
    n_rows = -(-shown.shape[1] // n_columns)
    # 22 px per bar, 70 px for title and ticks.
    height = n_rows * max(220, 70 + 22 * len(shown))
    titles = [escaped(title_of(str(name))) for name in shown]
    page = make_subplots(
        rows=n_rows,
        cols=n_columns,
        subplot_titles=titles,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=_BETWEEN_PX / height,
    )
    for index, name in enumerate(shown):
        place = {"row": index // n_columns + 1, "col": index % n_columns + 1}
        names = [escaped(layer) for layer in shown.index]
        bar = {"orientation": "h", "marker": {"color": colour(index, theme)}, "showlegend": False}
        page.add_bar(x=shown[name], y=names, name=escaped(name), **bar, **place)
        page.update_yaxes(autorange="reversed", **place)
        page.update_xaxes(nticks=3, tickangle=0, **place)
    page.update_annotations(font_size=12)
    return styled(page, theme, height=height, bargap=0.25)


def title_of(name: str) -> str:
    """Return the title of a count of layers."""
    return f"{readable(name)} (cycles)" if name in _CYCLES else metric_label(name)


def roc(curves: Mapping[str, Sequence[Sequence[float]]], theme: Theme) -> go.Figure:
    """Return ROC curves: true against false positive rate, with the diagonal of chance.

    Args:
        curves: by name, the list of false and the list of true positive rates.
        theme: light or dark.
    """
    if not curves:
        return blank("No ROC curve is stored for this point", theme)
    page = go.Figure()
    page.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="chance", line={"color": FAINT[theme], "dash": "dot"}
    )
    for index, (name, (false, true)) in enumerate(curves.items()):
        page.add_scatter(
            x=false, y=true, mode="lines", name=escaped(name), line={"color": colour(index, theme)}
        )
    styled(page, theme)
    page.update_xaxes(title={"text": "false positive rate"}, range=[-0.01, 1.01])
    page.update_yaxes(title={"text": "true positive rate"}, range=[-0.01, 1.01])
    return page
