"""Page Compare: two to six designs beside each other."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, html, no_update

from dashboards import components as ui
from dashboards.address import Address, is_number, separate
from dashboards.answers import answer_of
from dashboards.comparing import MOST, compared
from dashboards.fitting import NARROW
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dse.analysis.objectives import objective_columns
from dse.contracts.errors import DseError

PATH = "/compare"


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    study = address.text("study")
    if source.table(study).parameters.empty:
        return ui.empty(f"{study} has no points yet", "dse run creates them.")
    chosen = address.text("points") or ", ".join(map(str, _default(source, study)))
    tip = f"two to {MOST} numbers of points, separated by commas"
    side = [
        ui.text_box("points", "points", chosen, "3, 7, 12", tip=tip),
        ui.note("The first is what the others are measured against."),
    ]
    content = [html.H1(["Designs of ", study]), html.Div("Loading …", id="compared")]
    return html.Div([ui.side(side), html.Div(content)], className="page")


def _default(source: Source, study: str) -> list[int]:
    """Return the design to build and evaluated ones beside it; the first points without one."""
    found = answer_of(source, study)
    if found is None:
        return source.table(study).parameters.index[:2].tolist()
    steps = [step.number for step in (found.cheaper, found.better) if step]
    table = source.table(study)
    whole = pd.concat([table.numbers(c)["value"] for c in objective_columns(table)], axis=1)
    evaluated = set(whole.dropna().index)
    beside = [number for number in found.neighbours if number in evaluated]
    return list(dict.fromkeys([found.number, *steps, *beside]))[:3]


def _shown(source: Source, address: Address, theme: Any, narrow: float | None) -> list[Any]:
    study = source.study(address.text("study")).name
    index = source.table(study).parameters.index
    known, missing = _known(address.text("points"), index)
    asked = known if known or missing else _default(source, study)
    numbers = asked[:MOST]
    notes = [_lacks(study, missing)] if missing else []
    notes += [f"Only the first {MOST} are shown."] if len(asked) > MOST else []
    notes += ["Name at least two points."] if len(numbers) < 2 else []
    said = [ui.note(text, "bad") for text in notes]
    return [*said, *(compared(source, study, numbers, theme, narrow) if numbers else [])]


def _known(text: str, index: "pd.Index[int]") -> tuple[list[int], list[str]]:
    """Return the points that a text names, and what it names that is none."""
    parts = list(dict.fromkeys(separate(text)))
    known = [part for part in parts if is_number(part) and int(part) in index]
    numbers = list(dict.fromkeys(map(int, known)))
    return numbers, [part for part in parts if part not in known]


def _lacks(study: str, missing: Sequence[str]) -> str:
    """Say what is not in the study."""
    shown = ", ".join(text[:_LONGEST] for text in missing[:_MOST_NAMED])
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    return f"Not in {study}, and so not compared: point {shown}{more}."


_MOST_NAMED, _LONGEST = 10, 20


def register(app: Dash, source: Source) -> None:
    """Register the callback of the page."""

    @app.callback(
        Output("compared", "children"),
        Input(LOCATION, "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        NARROW,
        State(LOCATION, "pathname"),
    )
    def show(search: str, _stamp: str, theme: Any, narrow: float | None, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update
        try:
            return _shown(source, Address.parse(search), theme, narrow)
        except DseError as error:
            return [ui.note(error.message, "bad"), ui.note(error.hint)]


Page(
    path=PATH,
    name="Compare",
    order=6,
    make=layout,
    callbacks=register,
).register_page(__name__)
