"""Page Time: when it is done, where the time went, what it cost, and what was saved."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, html, no_update

from dashboards import components as ui
from dashboards import running
from dashboards.address import Address
from dashboards.design import facts
from dashboards.downloads import SMALL, plot_panel
from dashboards.figures.style import blank
from dashboards.figures.timeline import timeline
from dashboards.fitting import NARROW, fitted
from dashboards.needs import needs_of
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dse.analysis.spending import (
    BackendSpending,
    PhaseSpending,
    evaluations,
    phases,
    spending,
)
from dse.contracts.errors import DseError
from dse.formatting import elapsed, number

PATH = "/time"
_HEADINGS = (
    "backend",
    "evaluations",
    "time",
    "mean",
    "longest",
    "CPU hours",
    "licence hours",
    "taken from the store",
    "time saved",
    "shared",
)
_TIPS = {
    "taken from the store": "evaluations that were stored before this study was made, each once; "
    "what another study stored later counts as evaluated here",
    "time saved": "time that the evaluations taken from the store had taken, each once",
    "shared": "results of further points with the same evaluation: the backend does not depend on "
    "what tells them apart, so that it runs once; no time is counted for them",
}
"""What columns count, for their tooltips."""


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    del source
    study = address.text("study")
    content = [
        html.H1(["Time and cost of ", study]),
        running.place(),
        html.Div("Loading …", id="time-table", className="panel"),
        html.H2("When evaluations ran"),
        plot_panel("time-figure", f"{study}-time", small=True),
    ]
    return html.Div(html.Div(content), className="page plain")


def table(
    found: Sequence[BackendSpending], by_phase: Sequence[PhaseSpending] = (), when: str = ""
) -> Any:
    """Return what each backend and each of its phases took, and the sum; `when` stands behind."""
    if not found:
        return html.P("No evaluation is stored yet; what runs now is above.")
    rows = [_row(one) for one in found]
    return [
        html.P(" ".join(filter(None, (summary(found), when))), className="said"),
        ui.wide(facts([_explained(text) for text in _HEADINGS], rows)),
        *_phases(by_phase),
    ]


def _explained(heading: str) -> Any:
    return html.Span(heading, title=_TIPS[heading]) if heading in _TIPS else heading


def _phases(found: Sequence[PhaseSpending]) -> list[Any]:
    if not found:
        return []
    totals = {one.backend: 0.0 for one in found}
    for one in found:
        totals[one.backend] += one.seconds
    rows = [
        [
            one.backend,
            one.phase,
            _took(elapsed(one.seconds)),
            _took(elapsed(one.seconds / one.count)),
            f"{one.seconds / totals[one.backend]:.0%}" if totals[one.backend] else "",
        ]
        for one in found
    ]
    headings = ("backend", "phase", "time", "mean", "share")
    return [html.H2("By phase"), ui.wide(facts(headings, rows))]


def _took(text: str) -> html.Td:
    return html.Td(text, className="number")


def summary(found: Sequence[BackendSpending]) -> str:
    """Return the cost of all backends in a sentence."""
    count, reused = sum(one.count for one in found), sum(one.reused for one in found)
    cpu, licences = sum(one.cpu_hours for one in found), sum(one.licence_hours for one in found)
    if not count:
        saved = elapsed(sum(one.saved_s for one in found))
        taken = "The one evaluation was" if reused == 1 else f"All {reused:,} evaluations were"
        return f"{taken} taken from the store, which saved {saved}."
    text = f"{count:,} evaluations took {number(round(cpu, 3))} CPU hours"
    if licences:
        text += f" and {number(round(licences, 3))} licence hours"
    if not reused:
        return f"{text}."
    saved, verb = elapsed(sum(one.saved_s for one in found)), "was" if reused == 1 else "were"
    return f"{text}; {reused:,} more {verb} taken from the store, which saved {saved}."


def spanned(own: pd.DataFrame) -> str:
    """Say when the first of a study's own evaluations began and the last one ended."""
    if own.empty:
        return ""
    start, end = own["start"].min(), own["end"].max()
    last = end.strftime("%H:%M" if end.date() == start.date() else "%Y-%m-%d %H:%M")
    took = elapsed((end - start).total_seconds())
    return f"The first began {start:%Y-%m-%d %H:%M} and the last ended {last} UTC, {took} later."


def _row(one: BackendSpending) -> list[Any]:
    times = (one.seconds, one.mean_s, one.longest_s)
    return [
        one.backend,
        float(one.count),
        *(_took(elapsed(value)) for value in times),
        round(one.cpu_hours, 4),
        round(one.licence_hours, 4) if one.licence_hours else "",
        float(one.reused) if one.reused else "",
        _took(elapsed(one.saved_s)) if one.reused else "",
        float(one.shared) if one.shared else "",
    ]


def register(app: Dash, source: Source) -> None:
    """Register the callback of the page."""

    @app.callback(
        Output("time-table", "children"),
        Output("time-figure", "figure"),
        Output("time-figure", "style"),
        Input(LOCATION, "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        NARROW,
        State(LOCATION, "pathname"),
    )
    def show(search: str, _stamp: str, theme: Any, narrow: float | None, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update, no_update, no_update
        try:
            study = source.study(Address.parse(search).text("study")).name
            rows = source.kept(("time", study), lambda: evaluations(source.results, study), study)
            found = spending(rows, needs_of(source.results, study))
            parts = source.kept(
                ("phases", study), lambda: phases(source.results, study, rows), study
            )
        except DseError as error:
            return ui.note(error.message, "bad"), blank(error.message, theme), no_update
        own = rows[rows["first"] & ~rows["earlier"]]
        figure = timeline(own, theme)
        return table(found, parts, spanned(own)), figure, fitted(figure, narrow, SMALL)


Page(
    path=PATH,
    name="Time",
    order=9,
    make=layout,
    callbacks=register,
).register_page(__name__)
