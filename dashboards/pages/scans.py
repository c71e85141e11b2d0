"""Scans page: metrics against a parameter, a preset for every published figure, verdicts."""

from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.downloads import plot_panel
from dashboards.figures.style import blank
from dashboards.fitting import NARROW, fitted
from dashboards.presets import is_given
from dashboards.quantities import readable
from dashboards.routing import LOCATION, Page, is_at
from dashboards.scan_view import (
    NONE,
    ScanPageState,
    all_rows,
    drawn_rows,
    metric_titles,
    settled,
)
from dashboards.scan_words import joined
from dashboards.source import Source
from dashboards.units import shown_titles
from dashboards.verdict_table import verdict_table
from dse.contracts.errors import DseError

PATH = "/scans"
_SWITCHES = {"log_x": "log x", "log_y": "log y", "published": "published numbers"}


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    view = ScanPageState.of(source, address)
    if not view.ys:
        return ui.nothing_yet(view.table.study)
    study = view.table.study
    side = [_preset(view), _metrics(view), *_roles(view), _others(view, source)]
    side.append(ui.switches("show", _SWITCHES, view.on, view.default_on))
    content = [
        html.H1(study),
        html.P(_title(view), className="note"),
        html.P(id="scans-note", className="note", role="status"),
        plot_panel("scans-figure", f"{study}-scan"),
        verdict_table(view.table, view.references),
    ]
    return html.Div([ui.side(side), html.Div(content)], className="page")


def _title(view: ScanPageState) -> str:
    """Return what is drawn: the published figure, if the study gives it."""
    if view.preset is None:
        return ""
    return view.preset.title if is_given(view.table, view.preset) else ""


def _preset(view: ScanPageState) -> html.Div:
    figures = view.references.figures
    chosen = view.address.choice("preset", list(figures), NONE)
    own = view.preset.title if view.preset and not chosen else "that of this study"
    titles = {NONE: own, **{key: preset.title for key, preset in figures.items()}}
    return ui.choice("preset", "published figure", titles, chosen, NONE)


def _metrics(view: ScanPageState) -> html.Details:
    chosen = view.ys if view.ys != view.default_ys else view.address.items("y")
    empty = "those of the figure" if view.preset else "the objectives"
    return ui.choices("y", "metrics, one panel each", metric_titles(view), chosen, empty=empty)


def _roles(view: ScanPageState) -> list[html.Div]:
    titles = shown_titles(view.known, view.table)
    parameters = {NONE: "none", **{name: readable(name) for name in view.table.names}}
    labels = {"line": "one line per", "panel": "one panel per"}
    return [
        ui.choice("x", "x axis", titles, view.x, view.default("x")),
        *(
            ui.choice(role, label, parameters, view.role(role), view.default(role))
            for role, label in labels.items()
        ),
    ]


def _others(view: ScanPageState, source: Source) -> html.Details:
    names = {s.name: s.name for s in source.studies() if s.name != view.table.study}
    chosen = [name for name in view.address.items("with") if name in names]
    return ui.choices("with", "overlay studies", names, chosen)


def register(app: Dash, source: Source) -> None:
    """Register the callback of the page."""

    @app.callback(
        Output("scans-figure", "figure"),
        Output("scans-figure", "style"),
        Output("scans-note", "children"),
        Input(LOCATION, "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        NARROW,
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def draw(
        search: str,
        _stamp: str,
        theme: Any,
        narrow: float | None,
        kept: dict[str, str] | None,
        path: str,
    ) -> Any:
        if not is_at(path, PATH):
            return (no_update,) * 3
        try:
            view = ScanPageState.of(source, Address.parse(search, kept))
            rows = all_rows(source, view)
            figure = drawn_rows(view, rows, theme)
        except DseError as error:
            return blank(error.message, theme), {"height": "520px"}, ""
        return figure, fitted(figure, narrow), joined(view, rows)


Page(
    path=PATH,
    name="Scans",
    order=3,
    make=layout,
    callbacks=register,
    settle=settled,
).register_page(__name__)
