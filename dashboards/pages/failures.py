"""Failures page: failures grouped by reason, with hints, and their share by parameter value."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.downloads import plot_panel, table_buttons, wire_downloads
from dashboards.figures.failures import by_parameter
from dashboards.figures.style import blank
from dashboards.fitting import NARROW, fitted
from dashboards.quantities import quantities
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dse.contracts.errors import DseError
from dse.store.queries import FailureGroup

PATH = "/failures"
_SHOWN = 12
"""Points to which the row of a reason links."""

_MOST_PANELS = 9
"""Parameters that are shown: those that vary, in the order of the study."""


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    study = address.text("study")
    table = source.table(study)
    if table.failures.empty:
        return ui.empty(
            f"Nothing failed in {study}",
            "Failed evaluations are listed here with their reason and a hint.",
        )
    tools = html.Div([html.P(className="note"), *table_buttons("failures")], className="tools")
    return html.Div(
        html.Div(
            [
                html.H1(study),
                html.Div(
                    [
                        tools,
                        html.Div(
                            groups(source.results.failures(study), address), id="failure-groups"
                        ),
                    ],
                    className="panel",
                ),
                html.H2("Failures by parameter value"),
                ui.note("Of the points with each value of a parameter, the share that failed."),
                plot_panel("failures-figure", f"{study}-failures", small=True),
            ]
        ),
        className="page plain",
    )


def groups(failures: Sequence[FailureGroup], address: Address) -> Any:
    """Return a table with a row per reason, those of most points first."""
    headings = ("points", "backend", "kind", "reason", "hint", "examples")
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in headings]))
    rows = [html.Tr(_cells(group, address)) for group in failures]
    return html.Table([head, html.Tbody(rows)], className="facts")


def _cells(group: FailureGroup, address: Address) -> list[Any]:
    links: list[Any] = []
    for point in group.points[:_SHOWN]:
        links += [dcc.Link(str(point), href=address.link("point", point=str(point))), " "]
    return [
        html.Td(f"{len(group.points):,}", className="number"),
        *(html.Td(text) for text in (group.backend, group.kind, group.message, group.hint)),
        html.Td([*links, "…" if len(group.points) > _SHOWN else ""]),
    ]


def clustering(source: Source, study: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return parameters and kind of the first failure per point, and titles of parameters."""
    table = source.table(study)
    known = quantities(table)
    titles = {name: known[name].title for name in table.varying[:_MOST_PANELS]}
    frame = pd.DataFrame(
        {name: known[name].values(table) for name in titles}, index=table.parameters.index
    )
    kinds = table.failures.drop_duplicates("point").set_index("point")["kind"]
    frame["kind"] = kinds.reindex(frame.index).fillna("")
    return frame, titles


def register(app: Dash, source: Source) -> None:
    """Register the callbacks of the page."""

    @app.callback(
        Output("failures-figure", "figure"),
        Output("failures-figure", "style"),
        Output("failure-groups", "children"),
        Input("stamp", "data"),
        Input("theme", "data"),
        NARROW,
        State(LOCATION, "search"),
        State(LOCATION, "pathname"),
    )
    def draw(_stamp: str, theme: Any, narrow: float | None, search: str, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update, no_update, no_update
        address = Address.parse(search)
        try:
            study = source.study(address.text("study")).name
            figure = by_parameter(*clustering(source, study), theme)
            named = Address({**address.values, "study": study})
            return (
                figure,
                fitted(figure, narrow, "380px"),
                groups(source.results.failures(study), named),
            )
        except DseError as error:
            return blank(error.message, theme), {}, error.message

    def whole(address: Address, _selection: list[int]) -> pd.DataFrame:
        return source.table(source.study(address.text("study")).name).failures

    wire_downloads(app, "failures", whole)


Page(
    path=PATH,
    name="Failures",
    order=7,
    make=layout,
    callbacks=register,
).register_page(__name__)
