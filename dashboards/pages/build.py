"""Page Build: which design to build under limits, with its evidence and what lies beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.build_view import PREFIX, BuildPageState, brushed_limits, sign_of
from dashboards.comparing import MOST
from dashboards.design import facts
from dashboards.downloads import SMALL, plot_panel
from dashboards.figures.style import blank
from dashboards.fitting import NARROW, fitted
from dashboards.front_page_state import drawn, settled
from dashboards.plot_events import fill_from_box
from dashboards.ranges import inside
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dashboards.units import Readable, divided, in_readable_units, with_unit
from dashboards.unmet_limits import Unmet, broken, limits_held, unmet
from dse.analysis.decision import Decision, table_of
from dse.analysis.decision_text import commands, left_out_text, sentence
from dse.analysis.failed import failed_text
from dse.analysis.utilisation import known_parts
from dse.contracts.errors import DseError
from dse.formatting import value_text

PATH = "/build"
_PAUSE_S = 1.0
_BESIDE = 12
"""Neighbours that are listed at most."""


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    view = BuildPageState.of(source, address)
    if not view.objectives:
        return ui.nothing_yet(view.table.study)
    content = [
        html.H1(["Which design of ", view.table.study, " should I build?"]),
        html.Div("Loading …", id="build-answer", className="panel answer", role="status"),
        plot_panel("build-figure", f"{view.table.study}-build", small=True),
        html.Div(id="build-beside", className="panel"),
    ]
    return html.Div([ui.side(controls(view)), html.Div(content)], className="page")


def controls(view: BuildPageState) -> list[Any]:
    """Return the fields of the limits, and what else the answer depends on."""
    parts = {"": "as evaluated", **{part: part for part in sorted(known_parts())}}
    condition = view.address.text("where")
    return [
        ui.note("Type limits, or drag a box in the plot."),
        *(_limit(view, name, readable) for name, readable in view.readable.items()),
        ui.switches("show", {"study": "limits of the study"}, _on(view), ["study"]),
        ui.text_box("where", "condition", condition, "total_bits <= 16"),
        ui.choice("part", "part", parts, view.part, "", tip="part that the design has to fit"),
    ]


def _on(view: BuildPageState) -> list[str]:
    return ["study"] if view.with_limits else []


def _limit(view: BuildPageState, name: str, readable: Readable) -> html.Div:
    divisor, quantity = readable
    column = quantity.column
    assert column is not None  # noqa: S101
    extent = view.table.extent(column)
    word = "at least" if sign_of(quantity) == ">=" else "at most"
    spans = inside(extent.low / divisor, extent.high / divisor)
    label = f"{quantity.short} {word}"
    typed = view.address.text(PREFIX + name)
    return ui.text_box(PREFIX + name, label, typed, with_unit(spans, readable), pause_s=_PAUSE_S)


def answer(view: BuildPageState, found: Decision | None, database: str) -> list[Any]:
    """Return the answer in a sentence, what was left out, and the commands that act on it."""
    if found is None:
        return [html.P("No point that fits its part has numbers for all objectives yet.")]
    link = view.address.link("point", point=str(found.number))
    first, _, rest = sentence(view.table, found).partition(":")
    of_database = ["--db", database]
    parts = [html.P([dcc.Link(first, href=link), ":", rest], className="said")]
    if note := left_out_text(found):
        parts.append(ui.note(note))
    lines = "\n".join(commands(view.table, found, of_database))
    return [*parts, html.Pre(lines, id="build-command", tabIndex="0")]


def no_answer(view: BuildPageState, none: Unmet) -> list[Any]:
    """Return what to say where no design meets the limits: the worst limit, the nearest design."""
    said = [ui.note(none.text, "bad")]
    if none.nearest is None:
        return said
    point = dcc.Link(f"point {none.nearest}", href=_address(view, none.nearest))
    return [*said, html.P(["The nearest is ", point, f": {none.lacks}."], className="note")]


def beside(view: BuildPageState, found: Decision) -> list[Any]:
    """Return the table of the answer and the designs beside it."""
    roles: dict[int, str] = {found.number: "the answer"}
    for name, step in (("one step cheaper", found.cheaper), ("one step better", found.better)):
        if step:
            roles.setdefault(step.number, name)
    held = limits_held(view)
    for point in found.neighbours[:_BESIDE]:
        marks = ("one parameter, one step", broken(held, point), failed_text(view.table, point))
        roles.setdefault(point, "; ".join(filter(None, marks)))
    frame = table_of(view.table, list(roles), view.columns)
    varying = view.table.varying
    headings = ("point", "is", *(n.replace("_", " ") for n in varying), *_titles(view))
    names = [view.table.written[column] for column in view.columns]
    frame = divided(frame, view.readable)
    rows = [
        [_link(view, point), roles[point], *_cells(row, varying, names)]
        for point, row in zip(roles, frame.to_dict("records"), strict=True)
    ]
    evaluated = [point for point in roles if frame.loc[point, names].notna().all()]
    together = ",".join(map(str, evaluated[:MOST]))
    link = dcc.Link("compare them", href=view.address.link("compare", points=together))
    return [html.H2(["Beside it · ", link]), ui.wide(facts(headings, rows))]


def _titles(view: BuildPageState) -> list[str]:
    return [quantity.short for _, quantity in view.readable.values()]


def _cells(row: Mapping[Any, Any], varying: Sequence[str], names: Sequence[str]) -> list[Any]:
    return [*(value_text(row[name]) for name in varying), *(float(row[name]) for name in names)]


def _link(view: BuildPageState, point: int) -> dcc.Link:
    return dcc.Link(str(point), href=_address(view, point))


def _address(view: BuildPageState, point: int) -> str:
    return view.address.link("point", point=str(point))


def register(app: Dash, source: Source) -> None:
    """Register the callbacks of the page."""
    _answer(app, source)
    _brush(app, source)


def _answer(app: Dash, source: Source) -> None:
    @app.callback(
        Output("build-answer", "children"),
        Output("build-beside", "children"),
        Output("build-figure", "figure"),
        Output("build-figure", "style"),
        Input(LOCATION, "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        NARROW,
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def show(
        search: str,
        _stamp: str,
        theme: Any,
        narrow: float | None,
        kept: dict[str, str] | None,
        path: str,
    ) -> Any:
        if not is_at(path, PATH):
            return (no_update,) * 4
        try:
            view = BuildPageState.of(source, Address.parse(search, kept))
            if none := unmet(view):
                near = [] if none.nearest is None else [none.nearest]
                figure = _figure(source, view, theme, near, "the nearest")
                return no_answer(view, none), [], figure, fitted(figure, narrow, SMALL)
            found = view.decision()
            marked = [found.number] if found else []
            figure = _figure(source, view, theme, marked, "the answer")
        except DseError as error:
            said = [ui.note(error.message, "bad"), ui.note(error.hint)]
            return said, [], blank("", theme), no_update
        database = source.results.database.shown
        others = beside(view, found) if found else []
        return answer(view, found, database), others, figure, fitted(figure, narrow, SMALL)


def _figure(
    source: Source, view: BuildPageState, theme: Any, marked: Sequence[int], ring: str
) -> Any:
    figure, _ = drawn(source, view.front(source), theme, marked, ring)
    return figure.update_layout(dragmode="select", uirevision="build")


def _brush(app: Dash, source: Source) -> None:
    def typed(address: Address, box: Mapping[str, Any]) -> Mapping[str, str]:
        front = BuildPageState.of(source, address).front(source)
        return brushed_limits(in_readable_units(front.axes, front.table), box)

    fill_from_box(app, "build-figure", typed)


Page(
    path=PATH,
    name="Build",
    order=1,
    make=layout,
    callbacks=register,
    settle=settled,
).register_page(__name__)
