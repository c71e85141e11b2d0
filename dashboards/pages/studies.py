"""Studies page: state, failures and the recommended design of all studies, and running work."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboards import components as ui
from dashboards import running
from dashboards.address import Address
from dashboards.answers import answer_text
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dse.contracts.errors import DseError
from dse.engine.heartbeat import LiveRun, state_now
from dse.store.queries import StudySummary, in_utc

PATH = "/"
_HEADINGS = (
    "study",
    "state",
    "points",
    "evaluations",
    "failures",
    "last change (UTC)",
    "recommended design",
)


def layout(source: Source, address: Address) -> Any:
    """Return the page."""
    del address
    return html.Div(
        [
            html.H1("Studies"),
            running.place(),
            html.Div(cards(source.studies(), runs=source.live()), id="studies", className="panel"),
        ],
        className="page plain",
    )


def cards(
    studies: Iterable[StudySummary],
    best: Mapping[str, str] | None = None,
    runs: Sequence[LiveRun] = (),
) -> Any:
    """Return a table with one row per study.

    Args:
        studies: the studies, in the order of the rows.
        best: the recommended design of each study by its name; the callback fills it in later.
        runs: runs that have not ended, of all studies.
    """
    found = [
        _row(study, (best or {}).get(study.name, ""), [r for r in runs if r.study == study.name])
        for study in studies
    ]
    if not found:
        return ui.empty(
            "There are no studies yet", "Run a study, for example: dse run studies/bitwidth.yaml"
        )
    headings = [html.Th(text, scope="col") for text in _HEADINGS]
    return html.Table([html.Thead(html.Tr(headings)), html.Tbody(found)], className="facts")


def _row(study: StudySummary, best: str, runs: Sequence[LiveRun]) -> html.Tr:
    link = Address({"study": study.name}).link
    state = state_now(study.state, runs)
    failures: Any = f"{study.failures:,}"
    if study.failures:
        failures = dcc.Link(failures, href=link("failures"))
    about = ": ".join(filter(None, [study.owner, study.description]))
    name = html.Td([dcc.Link(study.name, href=link("front")), html.Div(about, className="quiet")])
    return html.Tr(
        [
            name,
            _state(state, study.failures),
            html.Td(f"{study.points:,}", className="number"),
            html.Td(f"{study.evaluations:,}", className="number"),
            html.Td(failures, className="number"),
            html.Td(f"{in_utc(study.updated_at):%Y-%m-%d %H:%M}"),
            html.Td(_linked(best, link("build")), className="best"),
        ]
    )


def _state(state: str, failures: int) -> html.Td:
    """Return the state; a study with failures is not simply done."""
    if state != "done" or not failures:
        return html.Td(state, className=f"state {state}")
    return html.Td(f"done, {failures:,} failed", className="state failed")


def _linked(best: str, address: str) -> Any:
    """Return the recommended design, its number as a link to why it is recommended."""
    point, _, numbers = best.partition(":")
    return [dcc.Link(point, href=address), f":{numbers}"] if best else ""


_SHOWN = 30
"""Studies whose design is shown: the last changed, because others would have to be read."""


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
            best = {s.name: answer_text(source, s.name) for s in studies[:_SHOWN]}
            return cards(studies, best, source.live())
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
