"""All studies: state, progress, failures, best values; live while one runs."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboards import components as ui
from dashboards import running
from dashboards.address import Address
from dashboards.quantities import metric_label, objective_columns, quantities
from dashboards.source import Source
from dse.contracts.errors import DseError
from dse.formatting import number
from dse.store.queries import StudySummary, in_utc

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
    """The page."""
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
    """One row per study.

    Args:
        studies: the rows.
        best: best values by name; they come later where they are not known yet.
        silent: names of studies whose run was killed.
    """
    found = [
        _row(study, (best or {}).get(study.name, ""), killed=study.name in silent)
        for study in studies
    ]
    if not found:
        return ui.empty("There are no studies yet", "Run one: dse run studies/bitwidth.yaml")
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


def best_values(source: Source, study: StudySummary) -> str:
    """Best value of every objective, each with its backend."""
    table = source.table(study.name)
    known = quantities(table)
    texts = []
    for name in objective_columns(table, study.objectives):
        quantity = known[name]
        assert quantity.column is not None  # noqa: S101
        extent = table.extents[quantity.column]
        value = extent.high if quantity.direction == "maximise" else extent.low
        metric = metric_label(quantity.column.metric)
        texts.append(f"{metric} {number(value, quantity.unit)} ({quantity.column.backend})")
    return ", ".join(texts)


_SHOWN = 30
"""Studies whose best values are looked up; the last changed."""


def register(app: Dash, source: Source) -> None:
    """Add the callback."""

    @app.callback(Output("studies", "children"), Input("stamp", "data"), State("url", "pathname"))
    def refresh(_stamp: str, path: str) -> Any:
        if path != "/":
            return no_update
        try:
            studies = source.studies()
            best = {s.name: best_values(source, s) for s in studies[:_SHOWN]}
            silent = {run.study for run in source.live() if run.silent_s}
            return cards(studies, best, silent)
        except DseError as error:
            return ui.empty(error.message, error.hint)
