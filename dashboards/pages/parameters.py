"""Parallel coordinates with ranges, linked to the table; importance of the parameters."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, ctx, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.downloads import plot_panel, table_buttons, wire_downloads
from dashboards.figures.parallel import importance, parallel
from dashboards.figures.style import blank
from dashboards.parameter_view import brushed, chosen, frame_of, importance_of, merged
from dashboards.source import Source
from dse.errors import DseError

DRAWN = 5000
"""Lines that are drawn; of more, the first of equal steps through all of them."""


def layout(source: Source, address: Address) -> Any:
    """The page."""
    study = address.text("study")
    known, names, colour = chosen(source, address)
    metrics = {name: q.title for name, q in known.items() if q.column}
    if not metrics:
        return ui.nothing_yet(study)
    options = {name: q.title for name, q in known.items()}
    default = chosen(source, Address({"study": study}))[2]
    side = [
        ui.choices(
            "axes",
            "axes",
            options,
            address.items("axes") and names,
            empty="what varies",
        ),
        ui.choice(
            "colour",
            "colour, and metric of the importance",
            metrics,
            colour if colour in metrics else next(iter(metrics)),
            default,
        ),
        ui.note(
            "Drag along an axis to keep only points in that range; click it to take the range off."
        ),
    ]
    tools = html.Div(
        [html.P(id="parameters-note", className="note"), *table_buttons("parameters")],
        className="tools",
    )
    content = [
        html.H1(study),
        plot_panel("parallel", f"{study}-parameters"),
        html.Div(
            [tools, ui.grid("parameters-rows", pd.DataFrame({"point": []}))], className="panel"
        ),
        html.H2("Which parameter moves it"),
        plot_panel("importance", f"{study}-importance", small=True),
    ]
    return html.Div([html.Div(side, className="side"), html.Div(content)], className="page")


def register(app: Dash, source: Source) -> None:
    """Add the callbacks."""
    _draw(app, source)
    _fill(app, source)
    _weigh(app, source)


def _draw(app: Dash, source: Source) -> None:
    @app.callback(
        Output("parallel", "figure"),
        Input("url", "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        State("url", "pathname"),
    )
    def draw(search: str, _stamp: str, theme: Any, path: str) -> Any:
        if path != "/parameters":
            return no_update
        try:
            frame, titles, colour = frame_of(source, Address.parse(search))
        except DseError as error:
            return blank(error.message, theme)
        return parallel(frame.iloc[:: -(-len(frame) // DRAWN) or 1], titles, colour, theme)


def _fill(app: Dash, source: Source) -> None:
    @app.callback(
        Output("parameters-rows", "rowData"),
        Output("parameters-rows", "columnDefs"),
        Output("parameters-note", "children"),
        Output("brushes", "data"),
        Input("parallel", "restyleData"),
        Input("parallel", "figure"),
        State("brushes", "data"),
        State("url", "search"),
        State("url", "pathname"),
    )
    def fill(restyle: Any, _figure: Any, brushes: dict[str, Any], search: str, path: str) -> Any:
        if path != "/parameters":
            return (no_update,) * 4
        is_brush = "parallel.restyleData" in ctx.triggered_prop_ids
        brushes = merged(brushes or {}, restyle) if is_brush else {}
        whole, found = _rows(search, brushes)
        text = f"{len(found):,} of {len(whole):,} points"
        defs = [ui.definition(name, found[name]) for name in ui.headings(found)]
        return ui.records(found), defs, text, brushes

    def _rows(search: str, brushes: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
        frame, titles, _ = frame_of(source, Address.parse(search))
        kept = brushed(frame, {int(key): ranges for key, ranges in brushes.items()})
        return frame, kept.rename(columns=titles).reset_index()

    wire_downloads(app, "parameters", lambda search, _: _rows(search, {})[1])


def _weigh(app: Dash, source: Source) -> None:
    @app.callback(
        Output("importance", "figure"),
        Input("url", "search"),
        Input("theme", "data"),
        State("url", "pathname"),
    )
    def weigh(search: str, theme: Any, path: str) -> Any:
        if path != "/parameters":
            return no_update
        address = Address.parse(search)
        named = Address({**address.values, "study": source.study(address.text("study")).name})
        try:
            key = ("importance", named.text("study"), chosen(source, named)[2])
            return importance(source.kept(key, lambda: importance_of(source, named)), theme)
        except DseError as error:
            return blank(error.message, theme)
