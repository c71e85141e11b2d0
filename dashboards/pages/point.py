"""Point page: everything about one design, and a second one to compare with."""

from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from dashboards import components as ui
from dashboards.address import Address, is_number
from dashboards.answers import answer_of
from dashboards.design import designs, reproduction
from dashboards.fitting import NARROW
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dashboards.standings import standing_panel

PATH = "/point"
_LISTED = 500
"""Points up to which there is a list to choose from; of more, the number is typed."""


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    study = address.text("study")
    index = source.table(study).parameters.index
    if index.empty:
        return ui.empty(f"{study} has no points yet", "dse run creates them.")
    first, second = address.text("point") or _default(source, study), address.text("beside")
    controls = [ui.text_box("point", "point", first, "point number"), _beside(list(index), second)]
    shown = html.Div(id="points", children=_both(source, address, first, "light", None))
    return html.Div([ui.side(controls), shown], className="page")


def _default(source: Source, study: str) -> str:
    """Return the design to build; the first point without one."""
    found = answer_of(source, study)
    return str(found.number if found else source.table(study).parameters.index[0])


def _beside(numbers: list[int], chosen: str) -> html.Div:
    if not 1 < len(numbers) <= _LISTED:
        return ui.text_box("beside", "compare with", chosen, "point number")
    names = {"": "none", **{str(n): f"point {n}" for n in numbers}}
    return ui.choice("beside", "compare with", names, chosen if chosen in names else "", "")


def _both(
    source: Source, address: Address, first: str, theme: Any, narrow: float | None
) -> list[Any]:
    study, second = address.text("study"), address.text("beside")
    title = f"{study}, point {first}" + (f" compared with {second}" if second else "")
    index = source.table(study).parameters.index
    asked = [text for text in (first, second) if text]
    missing = [text for text in asked if not is_number(text) or int(text) not in index]
    if missing:
        why = "The tables of the other pages list the numbers of the points."
        return [html.H1(title), ui.empty(f"{study} has no point {missing[0][:20]}", why)]
    numbers = [int(text) for text in asked]
    stand = standing_panel(source, study, numbers[0], address)
    again = [html.H2("Reproduce"), reproduction(source.results, study, numbers)]
    shown = designs(source.results, study, numbers, theme, narrow)
    return [html.H1(title), stand, html.Div(again, className="panel"), *shown]


def register(app: Dash, source: Source) -> None:
    """Register the callback of the page."""

    @app.callback(
        Output("points", "children"),
        Input(LOCATION, "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        NARROW,
        State(LOCATION, "pathname"),
    )
    def show(search: str, _stamp: str, theme: Any, narrow: float | None, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update
        address = Address.parse(search)
        study = source.study(address.text("study")).name
        index = source.table(study).parameters.index
        if index.empty:
            return no_update
        first = address.text("point") or _default(source, study)
        named = Address({**address.values, "study": study})
        return _both(source, named, first, theme, narrow)


Page(
    path=PATH,
    name="Point",
    order=5,
    make=layout,
    callbacks=register,
    path_template="/point/<study>/<point>",
).register_page(__name__)
