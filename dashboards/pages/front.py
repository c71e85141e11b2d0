"""Front page: Pareto front over two or three quantities, with limits and selection."""

from typing import Any

import pandas as pd
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.comparing import MOST
from dashboards.downloads import HEIGHT, plot_panel, table_buttons, wire_downloads
from dashboards.figures.style import blank
from dashboards.fitting import NARROW, fitted
from dashboards.front_data import inside
from dashboards.front_page_state import (
    NONE,
    FrontPageState,
    as_drawn,
    default_on,
    drawn,
    rows,
    settled,
    told,
)
from dashboards.limit_sliders import limit_slider
from dashboards.plot_events import clicked_points
from dashboards.quantities import is_numeric
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dashboards.units import in_readable_units, shown_titles
from dse.analysis.utilisation import known_parts
from dse.contracts.errors import DseError

PATH = "/front"
_SWITCHES = {
    "log_x": "log x",
    "log_y": "log y",
    "bars": "intervals",
    "beaten": "dominated points",
    "study": "limits of the study",
}


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    view = FrontPageState.of(source, address)
    if not view.axes or not any(quantity.column for quantity in view.known.values()):
        return ui.nothing_yet(view.table.study)
    return html.Div([ui.side(_controls(view, source)), _content(view)], className="page")


def _controls(view: FrontPageState, source: Source) -> list[Any]:
    options = shown_titles(view.known, view.table)
    numeric = [n for n, q in view.known.items() if q.column or is_numeric(q.values(view.table))]
    limits = {name: options[name] for name in numeric}
    return [
        *_axes(view, options),
        _compared(view, options),
        ui.switches("show", _SWITCHES, view.on, default_on(view.table)),
        ui.choices("limits", "limits", limits, view.limited, tip="quantities with a slider"),
        html.Div(_sliders(view), id="sliders"),
        _condition(view),
        _other_studies(view, source),
        _other_fidelities(view, options),
        _other_part(view),
    ]


def _axes(view: FrontPageState, options: ui.Options) -> list[html.Div]:
    optional = {NONE: "none", **options}
    names = {axis: quantity.name for axis, quantity in view.axes.items()}
    labels = {"x": "x axis", "y": "y axis", "z": "z axis", "colour": "colour", "size": "size"}
    return [
        ui.choice(
            axis,
            label,
            options if axis in {"x", "y"} else optional,
            names.get(axis, NONE),
            view.defaults[axis],
            tip=view.axes[axis].tip if axis in view.axes else "",
        )
        for axis, label in labels.items()
    ]


def _compared(view: FrontPageState, options: ui.Options) -> html.Details:
    titles = {name: text for name, text in options.items() if view.known[name].column}
    chosen = [name for name in view.address.items("front") if name in titles]
    tip = "what the front is over; the axes only show it"
    return ui.choices("front", "front over", titles, chosen, tip=tip, empty=_all(view))


def _all(view: FrontPageState) -> str:
    return "all objectives" if view.objectives else "the axes"


def _condition(view: FrontPageState) -> html.Div:
    example, tip = "total_bits <= 16 and lut < 1e5", "expression of parameters and metrics"
    return ui.text_box("where", "condition", view.address.text("where"), example, tip=tip)


def _other_studies(view: FrontPageState, source: Source) -> html.Details:
    names = {s.name: s.name for s in source.studies() if s.name != view.table.study}
    chosen = [name for name in view.address.items("with") if name in names]
    return ui.choices("with", "compare studies", names, chosen)


def _other_fidelities(view: FrontPageState, options: ui.Options) -> html.Details:
    """Return the choice of backends that give the metrics of the axes too."""
    shown = [view.axes[axis] for axis in ("x", "y")]
    metrics = {quantity.column.metric for quantity in shown if quantity.column}
    titles = {
        name: options[name]
        for name, quantity in view.known.items()
        if quantity.column and quantity.column.metric in metrics and quantity not in shown
    }
    chosen = [name for name in view.address.items("also") if name in titles]
    tip = "the same metric from another backend"
    return ui.choices("also", "compare fidelities", titles, chosen, tip=tip)


