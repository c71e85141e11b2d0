"""Studies page: state, progress, failures and best values of all studies, and running work."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboards import components as ui
from dashboards import running
from dashboards.address import Address
from dashboards.best_values import best_values
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dse.contracts.errors import DseError
from dse.store.queries import StudySummary, in_utc

PATH = "/"
_HEADINGS = (
    "study",
    "state",
    "points",
    "evaluations",
    "failures",
    "last change (UTC)",
    "best values",
)


def layout(source: Source, address: Address) -> Any:
    """Return the page."""
    del address
    return html.Div(
        [
            html.H1("Studies"),
            running.place(),
            html.Div(cards(source.studies()), id="studies", className="panel"),
        ],
        className="page plain",
    )


def cards(
    studies: Iterable[StudySummary],
    best: Mapping[str, str] | None = None,
    silent: Collection[str] = (),
) -> Any:
    """Return a table with one row per study.

    Args:
        studies: the studies, in the order of the rows.
        best: texts of the best values by name of the study; filled in later by the callback.
        silent: names of studies whose run was killed.
    """
    found = [
        _row(study, (best or {}).get(study.name, ""), killed=study.name in silent)
        for study in studies
    ]
    if not found:
        return ui.empty(
            "There are no studies yet", "Run a study, for example: dse run studies/bitwidth.yaml"
        )
    headings = [html.Th(text, scope="col") for text in _HEADINGS]
    return html.Table([html.Thead(html.Tr(headings)), html.Tbody(found)], className="facts")


def _row(study: StudySummary, best: str, *, killed: bool) -> html.Tr:
    link = Address({"study": study.name}).link
    state = "killed" if killed and study.state == "running" else study.state
    failures: Any = f"{study.failures:,}"
    if study.failures:
        failures = dcc.Link(failures, href=link("failures"))
    name = html.Td(
        [dcc.Link(study.name, href=link("front")), html.Div(study.description, className="quiet")]
    )
    return html.Tr(
        [
            name,
            html.Td(state, className=f"state {state}"),
            html.Td(f"{study.points:,}", className="number"),
            html.Td(f"{study.evaluations:,}", className="number"),
            html.Td(failures, className="number"),
            html.Td(f"{in_utc(study.updated_at):%Y-%m-%d %H:%M}"),
            html.Td(best, className="best"),
        ]
    )


_SHOWN = 30
"""Studies whose best values are shown: the last changed, because others would have to be read."""


def register(app: Dash, source: Source) -> None:
    """Register the callback of the page."""

    @app.callback(
        Output("studies", "children"), Input("stamp", "data"), State(LOCATION, "pathname")
    )
    def refresh(_stamp: str, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update
        try:
            studies = source.studies()
            best = {s.name: best_values(source, s) for s in studies[:_SHOWN]}
            silent = {run.study for run in source.live() if run.lost}
            return cards(studies, best, silent)
        except DseError as error:
            return ui.empty(error.message, error.hint)


Page(
    path=PATH,
    name="Studies",
    order=0,
    make=layout,
    callbacks=register,
    of_study=False,
).register_page(__name__)
