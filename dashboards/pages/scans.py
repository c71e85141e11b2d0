"""Scans: the paper's kind of plot, with a preset for every figure of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.axes import Quantity, objective_columns, quantities, readable
from dashboards.downloads import plot_panel
from dashboards.figures.scans import Scan, figure
from dashboards.figures.style import blank
from dashboards.presets import PRESETS, Preset, fitting
from dashboards.source import Source
from dse.analysis.published import curves
from dse.analysis.table import Table
from dse.errors import DseError
from dse.metrics import Direction

NONE = ""
_SWITCHES = {"log_x": "log x", "log_y": "log y", "published": "published numbers"}


@dataclass(frozen=True)
class View:
    """What an address asks of this page."""

    table: Table
    known: Mapping[str, Quantity]
    address: Address
    preset: Preset | None
    objectives: list[str]

    @classmethod
    def of(cls, source: Source, address: Address) -> "View":
        """Read leniently."""
        summary = source.study(address.text("study"))
        table = source.table(summary.name)
        preset = PRESETS.get(address.text("preset")) or fitting(summary.name, table)
        columns = objective_columns(table, summary.objectives)
        return cls(table, quantities(table), address, preset, columns)

    @property
    def x(self) -> str:
        """Name of the parameter on the horizontal axis."""
        return self.address.choice("x", self.known, self.default("x"))

    def default(self, role: str) -> str:
        """Of x, line or panel: the preset's, else the next parameter that varies."""
        if self.preset:
            name = getattr(self.preset, role)
            return (
                name
                if name in self.known
                else NONE
                if role != "x"
                else next(iter(self.known), NONE)
            )
        free = sorted(
            self.table.varying, key=lambda n: -self.table.parameters[n].map(str).nunique()
        )
        place = ("x", "line", "panel").index(role)
        names = free or self.table.names
        return names[place] if place < len(names) else NONE

    @property
    def ys(self) -> list[str]:
        """Names of the metrics, a panel each."""
        chosen = [name for name in self.address.items("y") if name in self.known]
        return chosen or self.default_ys

    @property
    def default_ys(self) -> list[str]:
        """The preset's metrics from every backend, else the objectives."""
        if self.preset:
            wanted = [
                q.name
                for m in self.preset.metrics
                for q in self.known.values()
                if q.column and q.column.metric == m
            ]
            if wanted:
                return wanted
        return self.objectives or [n for n, q in self.known.items() if q.column][:1]

    @property
    def on(self) -> list[str]:
        """Switches that are on."""
        return self.address.items("show", self.default_on)

    @property
    def default_on(self) -> list[str]:
        """Switches that are on without an address."""
        return [*(self.preset.log if self.preset else ()), "published"]


def layout(source: Source, address: Address) -> Any:
    """The page."""
    view = View.of(source, address)
    if not view.ys:
        return ui.nothing_yet(view.table.study)
    study = view.table.study
    head = [html.H1(study), html.P(view.preset.title if view.preset else "", className="note")]
    content = html.Div([*head, plot_panel("scans-figure", f"{study}-scan")])
    return html.Div(
        [html.Div(_controls(view, source), className="side"), content], className="page"
    )


def _controls(view: View, source: Source) -> list[Any]:
    options = {name: quantity.title for name, quantity in view.known.items()}
    parameters = {NONE: "none", **{name: readable(name) for name in view.table.names}}
    metrics = {name: quantity.title for name, quantity in view.known.items() if quantity.column}
    others = {s.name: s.name for s in source.studies() if s.name != view.table.study}
    presets = {
        NONE: view.preset.title
        if view.preset and not view.address.text("preset")
        else "of this study",
        **{key: preset.title for key, preset in PRESETS.items()},
    }
    role = {
        role: view.address.choice(role, parameters, view.default(role))
        for role in ("line", "panel")
    }
    chosen = view.ys if view.ys != view.default_ys else view.address.items("y")
    return [
        ui.choice(
            "preset",
            "figure of the paper",
            presets,
            view.address.choice("preset", presets, NONE),
            NONE,
        ),
        ui.choices(
            "y",
            "metrics, a panel each",
            metrics,
            chosen,
            empty="those of the figure" if view.preset else "the objectives",
        ),
        ui.choice("x", "x axis", options, view.x, view.default("x")),
        ui.choice("line", "a line per", parameters, role["line"], view.default("line")),
        ui.choice("panel", "a row of panels per", parameters, role["panel"], view.default("panel")),
        ui.choices(
            "with",
            "overlay studies",
            others,
            [n for n in view.address.items("with") if n in others],
        ),
        ui.switches("show", _SWITCHES, view.on, view.default_on),
    ]


