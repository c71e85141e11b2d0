"""The front explorer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from dash import ALL, Dash, Input, Output, State, dcc, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.axes import Quantity, is_numeric, objective_columns, quantities, readable
from dashboards.downloads import plot_panel, table_buttons, wire_downloads
from dashboards.figures.front import Look, Series, figure
from dashboards.figures.style import blank
from dashboards.fronts import Rules, assess, common_box, inside, passing, thinned, volume
from dashboards.source import Source
from dse.analysis.table import Table
from dse.errors import DseError
from dse.parts import known_parts

NONE = ""
_SWITCHES = {
    "log_x": "log x",
    "log_y": "log y",
    "bars": "95 % intervals",
    "beaten": "beaten points",
}
_ON = ["bars", "beaten"]


@dataclass(frozen=True)
class View:
    """What an address asks of this page.

    Args:
        table: the study.
        known: its quantities.
        axes: those shown, by column.
        defaults: names of the axes without an address.
        address: the rest.
    """

    table: Table
    known: Mapping[str, Quantity]
    axes: dict[str, Quantity]
    defaults: Mapping[str, str]
    address: Address

    @classmethod
    def of(cls, source: Source, address: Address) -> "View":
        """Read leniently: what the study has not got is as if it were not asked for."""
        summary = source.study(address.text("study") or None)
        table = source.table(summary.name, address.choice("part", list(known_parts())))
        known = quantities(table)
        metrics = [name for name, quantity in known.items() if quantity.column]
        wanted = [*objective_columns(table, summary.objectives), *metrics, *known]
        distinct = list(dict.fromkeys(wanted))
        if len(distinct) < 2:
            distinct *= 2
        defaults = (
            {"y": distinct[0], "x": distinct[1], "z": NONE, "colour": NONE, "size": NONE}
            if distinct
            else {}
        )
        names = {axis: address.choice(axis, known, name) for axis, name in defaults.items()}
        axes = {
            axis: known[names[axis]]
            for axis in ("x", "y", "z", "colour", "size")
            if names.get(axis)
        }
        return cls(table, known, axes, defaults, address)

    @property
    def on(self) -> list[str]:
        """Switches that are on."""
        return self.address.items("show", _ON)

    @property
    def limited(self) -> list[str]:
        """Quantities with a slider."""
        return [name for name in self.address.items("limits") if name in self.known]

    @property
    def rules(self) -> Rules:
        """What is allowed."""
        found = {name: self.address.interval(f"limit.{name}") for name in self.limited}
        limits = {name: interval for name, interval in found.items() if interval}
        return Rules(limits, self.address.text("where"))


def layout(source: Source, address: Address) -> Any:
    """The page."""
    view = View.of(source, address)
    if not view.axes or not any(quantity.column for quantity in view.known.values()):
        return ui.empty(
            f"{view.table.study} has no numbers yet",
            "The page fills as soon as dse run stores the first result.",
        )
    return html.Div(
        [html.Div(_controls(view, source), className="side"), _content(view)], className="page"
    )


def _controls(view: View, source: Source) -> list[Any]:
    options = {name: quantity.title for name, quantity in view.known.items()}
    optional = {NONE: "none", **options}
    axes = [
        ui.choice(
            axis,
            f"{axis} axis",
            optional if axis == "z" else options,
            view.axes[axis].name if axis in view.axes else NONE,
            view.defaults[axis],
            tip=view.axes[axis].tip if axis in view.axes else "",
        )
        for axis in ("x", "y", "z")
    ]
    marks = [
        ui.choice(axis, axis, optional, view.axes[axis].name if axis in view.axes else NONE, NONE)
        for axis in ("colour", "size")
    ]
    others = {s.name: s.name for s in source.studies() if s.name != view.table.study}
    same = {view.axes[a].column.metric for a in "xy" if view.axes[a].column}  # type: ignore[union-attr]
    shown = [view.axes["x"].name, view.axes["y"].name]
    also = {
        n: q.title
        for n, q in view.known.items()
        if q.column and q.column.metric in same and n not in shown
    }
    parts = {NONE: "as evaluated", **{part: part for part in sorted(known_parts())}}
    return [
        *axes,
        *marks,
        ui.switches("show", _SWITCHES, view.on, _ON),
        ui.choices("limits", "limits", options, view.limited, tip="a slider for each"),
        html.Div(_sliders(view), id="sliders"),
        ui.text_box(
            "where",
            "only points with",
            view.address.text("where"),
            "total_bits <= 16 and lut < 1e5",
            tip="an expression of parameters and metrics",
        ),
        ui.choices(
            "with",
            "compare studies",
            others,
            [n for n in view.address.items("with") if n in others],
        ),
        ui.choices(
            "also",
            "compare fidelities",
            also,
            [n for n in view.address.items("also") if n in also],
            tip="the same metric from another backend",
        ),
        ui.choice(
            "part",
            "shares of the part",
            parts,
            view.address.choice("part", parts, NONE),
            NONE,
            tip="what stored designs would take of another part",
        ),
    ]


def _sliders(view: View) -> list[Any]:
    found = []
    for name in view.limited:
        values = view.known[name].values(view.table)
        if not is_numeric(values) or values.dropna().empty:
            continue
        low, high = float(values.min()), float(values.max())
        interval = view.address.interval(f"limit.{name}") or (low, high)
        slider = dcc.RangeSlider(
            low,
            high if high > low else low + 1,
            id=ui.control(f"limit.{name}", f"{low:.6g}..{high:.6g}"),
            value=list(interval),
            marks=None,
            allow_direct_input=True,
            tooltip={"placement": "bottom"},
        )
        count = html.Span(id={"type": "passing", "name": name}, className="quiet")
        found.append(
            html.Div([html.Span([view.known[name].title, " "], className="label"), count, slider])
        )
    return found


def _content(view: View) -> html.Div:
    return html.Div(
        [
            html.H1(view.table.study),
            html.P(id="front-note", className="note", role="status"),
            plot_panel("front-figure", f"{view.table.study}-front"),
            html.Div(
                [
                    html.Div(
                        [
                            html.P(id="front-rows-note", className="note"),
                            html.Button("Clear the selection", id="front-clear", type="button"),
                            *table_buttons("front"),
                        ],
                        className="tools",
                    ),
                    ui.grid(
                        "front-rows",
                        pd.DataFrame({"point": []}),
                        selectable=True,
                        getRowId="String(params.data.point)",
                    ),
                ],
                className="panel",
            ),
        ]
    )


@dataclass(frozen=True)
class Assessed:
    """One series before it is thinned."""

    name: str
    frame: pd.DataFrame


def all_series(source: Source, view: View) -> list[Assessed]:
    """The study, then other backends' numbers, then other studies.

    Raises:
        UsageError: the condition makes no sense for one of them.
    """
    found = [Assessed(view.table.study, _assessed(source, view, view.table, view.axes))]
    for name in view.address.items("also"):
        other = view.known.get(name)
        swapped = {axis: _swapped(quantity, other) for axis, quantity in view.axes.items()}
        if other and other.column and swapped != view.axes:
            label = f"{other.column.metric} from {other.column.backend}"
            found.append(Assessed(label, _assessed(source, view, view.table, swapped)))
    for study in view.address.items("with"):
        part = view.address.choice("part", list(known_parts()))
        table = source.table(source.study(study).name, part)
        own = quantities(table)
        if all(view.axes[axis].name in own for axis in ("x", "y", "z") if axis in view.axes):
            axes = {axis: own[q.name] for axis, q in view.axes.items() if q.name in own}
            found.append(Assessed(study, _assessed(source, view, table, axes)))
    return found


def _swapped(quantity: Quantity, other: Quantity | None) -> Quantity:
    same = (
        other and other.column and quantity.column and other.column.metric == quantity.column.metric
    )
    return other if same and other else quantity


def _assessed(source: Source, view: View, table: Table, axes: dict[str, Quantity]) -> pd.DataFrame:
    key = (
        "assessed",
        table.study,
        view.address.text("part"),
        tuple(sorted((a, q.name) for a, q in axes.items())),
        repr(view.rules),
    )
    return source.kept(key, lambda: assess(table, axes, quantities(table), view.rules))


def register(app: Dash, source: Source) -> None:
    """Add the callbacks."""

    @app.callback(
        Output("front-figure", "figure"),
        Output("front-note", "children"),
        Output("front-note", "className"),
        Input("url", "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        Input("front-rows", "selectedRows"),
        State("url", "pathname"),
    )
    def draw(
        search: str, _stamp: str, theme: Any, marked: list[dict[str, Any]] | None, path: str
    ) -> Any:
        if path != "/front":
            return no_update, no_update, no_update
        try:
            view = View.of(source, Address.parse(search))
            return *drawn(source, view, theme, [row["point"] for row in marked or []]), "note"
        except DseError as error:
            return blank(error.message, theme), f"{error.message}. {error.hint}", "note bad"

    @app.callback(
        Output("front-rows", "rowData"),
        Output("front-rows", "columnDefs"),
        Output("front-rows-note", "children"),
        Input("url", "search"),
        Input("stamp", "data"),
        Input("selection", "data"),
        State("url", "pathname"),
    )
    def fill(search: str, _stamp: str, selection: list[int], path: str) -> Any:
        if path != "/front":
            return no_update, no_update, no_update
        try:
            frame, text = rows(source, View.of(source, Address.parse(search)), selection)
        except DseError as error:
            return [], [], error.message
        link = {"cellRenderer": "markdown", "cellDataType": "text"}
        shown = frame.head(ui.MOST_ROWS)
        return (
            ui.records(shown),
            [ui.definition(name, frame[name], {"": link}) for name in frame],
            text,
        )

    @app.callback(
        Output("selection", "data", allow_duplicate=True),
        Input("front-figure", "selectedData"),
        Input("front-figure", "clickData"),
        Input("front-clear", "n_clicks"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def select(selected: Any, clicked: Any, _clear: int | None, search: str) -> Any:
        from dash import ctx  # noqa: PLC0415

        match ctx.triggered_prop_ids.get(ctx.triggered[0]["prop_id"]), ctx.triggered[0]["prop_id"]:
            case _, "front-clear.n_clicks":
                return []
            case _, "front-figure.clickData" if clicked:
                return [
                    int(point["customdata"][0])
                    for point in clicked["points"]
                    if "customdata" in point
                ][:1] or no_update
            case _, "front-figure.selectedData" if selected:
                found = inside(
                    all_series(source, View.of(source, Address.parse(search)))[0].frame, selected
                )
                return no_update if found is None else found
        return no_update

    @app.callback(
        Output("sliders", "children"),
        Input("url", "search"),
        State({"type": "passing", "name": ALL}, "id"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )
    def change_sliders(search: str, shown: list[dict[str, str]], path: str) -> Any:
        if path != "/front":
            return no_update
        view = View.of(source, Address.parse(search))
        numeric = [n for n in view.limited if is_numeric(view.known[n].values(view.table))]
        return no_update if [one["name"] for one in shown] == numeric else _sliders(view)

    @app.callback(
        Output({"type": "passing", "name": ALL}, "children"),
        Input("url", "search"),
        Input({"type": "passing", "name": ALL}, "id"),
        Input("stamp", "data"),
    )
    def count(search: str, shown: list[dict[str, str]], _stamp: str) -> list[str]:
        if not shown:
            return []
        view = View.of(source, Address.parse(search))
        found, total = passing(view.table, view.known, view.rules), len(view.table.parameters)
        return [f"{found.get(one['name'], total):,} of {total:,} points pass" for one in shown]

    def whole(search: str, selection: list[int]) -> pd.DataFrame:
        return rows(source, View.of(source, Address.parse(search)), selection)[0]

    wire_downloads(app, "front", whole)


def drawn(source: Source, view: View, theme: Any, marked: Sequence[int]) -> tuple[Any, str]:
    """The figure and the sentence above it."""
    series = all_series(source, view)
    log = frozenset(name.removeprefix("log_") for name in view.on if name.startswith("log_"))
    numeric = frozenset(axis for axis in log if is_numeric(series[0].frame[axis]))
    look = Look(view.axes, numeric, "bars" in view.on, "beaten" in view.on, tuple(marked), theme)
    thin = [
        Series(s.name, thinned(s.frame[s.frame["drawable"]], marked, log=sorted(numeric)))
        for s in series
    ]
    return figure(thin, look), sentence(series, view)


def sentence(series: Sequence[Assessed], view: View) -> str:
    """What the plot shows, in numbers."""
    compared = [view.axes[axis] for axis in ("x", "y", "z") if axis in view.axes]
    ways = ", ".join(
        f"{'more' if q.direction == 'maximise' else 'less'} {readable(q.column.metric if q.column else q.name)}"
        for q in compared
    )
    box = common_box([s.frame for s in series], compared)
    parts = []
    for one in series:
        frame = one.frame
        missing = int((~frame["drawable"]).sum())
        text = f"{one.name}: {int(frame['on_front'].sum()):,} of {len(frame):,} points on the front"
        text += (
            f", {int((frame['reason'] != '').sum()):,} not allowed"
            if (frame["reason"] != "").any()
            else ""
        )
        text += f", {missing:,} without these numbers" if missing else ""
        text += f", hypervolume {volume(frame, box):.4f} of the box of all points" if box else ""
        parts.append(text)
    return f"Better is {ways}. {'; '.join(parts)}."


def rows(source: Source, view: View, selection: Sequence[int]) -> tuple[pd.DataFrame, str]:
    """The table: selected points, or the front, with parameters and all numbers."""
    frame = all_series(source, replace(view))[0].frame
    present = [number for number in selection if number in frame.index]
    if present:
        chosen, text = frame.loc[present], f"{len(present):,} selected points"
    else:
        chosen, text = (
            frame[frame["on_front"]],
            f"{int(frame['on_front'].sum()):,} points of the front; select some in the plot to see them here",
        )
    table = view.table.parameters.loc[chosen.index].map(_shown)
    columns = {
        q.title: q.values(view.table).loc[chosen.index] for q in view.known.values() if q.column
    }
    whole = pd.concat([table, pd.DataFrame(columns)], axis=1)
    if len(whole) > ui.MOST_ROWS:
        text += f"; the first {ui.MOST_ROWS:,} are shown, the download has all"
    return whole.reset_index(), text


def _shown(value: Any) -> Any:
    return value if isinstance(value, (int, float, str)) or value is None else str(value)