def _other_part(view: FrontPageState) -> html.Div:
    parts = {NONE: "as evaluated", **{part: part for part in sorted(known_parts())}}
    tip = "shares that the stored designs would take of another part"
    return ui.choice("part", "shares of the part", parts, view.part, NONE, tip=tip)


def _sliders(view: FrontPageState) -> list[Any]:
    found = []
    names, limits = view.limit_names, view.rules.limits
    limited = {name: view.known[name] for name in names}
    for name, readable in in_readable_units(limited, view.table).items():
        values = limited[name].values(view.table)
        slider = limit_slider(names[name], values, limits.get(name), readable)
        if slider is not None:
            label = html.Span(readable[1].title, className="label")
            count = html.Span(id={"type": "passing", "name": name}, className="label")
            found.append(html.Div([label, count, slider]))
    return found


def _content(view: FrontPageState) -> html.Div:
    tools = [
        html.P(id="front-rows-note", className="note", role="status"),
        dcc.Link("Compare", id="front-compare", href=_compared_by("", []), className="button"),
        html.Button("Clear selection", id="front-clear", type="button"),
        *table_buttons("front"),
    ]
    empty = pd.DataFrame({"point": []})
    table = ui.grid("front-rows", empty, selectable=True, getRowId="dse_row_id(params)")
    return html.Div(
        [
            html.H1(view.table.study),
            html.P(id="front-note", className="note", role="status"),
            dcc.Store(id="front-drawn"),
            plot_panel("front-figure", f"{view.table.study}-front"),
            html.Div([html.Div(tools, className="tools"), table], className="panel"),
        ]
    )


def _compared_by(search: str, numbers: list[int]) -> str:
    """Return the address of the page that compares points."""
    chosen = ",".join(map(str, numbers[:MOST]))
    return Address.parse(search).link("compare", points=chosen)


def register(app: Dash, source: Source) -> None:
    """Register the callbacks of the page."""
    _draw(app, source)
    _compare(app)
    _fill(app, source)
    _select(app, source)
    _limits(app, source)


def _draw(app: Dash, source: Source) -> None:

    @app.callback(
        Output("front-figure", "figure"),
        Output("front-figure", "style"),
        Output("front-note", "children"),
        Output("front-note", "className"),
        Output("front-drawn", "data"),
        inputs=[
            Input(LOCATION, "search"),
            Input("stamp", "data"),
            (Input("theme", "data"), NARROW),
            Input("front-rows", "selectedRows"),
            State("front-drawn", "data"),
            State("settled", "data"),
            State(LOCATION, "pathname"),
        ],
    )
    def draw(
        search: str,
        stamp: str,
        screen: tuple[Any, float | None],
        marked: list[dict[str, Any]] | None,
        before: list[str] | None,
        kept: dict[str, str] | None,
        path: str,
    ) -> Any:
        if not is_at(path, PATH):
            return (no_update,) * 5
        now = [search, stamp]
        # the table is filled after the plot, which it would slow down
        done = no_update if now == before else now
        theme, narrow = screen
        try:
            view = FrontPageState.of(source, Address.parse(search, kept))
            points = [row["point"] for row in marked or []]
            figure, text = drawn(source, view, theme, points)
            return figure, fitted(figure, narrow, HEIGHT), text, "note", done
        except DseError as error:
            text = f"{error.message}. {error.hint}"
            return blank(error.message, theme), no_update, text, "note bad", done


