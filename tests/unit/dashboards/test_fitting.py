"""Figures in their panels: wide pages show panels side by side, narrow ones below each other."""

import pandas as pd
import plotly.graph_objects as go

from dashboards.figures.bars import by_layer
from dashboards.figures.style import blank
from dashboards.fitting import fitted

PHONE_PX = 344


def bars() -> go.Figure:
    """Six panels on a grid of two rows with four columns, so that two places are empty."""
    counts = ("lut", "ff", "dsp", "bram", "depth", "interval")
    return by_layer(pd.DataFrame({name: [1, 2, 3] for name in counts}), "light", "nothing")


def tops(figure: go.Figure) -> list[float]:
    """Upper ends of the panels that hold something."""
    axes = {trace.yaxis or "y" for trace in figure.data}
    return sorted(figure.layout[f"yaxis{axis[1:]}"].domain[1] for axis in axes)


def test_a_narrow_page_has_panels_below_each_other_and_does_not_scroll() -> None:
    page = bars()
    style = fitted(page, PHONE_PX)
    assert style == {"height": f"{page.layout.height}px", "minWidth": "0"}
    assert len(set(tops(page))) == 6
    assert page.layout.width is None  # that of the page


def test_a_wide_page_has_them_side_by_side_with_room_for_each() -> None:
    for narrow in (0, None):
        page = bars()
        height = page.layout.height
        assert fitted(page, narrow) == {"height": f"{height}px", "minWidth": "1000px"}
        assert len(set(tops(page))) == 2


def test_what_has_no_axes_keeps_its_height() -> None:
    space = go.Figure(go.Scatter3d(x=[1], y=[1], z=[1]))
    for figure in (blank("nothing", "light"), space):
        assert fitted(figure, PHONE_PX, "320px")["height"] == "320px"
