"""Parallel coordinates with brushing, the table of what is brushed, importance beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, ctx, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.axes import Quantity, is_numeric, objective_columns, quantities, readable
from dashboards.downloads import plot_panel, table_buttons, wire_downloads
from dashboards.figures.parallel import importance, parallel
from dashboards.figures.style import blank
from dashboards.source import Source
from dse.analysis.select import Column
from dse.analysis.table import Table
from dse.errors import DseError
from dse.search.importance import Structure, importances, varied
from dse.store.queries import StoredMetric, StoredPoint

DRAWN = 5000
"""Lines that are drawn; of more, the first of equal steps through all of them."""

_EVALUATED = 300
"""Points that importance is computed from: a forest takes seconds for more."""


def _chosen(source: Source, address: Address) -> tuple[Mapping[str, Quantity], list[str], str]:
    """Quantities, names of the axes, and the one that colours lines."""
    summary = source.study(address.text("study"))
    table = source.table(summary.name)
    known = quantities(table)
    objectives = (
        objective_columns(table, summary.objectives) or [n for n in known if known[n].column][:2]
    )
    names = [n for n in address.items("axes") if n in known] or [*table.varying, *objectives]
    return known, names, address.choice("colour", known, objectives[0] if objectives else "")


def layout(source: Source, address: Address) -> Any:
    """The page."""
    study = address.text("study")
    known, names, colour = _chosen(source, address)
    metrics = {name: q.title for name, q in known.items() if q.column}
    if not metrics:
        return ui.nothing_yet(study)
    options = {name: q.title for name, q in known.items()}
    default = _chosen(source, Address({"study": study}))[2]
    side = [
        ui.choices(
            "axes",
            "axes",
            options,
            address.items("axes") and names,
            empty="what varies",
        ),
        ui.choice(
            "colour",
            "colour, and metric of the importance",
            metrics,
            colour if colour in metrics else next(iter(metrics)),
            default,
        ),
        ui.note(
            "Drag along an axis to keep only points in that range; click it to take the range off."
        ),
    ]
    tools = html.Div(
        [html.P(id="parameters-note", className="note"), *table_buttons("parameters")],
        className="tools",
    )
    content = [
        html.H1(study),
        plot_panel("parallel", f"{study}-parameters"),
        html.Div(
            [tools, ui.grid("parameters-rows", pd.DataFrame({"point": []}))], className="panel"
        ),
        html.H2("Which parameter moves it"),
        plot_panel("importance", f"{study}-importance", small=True),
    ]
    return html.Div([html.Div(side, className="side"), html.Div(content)], className="page")


def frame_of(source: Source, address: Address) -> tuple[pd.DataFrame, dict[str, str], str]:
    """Complete rows, titles of the columns, and the column that colours."""
    known, names, colour = _chosen(source, address)
    table = source.table(source.study(address.text("study")).name)
    columns = list(dict.fromkeys([*names, *([colour] if colour else [])]))
    frame = pd.DataFrame({n: known[n].values(table) for n in columns}).dropna()
    return frame, {n: known[n].title for n in columns}, colour


def brushed(frame: pd.DataFrame, brushes: Mapping[int, Any]) -> pd.DataFrame:
    """Rows within the ranges of all brushed axes.

    Args:
        frame: as it was drawn.
        brushes: by number of the axis: an interval, or several.
    """
    mask = pd.Series(True, index=frame.index)
    for index, ranges in brushes.items():
        if not ranges or index >= frame.shape[1]:
            continue
        column = frame.iloc[:, index]
        values = (
            column
            if is_numeric(column)
            else pd.Series(pd.factorize(column.astype(str), sort=True)[0], index=frame.index)
        )
        several = ranges if isinstance(ranges[0], list) else [ranges]
        inside = [values.between(low, high) for low, high in several]
        mask &= pd.concat(inside, axis=1).any(axis=1)
    return frame[mask]


def merged(before: Mapping[str, Any], restyle: Sequence[Any] | None) -> dict[str, Any]:
    """Brushes after a change of one: Plotly reports only that one."""
    found = dict(before)
    for key, value in (restyle[0] if restyle else {}).items():
        if key.startswith("dimensions[") and key.endswith("].constraintrange"):
            ranges = value[0] if value else None
            found[key[len("dimensions[") : key.index("]")]] = ranges
    return found


def importance_of(source: Source, address: Address) -> dict[str, float]:
    """Shares by readable names.

    Raises:
        UsageError: there are too few points.
    """
    known, _, colour = _chosen(source, address)
    column = known[colour].column if colour in known else None
    if column is None:
        return {}
    study = address.text("study")
    points = _sample(source.table(study), column)
    axes = varied(points, Structure.of(source.results.source(study))) if points else ()
    found = importances(points, column, axes, "fanova") if axes else {}
    return {readable(name): share for name, share in found.items()}


def _sample(table: Table, column: Column) -> list[StoredPoint]:
    """Evenly chosen points that have a number, with nothing else."""
    numbers = table.numbers(column)["value"].dropna()
    numbers = numbers.iloc[:: max(1, len(numbers) // _EVALUATED)]
    records: list[Any] = table.parameters.loc[numbers.index].to_dict("records")
    kind = (column.unit, column.direction, column.fidelity, None, None, column.backend, "", 0)
    return [
        StoredPoint(table.study, n, p, (StoredMetric(column.metric, value, *kind),))
        for n, value, p in zip(numbers.index.tolist(), numbers.tolist(), records, strict=True)
    ]


def register(app: Dash, source: Source) -> None:
    """Add the callbacks."""
    _draw(app, source)
    _fill(app, source)
    _weigh(app, source)


def _draw(app: Dash, source: Source) -> None:
    @app.callback(
        Output("parallel", "figure"),
        Input("url", "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        State("url", "pathname"),
    )
    def draw(search: str, _stamp: str, theme: Any, path: str) -> Any:
        if path != "/parameters":
            return no_update
        try:
            frame, titles, colour = frame_of(source, Address.parse(search))
        except DseError as error:
            return blank(error.message, theme)
        return parallel(frame.iloc[:: -(-len(frame) // DRAWN) or 1], titles, colour, theme)


def _fill(app: Dash, source: Source) -> None:
    @app.callback(
        Output("parameters-rows", "rowData"),
        Output("parameters-rows", "columnDefs"),
        Output("parameters-note", "children"),
        Output("brushes", "data"),
        Input("parallel", "restyleData"),
        Input("parallel", "figure"),
        State("brushes", "data"),
        State("url", "search"),
        State("url", "pathname"),
    )
    def fill(restyle: Any, _figure: Any, brushes: dict[str, Any], search: str, path: str) -> Any:
        if path != "/parameters":
            return (no_update,) * 4
        is_brush = "parallel.restyleData" in ctx.triggered_prop_ids
        brushes = merged(brushes or {}, restyle) if is_brush else {}
        whole, found = _rows(search, brushes)
        text = f"{len(found):,} of {len(whole):,} points"
        defs = [ui.definition(name, found[name]) for name in ui.headings(found)]
        return ui.records(found), defs, text, brushes

    def _rows(search: str, brushes: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
        frame, titles, _ = frame_of(source, Address.parse(search))
        kept = brushed(frame, {int(key): ranges for key, ranges in brushes.items()})
        return frame, kept.rename(columns=titles).reset_index()

    wire_downloads(app, "parameters", lambda search, _: _rows(search, {})[1])


def _weigh(app: Dash, source: Source) -> None:
    @app.callback(
        Output("importance", "figure"),
        Input("url", "search"),
        Input("theme", "data"),
        State("url", "pathname"),
    )
    def weigh(search: str, theme: Any, path: str) -> Any:
        if path != "/parameters":
            return no_update
        address = Address.parse(search)
        named = Address({**address.values, "study": source.study(address.text("study")).name})
        try:
            key = ("importance", named.text("study"), _chosen(source, named)[2])
            return importance(source.kept(key, lambda: importance_of(source, named)), theme)
        except DseError as error:
            return blank(error.message, theme)
