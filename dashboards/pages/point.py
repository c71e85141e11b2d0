"""Everything about one design, and a second one beside it."""

from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.design import design
from dashboards.source import Source

_LISTED = 500
"""Points that are listed to be chosen; of more, one types the number."""


def layout(source: Source, address: Address) -> Any:
    """The page."""
    study = address.text("study")
    index = source.table(study).parameters.index
    if index.empty:
        return ui.empty(f"{study} has no points yet", "dse run makes them.")
    first, second = address.text("point", str(index[0])), address.text("beside")
    controls = [ui.text_box("point", "point", first, "number"), _beside(list(index), second)]
    shown = html.Div(id="points", children=_both(source, study, first, second, "light"))
    return html.Div([html.Div(controls, className="side"), shown], className="page")


def _beside(numbers: list[int], chosen: str) -> html.Div:
    if not 1 < len(numbers) <= _LISTED:
        return ui.text_box("beside", "beside", chosen, "number")
    names = {"": "none", **{str(n): f"point {n}" for n in numbers}}
    return ui.choice("beside", "beside", names, chosen if chosen in names else "", "")


def _both(source: Source, study: str, first: str, second: str, theme: Any) -> list[Any]:
    title = f"{study}, point {first}" + (f" beside {second}" if second else "")
    found = [_one(source, study, text, theme) for text in (first, second) if text]
    return [html.H1(title), html.Div(found, className="pair")]


def _one(source: Source, study: str, number: str, theme: Any) -> Any:
    if not number.isdecimal() or int(number) not in source.table(study).parameters.index:
        title = f"{study} has no point {number[:20]}"
        return ui.empty(title, "Numbers of points are in every table.")
    return design(source.results, study, int(number), theme)


def register(app: Dash, source: Source) -> None:
    """Add the callback."""

    @app.callback(
        Output("points", "children"),
        Input("url", "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        State("url", "pathname"),
    )
    def show(search: str, _stamp: str, theme: Any, path: str) -> Any:
        if path != "/point":
            return no_update
        address = Address.parse(search)
        study = source.study(address.text("study")).name
        index = source.table(study).parameters.index
        if index.empty:
            return no_update
        first = address.text("point") or str(index[0])
        return _both(source, study, first, address.text("beside"), theme)
