"""Panels of running studies: progress, and the task of each worker."""

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

_HEADINGS = ("elapsed", "backend and step", "point", "parameters", "worker")
MOST = 32
"""Largest number of workers that are listed per run; a cluster may have thousands."""


def place() -> html.Div:
    """Return the empty place of the panels, which the callback fills and updates."""
    return html.Div(id="running")


def register(app: Dash, source: Source) -> None:
    """Register the callback that updates the panels."""

    @app.callback(
        Output("running", "children"),
        Input("look", "n_intervals"),
        State(LOCATION, "pathname"),
        State(LOCATION, "search"),
        State("running", "children"),
    )
    def refresh(_: int, path: str, search: str, before: Any) -> Any:
        try:
            address = Address.parse(search)
            shown = panels(source, "" if path == "/" else address.text("study"), address)
        except DseError:  # the page shows the error
            return no_update
        return shown if shown or before else no_update


def panels(source: Source, study: str, address: Address | None = None) -> list[html.Div]:
    """Return a panel per run; only of one study if `study` is not empty.

    The points that the page's address has chosen go along with the links.
    """
    page = address or Address()
    runs = [run for run in source.live() if study in {"", run.study}]
    return [panel(run, _parameters(source, run), page.of_study(run.study)) for run in runs]


def _parameters(source: Source, run: LiveRun) -> dict[int, str]:
    """Return the varying parameters of the points that are being evaluated, as text by point."""
    numbers = [number for task in run.tasks[:MOST] for number in task.points[:1]]
    if not numbers:
        return {}
    table = source.table(run.study)
    frame = table.parameters[table.varying]
    rows = frame.loc[frame.index.isin(numbers)]
    return dict(zip(rows.index.tolist(), map(_words, rows.to_dict("records")), strict=True))


def _words(row: Mapping[Any, Any]) -> str:
    return ", ".join(f"{readable(str(name))} {value}" for name, value in row.items())


def panel(run: LiveRun, parameters: Mapping[int, str], address: Address) -> html.Div:
    """Return the panel of one run: its progress, and a row for every running task."""
    content: list[Any] = [html.H2(["Running now: ", run.study]), progress(run)]
    if run.lost:
        text = (
            f"Last heartbeat {duration(run.silent_s)} ago: the run was killed, or its machine "
            f"{run.host} does not respond. Stored results are kept; dse run resumes from them."
        )
        content = [html.H2(["Run lost: ", run.study]), html.P(text, className="note")]
    elif run.tasks:
        content.append(_table(run, parameters, address))
    return html.Div(content, className="panel")


def progress(run: LiveRun) -> html.Div:
    """Return a progress bar and the same in words."""
    counts = [f"{run.running} running", f"{run.failed} failed" if run.failed else ""]
    counts += [f"{run.waiting} waiting for a retry" if run.waiting else ""]
    counts += [f"{run.elsewhere} in hand of another run" if run.elsewhere else ""]
    words = ", ".join(filter(None, counts))
    text = f"{run.finished:,} of {run.total:,} evaluations; {words}"
    bar = html.Progress(
        value=str(run.finished), max=str(max(run.total, 1)), **{"aria-label": run.study}
    )
    since = f"on {run.host} for {duration(time.time() - run.since)}"
    if run.left_s is not None and not run.lost:
        since += f", about {duration(run.left_s)} left"
    return html.Div([bar, html.Span(text), html.Span(since, className="quiet")], className="bar")


def _table(run: LiveRun, parameters: Mapping[int, str], address: Address) -> html.Table:
    headings = [html.Th(text, scope="col") for text in _HEADINGS]
    shown = run.tasks[:MOST]
    rows = [_row(task, parameters, address) for task in shown]
    more = len(run.tasks) - len(shown)
    if more:
        rows.append(html.Tr(html.Td(f"and {more} more", colSpan=len(_HEADINGS))))
    return html.Table([html.Thead(html.Tr(headings)), html.Tbody(rows)], className="facts")


def _row(task: TaskStatus, parameters: Mapping[int, str], address: Address) -> html.Tr:
    first = next(iter(task.points), None)
    cells = [
        html.Td(duration(time.time() - task.since)),
        html.Td(f"{task.backend}: {task.text}" if task.text else task.backend),
        html.Td(_links(address, task.points)),
        html.Td(parameters.get(first, "") if first is not None else ""),
        html.Td(f"{task.host}, process {task.pid}"),
    ]
    return html.Tr(cells)


def _links(address: Address, points: Sequence[int]) -> list[Any]:
    """Return links to the first three points to which a task gives results."""
    found: list[Any] = [
        dcc.Link(f"{number} ", href=address.link("point", point=str(number)))
        for number in points[:3]
    ]
    return [*found, f"and {len(points) - 3} more"] if len(points) > 3 else found
