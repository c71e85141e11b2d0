"""Parameters page: parallel coordinates with ranges and their table; importance of parameters."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.downloads import HEIGHT, plot_panel, table_buttons, wire_downloads
from dashboards.figures.importance import importance
from dashboards.figures.parallel import least_width, parallel
from dashboards.figures.style import blank
from dashboards.fitting import NARROW, fitted
from dashboards.parameter_rows import Shown, ranges_of
from dashboards.parameter_view import chosen, importance_of, settled
from dashboards.plot_events import fill_from_box
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dashboards.units import shown_titles
from dse.contracts.errors import DseError

PATH = "/parameters"


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    study = address.text("study")
    known, names, colour = chosen(source, address)
    options = shown_titles(known, source.table(study))
    metrics = {name: text for name, text in options.items() if known[name].column}
    if not metrics:
        return ui.nothing_yet(study)
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
        html.Div(
            [
                html.Span("ranges", className="label"),
                html.Button("Clear", id="clear-ranges", type="button"),
            ],
            className="titled",
        ),
        html.Div(id="ranges", className="stack"),
        ui.note("Drag a box over an axis, or type 8..12, >= 8 or 8."),
    ]
    tools = html.Div(
        [
            html.P(id="parameters-note", className="note", role="status"),
            *table_buttons("parameters"),
        ],
        className="tools",
    )
    rows = [tools, ui.grid("parameters-rows", pd.DataFrame({"point": []}))]
    weights = [
        html.H2("Importance of the parameters"),
        plot_panel("importance", f"{study}-importance", small=True, framed=False, zoom=False),
    ]
    content = [
        html.H1(study),
        plot_panel("parallel", f"{study}-parameters", data=False, zoom=False),
        html.Div(
            [html.Div(rows, className="panel"), html.Div(weights, className="panel")],
            className="split",
        ),
    ]
    return html.Div([ui.side(side), html.Div(content)], className="page")


def register(app: Dash, source: Source) -> None:
    """Register the callbacks of the page."""
    _draw(app, source)
    _fill(app, source)
    _ask(app, source)
    _drag(app, source)
    _weigh(app, source)


def _draw(app: Dash, source: Source) -> None:
    @app.callback(
        Output("parallel", "figure"),
        Output("parallel", "style"),
        Input(LOCATION, "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def draw(search: str, _stamp: str, theme: Any, kept: dict[str, str] | None, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update, no_update
        try:
            shown = Shown.of(source, Address.parse(search, kept))
            titles = shown.titles
            figure = parallel(shown.frame, titles, shown.colour, theme, shown.ranges)
        except DseError as error:
            return blank(error.message, theme), {"height": HEIGHT}
        return figure, {"minWidth": least_width(len(titles)), "height": HEIGHT}


def _fill(app: Dash, source: Source) -> None:
    @app.callback(
        Output("parameters-rows", "rowData"),
        Output("parameters-rows", "columnDefs"),
        Output("parameters-note", "children"),
        Input("parallel", "style"),  # after the plot, which it would slow down
        State(LOCATION, "search"),
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def fill(_drawn: Any, search: str, kept: dict[str, str] | None, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update, no_update, no_update
        try:
            shown = Shown.of(source, Address.parse(search, kept))
            found = shown.frame[shown.inside]
        except DseError as error:
            return [], no_update, f"{error.message}; {error.hint}"
        rows = found.rename(columns=shown.titles).reset_index()
        defs = [ui.definition(name, rows[name]) for name in ui.headings(rows)]
        return ui.records(rows), defs, f"{len(rows):,} of {len(shown.frame):,} points"

    def whole(address: Address, _: list[int]) -> pd.DataFrame:
        shown = Shown.of(source, address)
        found = shown.stored[shown.inside]  # files keep the units of the store
        return found.rename(columns=shown.stored_titles).reset_index()

    wire_downloads(app, "parameters", whole)


def _ask(app: Dash, source: Source) -> None:
    every = {"type": "control", "name": ALL, "default": ALL}

    @app.callback(
        Output("ranges", "children"),
        Input(LOCATION, "search"),
        Input("clear-ranges", "n_clicks"),
        State(every, "id"),
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def ask(
        search: str,
        _clear: int | None,
        asked: list[dict[str, str]],
        kept: dict[str, str] | None,
        path: str,
    ) -> Any:
        """Return the fields of the ranges, if the axes are others or the ranges are cleared."""
        if not is_at(path, PATH):
            return no_update
        address = Address.parse(search, kept)
        shown = Shown.of(source, address)
        names = [one["name"].removeprefix("brush.") for one in asked]
        clear = ctx.triggered_id == "clear-ranges"
        if not clear and [name for name in names if name in shown.titles] == list(shown.titles):
            return no_update
        return shown.controls({} if clear else ranges_of(address))


def _drag(app: Dash, source: Source) -> None:
    def typed(address: Address, box: Mapping[str, Any]) -> Mapping[str, str | list[str]]:
        return Shown.of(source, address).dragged(box)

    fill_from_box(app, "parallel", typed)


def _weigh(app: Dash, source: Source) -> None:
    @app.callback(
        Output("importance", "figure"),
        Output("importance", "style"),
        Input("parallel", "style"),  # after the plot, which needs a fraction of the time
        Input("theme", "data"),
        NARROW,
        State(LOCATION, "search"),
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def weigh(
        _drawn: Any,
        theme: Any,
        narrow: float | None,
        search: str,
        kept: dict[str, str] | None,
        path: str,
    ) -> Any:
        if not is_at(path, PATH):
            return no_update, no_update
        address = Address.parse(search, kept)
        named = Address({**address.values, "study": source.study(address.text("study")).name})
        try:
            key = ("importance", named.text("study"), chosen(source, named)[2])
            figure = importance(source.kept(key, lambda: importance_of(source, named)), theme)
        except DseError as error:
            return blank(error.message, theme), no_update
        return figure, fitted(figure, narrow, "200px")


Page(
    path=PATH,
    name="Parameters",
    order=4,
    make=layout,
    callbacks=register,
    settle=settled,
).register_page(__name__)