def scan_frame(
    table: Table, known: Mapping[str, Quantity], view: View, *, study: str = ""
) -> pd.DataFrame:
    """Rows for `dashboards.figures.scans.figure`; `study` is put before names of lines."""
    line, panel = (
        view.address.choice(role, table.names, view.default(role)) for role in ("line", "panel")
    )
    parts = []
    for y in view.ys:
        quantity = known.get(y)
        if quantity is None or quantity.column is None or view.x not in known:
            continue
        frame = pd.DataFrame(
            {"point": table.parameters.index, "x": known[view.x].values(table).to_numpy()}
        )
        numbers = table.numbers(quantity.column)
        for name, column in (("y", "value"), ("low", "low"), ("high", "high")):
            frame[name] = numbers[column].to_numpy()
        frame["metric"] = quantity.column.metric
        origin = f"{quantity.column.backend}, {quantity.column.fidelity}"
        frame["line"] = [
            " · ".join(filter(None, (study, text, origin))) for text in _texts(table, line)
        ]
        frame["panel"] = _texts(table, panel)
        frame["best"] = _best(frame, quantity.direction)
        parts.append(frame)
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(
            columns=["point", "x", "y", "low", "high", "metric", "line", "panel", "best"]
        )
    )


def _best(frame: pd.DataFrame, direction: Direction) -> "pd.Series[bool]":
    """Of the points of a line at one place, the best."""
    groups = frame.groupby(["line", "panel", "x"], sort=False)["y"]
    return frame["y"] == groups.transform("max" if direction == "maximise" else "min")


def _texts(table: Table, parameter: str) -> list[str]:
    if not parameter or parameter not in table.parameters:
        return [""] * len(table.parameters)
    return [f"{readable(parameter)} {value}" for value in table.parameters[parameter]]


def drawn(source: Source, view: View, theme: Any) -> Any:
    """The figure."""
    frames = [
        scan_frame(
            view.table,
            view.known,
            view,
            study=view.table.study if view.address.items("with") else "",
        )
    ]
    for name in view.address.items("with"):
        table = source.table(source.study(name).name)
        frames.append(scan_frame(table, quantities(table), view, study=name))
    frame = pd.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)
    ys = {q.column.metric: _title(q) for q in map(view.known.__getitem__, view.ys) if q.column}
    scan = Scan(view.known[view.x].title, ys, "log_x" in view.on, "log_y" in view.on, theme)
    published = (
        curves(view.x, view.preset.key if view.preset else "") if "published" in view.on else None
    )
    return figure(frame, scan, published)


def _title(quantity: Quantity) -> str:
    name = readable(quantity.column.metric) if quantity.column else quantity.label
    return f"{name} [{quantity.unit}]" if quantity.unit else name


def register(app: Dash, source: Source) -> None:
    """Add the callback."""

    @app.callback(
        Output("scans-figure", "figure"),
        Output("scans-figure", "style"),
        Input("url", "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        State("url", "pathname"),
    )
    def draw(search: str, _stamp: str, theme: Any, path: str) -> Any:
        if path != "/scans":
            return no_update, no_update
        try:
            figure = drawn(source, View.of(source, Address.parse(search)), theme)
        except DseError as error:
            return blank(error.message, theme), {}
        return figure, {"height": figure.layout.height or 520}
