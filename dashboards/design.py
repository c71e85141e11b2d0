"""One design on a page: what was asked, what was built, what it costs, where it comes from."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboards import components as ui
from dashboards.axes import readable
from dashboards.downloads import plot_config
from dashboards.figures.bars import by_layer, roc
from dashboards.files import readable_file
from dse.analysis.effective import differences
from dse.store.queries import Results, StoredEvaluation, StoredMetric, StoredPoint, in_utc
from dse.texts import number


def design(results: Results, study: str, point: int, theme: Any) -> html.Div:
    """All that is stored of a point.

    Args:
        results: the database.
        study: its name.
        point: the number of one of its points.
        theme: `light` or `dark`.
    """
    (stored,) = results.points(study, number=point)
    evaluations = results.evaluations(study, point)
    parts = [html.H2(f"Point {point}"), _parameters(stored), _metrics(stored)]
    parts += [_differences(evaluations), *_figures(evaluations, theme)]
    parts += [_evaluation(one, results) for one in evaluations]
    command = ["dse", "reproduce", str(point), "--study", study, "--db", results.database.shown]
    parts += [html.H2("Run it again"), html.Pre(shlex.join(command), tabIndex="0")]
    return html.Div(parts, className="panel")


def facts(
    headings: Sequence[str], rows: Sequence[Sequence[Any]], changed: Sequence[bool] = ()
) -> html.Table:
    """A plain table; numbers to the right, changed rows marked."""
    marks = changed or [False] * len(rows)
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in headings]))
    body = [
        html.Tr([_cell(cell) for cell in row], className="changed" if mark else "")
        for row, mark in zip(rows, marks, strict=True)
    ]
    return html.Table([head, html.Tbody(body)], className="facts")


def _cell(value: Any) -> html.Td:
    return (
        html.Td(number(value), className="number") if isinstance(value, float) else html.Td(value)
    )


def _parameters(point: StoredPoint) -> html.Table:
    return facts(
        ("parameter", "value"),
        [(readable(name), str(value)) for name, value in point.parameters.items()],
    )


def _metrics(point: StoredPoint) -> Any:
    found = sorted(point.metrics, key=lambda m: (m.name, m.fidelity.rank))
    if not found:
        return ui.note("No metrics.")
    headings = ("metric", "value", "unit", "95 % interval", "fidelity", "backend", "tool")
    rows = [
        (readable(m.name), m.value, m.unit, _interval(m), m.fidelity.value, m.backend, m.tool)
        for m in found
    ]
    return html.Div([html.H2("Metrics"), facts(headings, rows)])


def _interval(metric: StoredMetric) -> str:
    if metric.low is None or metric.high is None:
        return ""
    return f"{number(metric.low)} – {number(metric.high)}"


def _differences(evaluations: Sequence[StoredEvaluation]) -> Any:
    rows = [
        (d.backend, d.layer or "(whole design)", d.setting, d.requested, d.effective)
        for e in evaluations
        for d in differences(e.backend, e.effective)
    ]
    if not rows:
        return ui.note("Everything was built as asked." if evaluations else "Not evaluated yet.")
    headings = ("backend", "layer", "setting", "requested", "effective")
    table = facts(headings, rows, [True] * len(rows))
    return html.Div([html.H2("Built otherwise than asked"), table])


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
    parts: list[Any] = [html.Summary(_title(e)), facts(("setting", "value"), _settings(e))]
    if e.failure.get("log"):
        parts += [html.H3("Log"), html.Pre(e.failure["log"], tabIndex="0")]
    parts += [_artifact(role, path, results) for role, path in e.artifacts.items()]
    return html.Details(parts, open=e.status != "done")


def _title(e: StoredEvaluation) -> str:
    took = f", {e.duration_s:.2f} s" if e.duration_s is not None else ""
    when = f"{in_utc(e.started_at):%Y-%m-%d %H:%M} UTC"
    return f"{e.backend}: {e.status}, {when}{took} on {e.host or 'unknown host'}"


def _settings(e: StoredEvaluation) -> list[tuple[str, str]]:
    """Where it comes from, why it failed, and what the backend noted in few words."""
    rows = [
        ("tool", e.tool),
        ("adapter version", str(e.adapter_version)),
        ("key", e.key),
        ("attempts", str(e.attempts)),
    ]
    rows += [(name, text) for name, text in e.failure.items() if text and name != "log"]
    plain = (str, int, float)
    return rows + [(name, str(v)) for name, v in e.effective.items() if isinstance(v, plain)]


def _artifact(role: str, path: str, results: Results) -> html.Details:
    text, remark = readable_file(results.database.artifacts, path)
    summary = html.Summary(f"{role}: {path}" + (f" ({remark})" if remark else ""))
    return html.Details([summary, *([html.Pre(text, tabIndex="0")] if text else [])])