def _fill(app: Dash, source: Source) -> None:
    @app.callback(
        Output("front-rows", "rowData"),
        Output("front-rows", "columnDefs"),
        Output("front-rows-note", "children"),
        Input("front-drawn", "data"),
        Input("selection", "data"),
        State(LOCATION, "search"),
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def fill(
        drawn: list[str] | None,
        selection: list[int] | None,
        search: str,
        kept: dict[str, str] | None,
        path: str,
    ) -> Any:
        if not is_at(path, PATH) or drawn is None:
            return no_update, no_update, no_update
        try:
            view = FrontPageState.of(source, Address.parse(search, kept))
            frame, text = rows(view, selection or [], readable=True)
        except DseError:  # the plot shows the error
            return [], [], ""
        return (
            ui.records(frame),
            [ui.definition(name, frame[name]) for name in ui.headings(frame)],
            text,
        )

    def whole(address: Address, selection: list[int]) -> pd.DataFrame:
        return rows(FrontPageState.of(source, address), selection)[0]

    wire_downloads(app, "front", whole)


def _select(app: Dash, source: Source) -> None:
    @app.callback(
        Output("selection", "data", allow_duplicate=True),
        Input("front-figure", "selectedData"),
        Input("front-figure", "clickData"),
        Input("front-clear", "n_clicks"),
        State(LOCATION, "search"),
        State("settled", "data"),
        prevent_initial_call=True,
    )
    def select(
        selected: Any, clicked: Any, _clear: int | None, search: str, kept: dict[str, str] | None
    ) -> Any:
        # The component is not enough: a selection and a click both come from the figure.
        what = ctx.triggered[0]["prop_id"]
        if what == "front-clear.n_clicks":
            return []
        if what == "front-figure.clickData":
            return clicked_points(clicked) or no_update
        frame = as_drawn(FrontPageState.of(source, Address.parse(search, kept)))
        found = inside(frame, selected)
        return no_update if found is None else found


def _compare(app: Dash) -> None:
    @app.callback(
        Output("front-compare", "href"),
        Output("front-compare", "children"),
        Input("front-rows", "selectedRows"),
        Input("selection", "data"),
        State(LOCATION, "search"),
        State(LOCATION, "pathname"),
    )
    def lead(
        ticked: list[dict[str, Any]] | None, selection: list[int] | None, search: str, path: str
    ) -> Any:
        if not is_at(path, PATH):
            return no_update, no_update
        numbers = [row["point"] for row in ticked or []] or selection or []
        enough = numbers if len(numbers) > 1 else []
        text = f"Compare {min(len(enough), MOST)} designs" if enough else "Compare"
        return _compared_by(search, enough), text


def _limits(app: Dash, source: Source) -> None:
    @app.callback(
        Output("sliders", "children"),
        Input({"type": "control", "name": "limits", "default": ALL}, "value"),
        State(LOCATION, "search"),
        State("settled", "data"),
        prevent_initial_call=True,
    )
    def change_sliders(ticked: list[Any], search: str, kept: dict[str, str] | None) -> Any:
        names = [str(name) for one in ticked if isinstance(one, list) for name in one]
        # the address follows the control, and need not have done so yet
        asked = {**Address.parse(search, kept).values, "limits": "|".join(names)}
        return _sliders(FrontPageState.of(source, Address(asked)))

    @app.callback(
        Output({"type": "passing", "name": ALL}, "children"),
        Input("front-drawn", "data"),  # after the plot, and on this page alone
        Input({"type": "passing", "name": ALL}, "id"),
        State(LOCATION, "search"),
    )
    def count(drawn: Any, _shown: list[dict[str, str]], search: str) -> list[Any]:
        shown = [one["id"]["name"] for one in ctx.outputs_list]
        if drawn is None:  # a page that is entered: the plot follows
            return [no_update] * len(shown)
        if not shown:
            return []
        try:
            view = FrontPageState.of(source, Address.parse(search))
            found = told(view)
        except DseError:  # the plot shows the error
            return [""] * len(shown)
        return [found.get(name, "") for name in shown]


Page(
    path=PATH,
    name="Front",
    order=2,
    make=layout,
    callbacks=register,
    settle=settled,
).register_page(__name__)
