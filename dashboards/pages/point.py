"""Everything about one design, and a second one beside it."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.axes import readable
from dashboards.downloads import plot_config
from dashboards.figures.bars import by_layer, roc
from dashboards.files import readable_file
from dashboards.source import Source
from dse.analysis.effective import differences
from dse.store.queries import Results, StoredEvaluation, StoredPoint, in_utc
from dse.texts import number


def layout(source: Source, address: Address) -> Any:
    """The page."""
    study = address.text("study")
    numbers = {str(n): f"point {n}" for n in source.table(study).parameters.index}
    if not numbers:
        return ui.empty(f"{study} has no points yet", "dse run makes them.")
    first = address.choice("point", numbers, next(iter(numbers)))
    second = address.choice("beside", numbers)
    names = {"": "none", **numbers} if len(numbers) <= _LISTED else {"": "none"}
    controls = [
        ui.text_box("point", "point", first, "number"),
        ui.choice("beside", "beside", names, second, "")
        if len(names) > 1
        else ui.text_box("beside", "beside", second, "number"),
    ]
    return html.Div(
        [
            html.Div(controls, className="side"),
            html.Div(id="points", children=_both(source, study, first, second, "light")),
        ],
        className="page",
    )


_LISTED = 500


def _both(source: Source, study: str, first: str, second: str, theme: Any) -> list[Any]:
    found = [one for text in (first, second) if text for one in [_one(source, study, text, theme)]]
    return [
        html.H1(f"{study}, point {first}" + (f" beside {second}" if second else "")),
        html.Div(found, className="pair"),
    ]


def _one(source: Source, study: str, number: str, theme: Any) -> Any:
    if not number.isdecimal() or int(number) not in source.table(study).parameters.index:
        return ui.empty(
            f"{study} has no point {number[:20]}", "Numbers of points are in every table."
        )
    points = source.kept(
        ("points", study), lambda: {p.number: p for p in source.results.points(study)}
    )
    point = points[int(number)]
    evaluations = source.results.evaluations(study, point.number)
    parts = [html.H2(f"Point {number}"), _parameters(point), _metrics(point)]
    parts += [ui.note("Not evaluated yet.")] if not evaluations else []
    parts += [_differences(evaluations), *_figures(evaluations, theme)]
    parts += [_evaluation(one, source.results) for one in evaluations]
    parts.append(
        html.Div(
            [
                html.H2("Run it again"),
                html.Pre(_command(number, study, source.results.database.shown), tabIndex="0"),
            ]
        )
    )
    return html.Div(parts, className="panel")


def _command(number: str, study: str, database: str) -> str:
    return shlex.join(["dse", "reproduce", number, "--study", study, "--db", database])


def facts(
    headings: Sequence[str], rows: Sequence[Sequence[Any]], changed: Sequence[bool] = ()
) -> html.Table:
    """A plain table; numbers to the right."""
    marks = list(changed) or [False] * len(rows)
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in headings]))
    body = [
        html.Tr(
            [
                html.Td(
                    number(cell) if isinstance(cell, float) else cell,
                    className="number" if isinstance(cell, float) else "",
                )
                for cell in row
            ],
            className="changed" if mark else "",
        )
        for row, mark in zip(rows, marks, strict=True)
    ]
    return html.Table([head, html.Tbody(body)], className="facts")


def _parameters(point: StoredPoint) -> html.Table:
    return facts(
        ("parameter", "value"),
        [(readable(name), str(value)) for name, value in point.parameters.items()],
    )


def _metrics(point: StoredPoint) -> Any:
    rows = []
    for m in sorted(point.metrics, key=lambda m: (m.name, m.fidelity.rank)):
        known = m.low is not None and m.high is not None
        interval = f"{number(m.low or 0.0)} – {number(m.high or 0.0)}" if known else ""
        rows.append(
            (
                readable(m.name),
                float(m.value),
                m.unit,
                interval,
                m.fidelity.value,
                m.backend,
                m.tool,
            )
        )
    headings = ("metric", "value", "unit", "95 % interval", "fidelity", "backend", "tool")
    return html.Div([html.H2("Metrics"), facts(headings, rows)]) if rows else ui.note("No metrics.")


def _differences(evaluations: Sequence[StoredEvaluation]) -> Any:
    rows = [d for e in evaluations for d in differences(e.backend, e.effective)]
    if not rows:
        return ui.note("Everything was built as asked." if evaluations else "")
    cells = [
        (d.backend, d.layer or "(whole design)", d.setting, d.requested, d.effective) for d in rows
    ]
    headings = ("backend", "layer", "setting", "requested", "effective")
    return html.Div(
        [html.H2("Built otherwise than asked"), facts(headings, cells, [True] * len(cells))]
    )


def layers_of(evaluation: StoredEvaluation) -> pd.DataFrame:
    """Resources of every layer, where the tool gives them."""
    effective = evaluation.effective
    return _frame(effective.get("resources") or effective.get("costs") or {})


def overflows_of(evaluation: StoredEvaluation) -> pd.DataFrame:
    """Casts that lost something, by layer."""
    return _frame(evaluation.effective.get("overflows") or {})


def _frame(layers: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(dict(layers), orient="index")
    return frame.select_dtypes("number") if len(frame) else frame


def _figures(evaluations: Sequence[StoredEvaluation], theme: Any) -> list[Any]:
    found = []
    for e in evaluations:
        for title, frame in (
            (f"Resources by layer ({e.backend})", layers_of(e)),
            (f"Overflows by layer ({e.backend})", overflows_of(e)),
        ):
            if not frame.empty:
                found += [html.H2(title), _graph(by_layer(frame, theme, "nothing"))]
    curves = {e.backend: e.effective["roc"] for e in evaluations if e.effective.get("roc")}
    if curves:
        found += [html.H2("ROC curve"), _graph(roc(curves, theme))]
    return found


def _graph(figure: Any) -> dcc.Graph:
    return dcc.Graph(
        figure=figure, config=plot_config(), style={"height": figure.layout.height or 420}
    )


def _evaluation(e: StoredEvaluation, results: Results) -> html.Details:
    took = f", {e.duration_s:.2f} s" if e.duration_s is not None else ""
    when = f"{in_utc(e.started_at):%Y-%m-%d %H:%M} UTC"
    title = f"{e.backend}: {e.status}, {when}{took} on {e.host or 'unknown host'}"
    rows = [
        ("tool", e.tool),
        ("adapter version", str(e.adapter_version)),
        ("key", e.key),
        ("attempts", str(e.attempts)),
    ]
    rows += [(name, text) for name, text in e.failure.items() if text and name != "log"]
    rows += [
        (name, str(value))
        for name, value in e.effective.items()
        if isinstance(value, (str, int, float))
    ]
    parts: list[Any] = [html.Summary(title), facts(("", ""), rows)]
    if e.failure.get("log"):
        parts += [html.H2("Log"), html.Pre(e.failure["log"], tabIndex="0")]
    parts += [_artifact(role, path, results) for role, path in e.artifacts.items()]
    return html.Details(parts, open=e.status != "done")


def _artifact(role: str, path: str, results: Results) -> html.Details:
    text, remark = readable_file(results.database.artifacts, path)
    summary = html.Summary(f"{role}: {path}" + (f" ({remark})" if remark else ""))
    return html.Details([summary, *([html.Pre(text, tabIndex="0")] if text else [])])


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
        numbers = source.table(study).parameters.index
        first = address.text("point") or (str(numbers[0]) if len(numbers) else "0")
        return _both(source, study, first, address.text("beside"), theme)
