"""What is running now, and on which worker."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboards.address import Address
from dashboards.quantities import readable
from dashboards.routing import LOCATION
from dashboards.source import Source
from dse.contracts.errors import DseError
from dse.engine.heartbeat import LiveRun
from dse.engine.task_status import TaskStatus
from dse.formatting import duration

_HEADINGS = ("for", "at", "point", "parameters", "worker")
MOST = 32
"""Workers shown of a run; a cluster may have thousands."""


def place() -> html.Div:
    """Where it is shown; filled and kept up to date by the callback."""
    return html.Div(id="running")


def register(app: Dash, source: Source) -> None:
    """Add the callback."""

    @app.callback(
        Output("running", "children"),
        Input("look", "n_intervals"),
        State(LOCATION, "pathname"),
        State(LOCATION, "search"),
        State("running", "children"),
    )
    def refresh(_: int, path: str, search: str, before: Any) -> Any:
        try:
            shown = panels(source, "" if path == "/" else Address.parse(search).text("study"))
        except DseError:  # the page says so
            return no_update
        return shown if shown or before else no_update


def panels(source: Source, study: str) -> list[html.Div]:
    """One per run; of one study, if it is named."""
    runs = [run for run in source.live() if study in {"", run.study}]
    return [panel(run, _parameters(source, run)) for run in runs]


def _parameters(source: Source, run: LiveRun) -> dict[int, str]:
    """In words, of the points in hand: what tells points of the study apart."""
    numbers = [number for task in run.tasks[:MOST] for number in task.points[:1]]
    if not numbers:
        return {}
    table = source.table(run.study)
    frame = table.parameters[table.varying]
    rows = frame.loc[frame.index.isin(numbers)]
    return dict(zip(rows.index.tolist(), map(_words, rows.to_dict("records")), strict=True))


def _words(row: Mapping[Any, Any]) -> str:
    return ", ".join(f"{readable(str(name))} {value}" for name, value in row.items())


def panel(run: LiveRun, parameters: Mapping[int, str]) -> html.Div:
    """One run: how far it is, and a row for every evaluation that takes its time."""
    content: list[Any] = [html.H2(["Running now: ", run.study]), progress(run)]
    if run.silent_s:
        text = (
            f"No sign of it for {duration(run.silent_s)}: it was killed, or its machine "
            f"{run.host} does not answer. What was stored is kept; dse run goes on from there."
        )
        content = [html.H2(["Stopped without a word: ", run.study]), html.P(text, className="note")]
    elif run.tasks:
        content.append(_table(run, parameters))
    return html.Div(content, className="panel")


def progress(run: LiveRun) -> html.Div:
    """A bar, and the same in words."""
    counts = [f"{run.running} in hand", f"{run.failed} failed" if run.failed else ""]
    counts += [f"{run.waiting} waiting to try again" if run.waiting else ""]
    words = ", ".join(filter(None, counts))
    text = f"{run.finished:,} of {run.total:,} evaluations; {words}"
    bar = html.Progress(
        value=str(run.finished), max=str(max(run.total, 1)), **{"aria-label": run.study}
    )
    since = f"on {run.host} for {duration(time.time() - run.since)}"
    return html.Div([bar, html.Span(text), html.Span(since, className="quiet")], className="bar")


def _table(run: LiveRun, parameters: Mapping[int, str]) -> html.Table:
    headings = [html.Th(text, scope="col") for text in _HEADINGS]
    shown = run.tasks[:MOST]
    rows = [_row(run, phase, parameters) for phase in shown]
    more = len(run.tasks) - len(shown)
    if more:
        rows.append(html.Tr(html.Td(f"and {more} more", colSpan=len(_HEADINGS))))
    return html.Table([html.Thead(html.Tr(headings)), html.Tbody(rows)], className="facts")


def _row(run: LiveRun, phase: TaskStatus, parameters: Mapping[int, str]) -> html.Tr:
    first = next(iter(phase.points), None)
    cells = [
        html.Td(duration(time.time() - phase.since)),
        html.Td(f"{phase.backend}: {phase.text}" if phase.text else phase.backend),
        html.Td(_links(run.study, phase.points)),
        html.Td(parameters.get(first, "") if first is not None else ""),
        html.Td(f"{phase.host}, process {phase.pid}"),
    ]
    return html.Tr(cells)


def _links(study: str, points: Sequence[int]) -> list[Any]:
    """To the first points that it gives results to."""
    link = Address({"study": study}).link
    found: list[Any] = [
        dcc.Link(f"{number} ", href=link("point", point=str(number))) for number in points[:3]
    ]
    return [*found, f"and {len(points) - 3} more"] if len(points) > 3 else found
