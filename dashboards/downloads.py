"""Downloads: plots as PNG or SVG by Plotly in the browser, or PDF; tables as CSV or Parquet."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from werkzeug.utils import secure_filename

from dashboards.address import Address
from dashboards.figures.style import blank
from dashboards.routing import LOCATION

HEIGHT, SMALL = "clamp(320px, 100vh - 440px, 680px)", "320px"
"""Heights of plots: the table below one is in view, too."""
WholeTable = Callable[[Address, list[int]], pd.DataFrame]
"""Function from the address and the selected points to the table with all rows."""


def plot_config() -> dict[str, Any]:
    """Return Plotly's configuration of a plot.

    Its own button to save a picture is removed: those of `plot_buttons` set the name of the file
    and offer SVG.
    """
    removed = ["toImage", "sendChartToCloud"]
    return {"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": removed}


_SIZES = {"": "as shown", "86": "one column, 86 mm", "178": "two columns, 178 mm"}
"""Sizes of saved pictures: widths in millimetres."""
_LETTERS_PT = (8, 6, 7, 9, 10, 12)
"""Sizes of letters in pictures at the width of a column, the usual one first."""
_DOTS = (300, 150, 600)
"""Dots per inch of PNGs at the width of a column, the usual number first."""
_KINDS = {
    "png": ("PNG", "save this plot as PNG"),
    "svg": ("SVG", "save this plot as SVG"),
    "pdf": ("PDF", "save this plot as PDF, which a browser on the server draws"),
    "csv": ("Data", "save the numbers behind this plot as CSV"),
}


def plot_buttons(name: str, *, data: bool = True) -> html.Div:
    """Return buttons that save the plot of their panel; `dse.js` handles the clicks.

    Args:
        name: name of the files, without ending.
        data: whether the numbers behind the plot can be saved; of others a table stands below.
    """
    sizes = _select("size", name, _SIZES)
    letters = _select("letters", name, {str(size): f"{size} pt" for size in _LETTERS_PT})
    dots = _select("dots", name, {str(number): f"{number} dpi" for number in _DOTS})
    return html.Div([sizes, letters, dots, *_buttons(name, data)], className="tools")


def _select(what: str, name: str, options: Mapping[str, str]) -> html.Select:
    """Return a choice that `dse.js` reads; its value is no state of the page."""
    listed = [html.Option(text, value=value) for value, text in options.items()]
    return html.Select(listed, className=f"plot-{what}", **{"aria-label": f"{what} of {name}"})


def _buttons(name: str, data: bool) -> list[html.Button]:
    return [
        html.Button(
            text,
            type="button",
            className="save-plot",
            title=tip,
            **{"data-kind": kind, "data-name": file_name(name)},
        )
        for kind, (text, tip) in _KINDS.items()
        if data or kind != "csv"
    ]


def plot_panel(
    graph_id: str,
    name: str,
    *,
    small: bool = False,
    data: bool = True,
    framed: bool = True,
    zoom: bool = True,
) -> html.Div:
    """Return a plot with its buttons; a callback fills the plot.

    Args:
        graph_id: id of the plot.
        name: name of saved files, without ending.
        small: whether it is low.
        data: as in `plot_buttons`.
        framed: whether the panel has a frame; one inside another panel has none.
        zoom: whether it has Plotly's buttons.
    """
    height = {"height": SMALL if small else HEIGHT}
    graph = dcc.Graph(
        id=graph_id,
        className="figure",
        config=plot_config() | {"displayModeBar": zoom},
        style=height,
        figure=_waiting(),
    )
    kind = "panel" if framed else "panel inner"
    return html.Div([plot_buttons(name, data=data), graph], className=kind)


@cache
def _waiting() -> Mapping[str, Any]:
    """Return what a plot shows until it is drawn; made once, since that takes Plotly long."""
    figure: Mapping[str, Any] = blank("Loading …", "light").to_plotly_json()
    return figure  # its grey is legible in both themes


def file_name(text: str) -> str:
    """Return a file name that is legal in every file system, at most 80 characters."""
    return secure_filename(text)[:80] or "dse"


def table_buttons(name: str) -> list[Any]:
    """Return the buttons of a table and the component that sends files to the browser."""
    return [
        html.Button("CSV", id=f"{name}-csv", type="button", title="download the whole table"),
        html.Button(
            "Parquet", id=f"{name}-parquet", type="button", title="download the whole table"
        ),
        dcc.Download(id=f"{name}-download"),
    ]


def wire_downloads(app: Dash, name: str, whole: WholeTable) -> None:
    """Register the callback of `table_buttons`.

    Args:
        app: the application.
        name: name of the table, as given to `table_buttons`.
        whole: returns the table with all rows.
    """

    @app.callback(
        Output(f"{name}-download", "data"),
        Input(f"{name}-csv", "n_clicks"),
        Input(f"{name}-parquet", "n_clicks"),
        State(LOCATION, "search"),
        State("settled", "data"),
        State("selection", "data"),
        prevent_initial_call=True,
    )
    def send(
        csv: int | None,
        parquet: int | None,
        search: str,
        settled: dict[str, str] | None,
        selection: list[int],
    ) -> Any:
        if not (csv or parquet):
            return no_update
        address = Address.parse(search, settled)
        frame = whole(address, selection or [])
        file = file_name("-".join(filter(None, (address.text("study"), name))))
        if ctx.triggered_id == f"{name}-csv":
            return dcc.send_data_frame(frame.to_csv, f"{file}.csv", index=False)
        return dcc.send_data_frame(frame.to_parquet, f"{file}.parquet", index=False)
