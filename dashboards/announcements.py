"""What changed, in words: for those to whom the page is read out."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboards.address import Address
from dashboards.routing import LOCATION
from dashboards.source import Source
from dse.contracts.errors import DseError
from dse.engine.heartbeat import LiveRun, state_now
from dse.formatting import counted
from dse.store.queries import StudySummary

TELL_EVERY_MS = 15_000
"""Interval at which changes are read out: a running study would interrupt all else otherwise."""

Told = Mapping[str, Mapping[str, Any]]
"""Evaluations, failures and state by study, as they were read out last."""


def region() -> list[Any]:
    """Return the region that is read out when its text changes; it is not seen."""
    return [
        dcc.Interval(id="tell", interval=TELL_EVERY_MS),
        dcc.Store(id="told"),
        html.Div(id="said", role="status", className="unseen"),
    ]


def standing(studies: Sequence[StudySummary], runs: Sequence[LiveRun]) -> Told:
    """Return what can change, by study."""
    return {
        study.name: {
            "evaluations": study.evaluations,
            "failures": study.failures,
            "state": state_now(study.state, [run for run in runs if run.study == study.name]),
        }
        for study in studies
    }


def changes(before: Told, now: Told) -> str:
    """Return what changed as sentences; empty if nothing did."""
    found = []
    for study, one in now.items():
        old = before.get(study)
        if old is None:
            found.append(f"{study} is new.")
            continue
        more, failed = (one[name] - old[name] for name in ("evaluations", "failures"))
        if more > 0:
            of_them = f", {failed:,} of them failed" if failed > 0 else ""
            found.append(f"{study}: {counted(more, 'new evaluation')}{of_them}.")
        if one["state"] != old["state"]:
            found.append(f"{study} is {one['state']}.")
    return " ".join(found)


def register(app: Dash, source: Source) -> None:
    """Register the callback that fills the region: of the study that is shown, or of all."""

    @app.callback(
        Output("said", "children"),
        Output("told", "data"),
        Input("tell", "n_intervals"),
        State("told", "data"),
        State(LOCATION, "pathname"),
        State(LOCATION, "search"),
    )
    def tell(_: int | None, before: Told | None, path: str, search: str | None) -> Any:
        shown = "" if path == "/" else Address.parse(search).text("study")
        try:
            now = standing(source.studies(), source.live())
        except DseError:  # the page shows the error
            return no_update, no_update
        if before is None:
            return no_update, now
        here = {name: one for name, one in now.items() if shown in {"", name}}
        return changes(before, here) or no_update, now
