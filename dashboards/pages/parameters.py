"""Parameters page: parallel coordinates with ranges and their table; importance of parameters."""

from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, ctx, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.downloads import plot_panel, table_buttons, wire_downloads
from dashboards.figures.parallel import importance, parallel
from dashboards.figures.style import blank
from dashboards.parameter_view import (
    Brushes,
    brushed,
    brushes_of,
    chosen,
    frame_of,
    importance_of,
    merged,
    sampled,
    settled,
)
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dse.contracts.errors import DseError

PATH = "/parameters"
DRAWN = 5000
"""Largest number of lines that are drawn; of more points, a fixed random sample is."""


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    study = address.text("study")
    known, names, colour = chosen(source, address)
    metrics = {name: q.title for name, q in known.items() if q.column}
    if not metrics:
        return ui.nothing_yet(study)
    options = {name: q.title for name, q in known.items()}
    default = chosen(source, Address({**settled(source, study), "study": study}))[2]
    side = [
        ui.choices(
            "axes",
            "axes",
            options,
            address.items("axes") and names,
            empty="varying parameters and objectives",
        ),
        ui.choice(
            "colour",
            "metric for colour and importance",
            metrics,
            colour if colour in metrics else next(iter(metrics)),
            default,
        ),
        ui.note("Drag along an axis to select a range; click the axis to remove the range."),
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
        html.H2("Importance of the parameters"),
        plot_panel("importance", f"{study}-importance", small=True),
    ]
    return html.Div([html.Div(side, className="side"), html.Div(content)], className="page")


def register(app: Dash, source: Source) -> None:
    """Register the callbacks of the page."""
    _draw(app, source)
    _fill(app, source)
    _weigh(app, source)


def _draw(app: Dash, source: Source) -> None:
    @app.callback(
        Output("parallel", "figure"),
        Input(LOCATION, "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def draw(search: str, _stamp: str, theme: Any, kept: dict[str, str] | None, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update
        try:
            address = Address.parse(search, kept)
            frame, titles, colour = frame_of(source, address)
        except DseError as error:
            return blank(error.message, theme)
        return parallel(sampled(frame, DRAWN), titles, colour, theme, brushes_of(address))


def _fill(app: Dash, source: Source) -> None:
    @app.callback(
        Output("parameters-rows", "rowData"),
        Output("parameters-rows", "columnDefs"),
        Output("parameters-note", "children"),
        Output("brushes", "data"),
        Input("parallel", "restyleData"),
        Input("parallel", "figure"),
        State("brushes", "data"),
        State(LOCATION, "search"),
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def fill(
        restyle: Any,
        _figure: Any,
        before: Brushes | None,
        search: str,
        kept: dict[str, str] | None,
        path: str,
    ) -> Any:
        if not is_at(path, PATH):
            return (no_update,) * 4
        address = Address.parse(search, kept)
        frame, titles, _ = frame_of(source, address)
        is_brush = "parallel.restyleData" in ctx.triggered_prop_ids
        names = ui.headings(frame)
        brushes = merged(before or {}, restyle, names) if is_brush else brushes_of(address)
        found = brushed(frame, brushes).rename(columns=titles).reset_index()
        defs = [ui.definition(name, found[name]) for name in ui.headings(found)]
        return ui.records(found), defs, f"{len(found):,} of {len(frame):,} points", brushes

    def whole(address: Address, _: list[int]) -> pd.DataFrame:
        frame, titles, _colour = frame_of(source, address)
        return brushed(frame, brushes_of(address)).rename(columns=titles).reset_index()

    wire_downloads(app, "parameters", whole)


def _weigh(app: Dash, source: Source) -> None:
    @app.callback(
        Output("importance", "figure"),
        Input(LOCATION, "search"),
        Input("theme", "data"),
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def weigh(search: str, theme: Any, kept: dict[str, str] | None, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update
        address = Address.parse(search, kept)
        named = Address({**address.values, "study": source.study(address.text("study")).name})
        try:
            key = ("importance", named.text("study"), chosen(source, named)[2])
            return importance(source.kept(key, lambda: importance_of(source, named)), theme)
        except DseError as error:
            return blank(error.message, theme)


Page(
    path=PATH,
    name="Parameters",
    order=4,
    make=layout,
    callbacks=register,
    settle=settled,
).register_page(__name__)
