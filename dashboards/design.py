"""The content of the point page: parameters, metrics, effective configuration and provenance."""

import shlex
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboards import components as ui
from dashboards.built import built_against_estimated
from dashboards.downloads import plot_buttons, plot_config
from dashboards.figures.bars import by_layer, roc
from dashboards.figures.style import HOLLOW
from dashboards.files import readable_file
from dashboards.fitting import fitted
from dashboards.layer_words import HEADINGS as LAYER_HEADINGS
from dashboards.layer_words import layer_rows
from dashboards.quantities import metric_label, origin_of, readable
from dashboards.targets import setting, targets
from dse.analysis.coarse_tables import TABLE_MEND, coarse_layers
from dse.analysis.columns import Column
from dse.analysis.decision_text import WORDS
from dse.analysis.effective import differences, merged_layers, warnings_of
from dse.analysis.objectives import objective_columns
from dse.analysis.overflow import MEND, overflows
from dse.analysis.points import Points
from dse.analysis.seeds import seeds_text
from dse.contracts.metrics import Fidelity
from dse.formatting import counted, elapsed, interval, number, readable_time
from dse.store.queries import Results, StoredEvaluation, StoredMetric, StoredPoint, in_utc


def designs(
    results: Results, study: str, points: Sequence[int], theme: Any, narrow: float | None = None
) -> list[Any]:
    """Return panels with everything that is stored of one point, or of two side by side.

    Args:
        results: the database.
        study: name of the study.
        points: numbers of one or two points.
        theme: `light` or `dark`.
        narrow: see `dashboards.fitting`.
    """
    engine = Points(results, study)
    stored = [one for point in points for one in engine.records(point)]
    evaluations = [results.evaluations(study, point) for point in points]
    place = ui.wide if len(points) > 1 else html.Div  # one design fits the narrowest page
    all_of_them = [e for some in evaluations for e in some]
    shared = [html.H2("Parameters"), place(_parameters(stored)), *targets(all_of_them)]
    shared += [html.H2("Metrics")]
    shared += [place(_metrics(stored, objective_columns(engine))), ui.note(SLANTED)]
    shared += [_tools(all_of_them), *built_against_estimated(stored)]
    both = zip(points, evaluations, strict=True)
    own = [_design_panel(results, point, found, theme, narrow) for point, found in both]
    return [html.Div(shared, className="panel"), html.Div(own, className="pair")]


def _design_panel(
    results: Results,
    point: int,
    found: Sequence[StoredEvaluation],
    theme: Any,
    narrow: float | None,
) -> html.Div:
    """Return the panel of one point: what is not compared line by line with another point."""
    parts = [html.H2(f"Point {point}"), _differences(found), *_layers(found)]
    parts += _figures(found, theme, narrow)
    parts += [_evaluation(one, results) for one in found]
    return html.Div(parts, className="panel")


def reproduction(results: Results, study: str, points: Sequence[int]) -> html.Pre:
    """Return the commands that evaluate points again and compare the numbers."""
    more = ["--study", study, "--db", results.database.shown]
    commands = [shlex.join(["dse", "reproduce", str(point), *more]) for point in points]
    return html.Pre("\n".join(commands), tabIndex="0")


def facts(
    headings: Sequence[Any], rows: Sequence[Sequence[Any]], changed: Sequence[bool] = ()
) -> html.Table:
    """Return a plain table with numbers right-aligned and changed rows marked.

    A row of one cell is a heading of the rows below it.
    """
    marks = changed or [False] * len(rows)
    kinds = ["number" if _is_number_column(rows, n) else "" for n in range(len(headings))]
    heads = zip(headings, kinds, strict=True)
    head = html.Thead(html.Tr([html.Th(text, scope="col", className=kind) for text, kind in heads]))
    body = [
        html.Tr(_cells(row, len(headings)), className="changed" if mark else "")
        for row, mark in zip(rows, marks, strict=True)
    ]
    return html.Table([head, html.Tbody(body)], className="facts")


def _is_number_column(rows: Sequence[Sequence[Any]], place: int) -> bool:
    cells = [row[place] for row in rows if len(row) > place]
    return any(isinstance(cell, float) or _is_number_cell(cell) for cell in cells)


def _is_number_cell(cell: Any) -> bool:
    return isinstance(cell, html.Td) and cell.className == "number"


def _cells(row: Sequence[Any], width: int) -> list[html.Td]:
    if len(row) == 1:
        return [html.Td(html.Strong(row[0]), colSpan=width)]
    return [_cell(cell) for cell in row]


def _cell(value: Any) -> html.Td:
    if not isinstance(value, float):
        return value if isinstance(value, html.Td) else html.Td(value)
    return html.Td("–" if isnan(value) else number(value), className="number")


def _parameters(points: Sequence[StoredPoint]) -> html.Table:
    """Return the parameters with a column per point; rows that differ are marked."""
    names = dict.fromkeys(name for point in points for name in point.parameters)
    values = [[str(point.parameters.get(name, "")) for point in points] for name in names]
    rows = [(readable(name), *row) for name, row in zip(names, values, strict=True)]
    headings = ("parameter", *(f"point {point.number}" for point in points))
    return facts(headings, rows, [len(set(row)) > 1 for row in values])


def _metrics(points: Sequence[StoredPoint], objectives: Sequence[Column]) -> Any:
    """Return the metrics with a column per point, intervals and the relative change.

    Objectives are first, in their order; the others by fidelity, the closest to a build first.
    """
    places = {(c.metric, c.backend, c.fidelity): place for place, c in enumerate(objectives)}
    found = {
        (
            places.get((m.name, m.backend, m.fidelity), len(places)),
            -m.fidelity.rank,
            m.fidelity,  # of equal ranks, too, one group each
            m.name,
            m.backend,
        ): m
        for p in points
        for m in p.metrics
    }
    if not found:
        return ui.note("No metrics are stored.")
    headings = ["metric", "from", *(f"point {point.number}" for point in points)]
    headings += ["change"] if len(points) > 1 else []
    rows: list[Sequence[Any]] = []
    before = ""
    for key in sorted(found):
        group = _OBJECTIVES if key[0] < len(places) else _group(found[key].fidelity, points)
        if group != before:
            rows.append([group])
        before = group
        rows.append(_metric(found[key], points))
    return facts(headings, rows)


_OBJECTIVES = "objectives of the study"


def _group(fidelity: Fidelity, points: Sequence[StoredPoint]) -> str:
    """Return how numbers were obtained, of routed ones with the seeds."""
    seeds = seeds_text(list(points)) if fidelity is Fidelity.IMPLEMENTED else ""
    return WORDS[fidelity] + (f" ({seeds})" if seeds else "")


def _metric(kind: StoredMetric, points: Sequence[StoredPoint]) -> list[Any]:
    same = (kind.name, kind.backend, kind.fidelity)
    found = [
        next((m for m in p.metrics if (m.name, m.backend, m.fidelity) == same), None)
        for p in points
    ]
    first, *others = found
    change = [_change(first, other) for other in others]
    cells = [html.Span(shown_number(m), className=f"numeral {look(m)}") if m else "" for m in found]
    return [metric_label(kind.name), origin_of(kind.backend, kind.fidelity), *cells, *change]


def shown_number(metric: StoredMetric) -> str:
    """Return a value with its unit and interval."""
    divisor, unit = readable_time(metric.value, metric.unit)
    value = metric.value / divisor
    text = number(value, unit)
    if metric.low is None or metric.high is None:
        return text
    return f"{text}  {interval(metric.low / divisor, metric.high / divisor, value)}"


SLANTED = "Slanted numbers are calculated by formulas: no tool has built or run the design."


def look(metric: StoredMetric) -> str:
    """Return the CSS class of a number, by how it was obtained."""
    return "predicted" if metric.fidelity in HOLLOW else ""


def _change(first: StoredMetric | None, second: StoredMetric | None) -> str:
    """Return the change in per cent of the first value; empty if there is none."""
    if first is None or second is None or first.value == second.value or not first.value:
        return ""
    return f"{second.value / first.value - 1:+.2%}"


def _tools(evaluations: Sequence[StoredEvaluation]) -> html.P:
    """Return a note that names the tool of each backend."""
    tools = sorted({f"{e.backend}: {e.tool}" for e in evaluations})
    return ui.note("; ".join(tools))


def _differences(evaluations: Sequence[StoredEvaluation]) -> Any:
    """Return the settings whose effective value differs from the requested one."""
    rows = [
        (d.backend, d.layer or "(whole design)", d.setting, d.requested, d.effective)
        for e in evaluations
        for d in differences(e.backend, e.effective)
    ]
    merged = {name: into for e in evaluations for name, into in merged_layers(e.effective).items()}
    joined = [f"Layer {name} is merged into {into}." for name, into in merged.items()]
    if not rows:
        same = " ".join(("All settings took effect as requested.", *joined))
        return ui.note(same if evaluations else "Not evaluated yet.")
    headings = ("backend", "layer", "setting", "requested", "effective")
    table = facts(headings, rows, [True] * len(rows))
    title = html.H2("Settings that took effect differently")
    return html.Div([title, table, *map(ui.note, joined)])


_OPEN = 15
"""Layers up to which their ranges are unfolded."""


def _layers(evaluations: Sequence[StoredEvaluation]) -> list[Any]:
    """Return what every layer can hold, in words."""
    rows = layer_rows(evaluations)
    if not rows:
        return []
    wrong = [row[-1] not in {"none", "not counted"} for row in rows]
    table = ui.wide(facts(LAYER_HEADINGS, rows, wrong))
    title = html.Summary(f"{counted(len(rows), 'layer')}, of which {sum(wrong)} lost values")
    folded = html.Details([title, table], open=len(rows) <= _OPEN)
    return [html.H2("Ranges of the layers"), folded]


def layers_of(evaluation: StoredEvaluation) -> pd.DataFrame:
    """Return the resources of every layer; empty if the tool reports none."""
    effective = evaluation.effective
    return _frame(effective.get("resources") or effective.get("costs") or {})


def overflows_of(evaluation: StoredEvaluation) -> pd.DataFrame:
    """Return the numbers of casts that overflowed, by layer."""
    return _frame(evaluation.effective.get("overflows") or {})


def _frame(layers: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(dict(layers), orient="index")
    return frame.select_dtypes("number") if len(frame) else frame


def _figures(
    evaluations: Sequence[StoredEvaluation], theme: Any, narrow: float | None
) -> list[Any]:
    found = []
    for e in evaluations:
        for title, frame in (
            (f"Resources by layer ({e.backend})", layers_of(e)),
            (f"Overflows by layer ({e.backend})", overflows_of(e)),
        ):
            if not frame.empty:
                found.append(plot(title, by_layer(frame, theme, "No layer has a count"), narrow))
        if lost := overflows(e.effective):
            found.append(ui.note(f"{'; '.join(map(str, lost))}. {MEND}."))
        if coarse := coarse_layers(e.effective):
            found.append(ui.note(f"{'; '.join(map(str, coarse))}; {TABLE_MEND}."))
    curves = {e.backend: e.effective["roc"] for e in evaluations if e.effective.get("roc")}
    if curves:
        found.append(plot("ROC curve", roc(curves, theme), narrow))
    return found


def plot(title: str, figure: Any, narrow: float | None) -> html.Div:
    """Return a plot with its title and buttons to save it."""
    config = {**plot_config(), "displayModeBar": False}
    plot = dcc.Graph(figure=figure, config=config, style=fitted(figure, narrow, "420px"))
    return html.Div([html.H2(title), plot_buttons(title), plot], className="panel inner")


def _evaluation(e: StoredEvaluation, results: Results) -> html.Details:
    parts: list[Any] = [html.Summary(_title(e)), facts(("setting", "value"), _settings(e))]
    if e.failure.get("log"):
        parts += [html.H3("Log"), html.Pre(e.failure["log"], tabIndex="0")]
    parts += [_artifact(role, path, results) for role, path in e.artifacts.items()]
    return html.Details(parts, open=e.status != "done")


def _title(e: StoredEvaluation) -> str:
    took = f", {elapsed(e.duration_s)}" if e.duration_s is not None else ""
    when = f"{in_utc(e.started_at):%Y-%m-%d %H:%M} UTC"
    return f"{e.backend}: {e.status}, {when}{took} on {e.host or 'unknown host'}"


def _settings(e: StoredEvaluation) -> list[tuple[str, str]]:
    """Return provenance, failure, warnings and the scalars of the effective configuration."""
    rows = [
        ("tool", e.tool),
        ("adapter version", str(e.adapter_version)),
        ("key", e.key),
        ("attempts", str(e.attempts)),
    ]
    rows += [(name, text) for name, text in e.failure.items() if text and name != "log"]
    rows += [("warning", text) for text in warnings_of(e.effective)]
    plain = (str, int, float)
    own = ((name, value) for name, value in e.effective.items() if isinstance(value, plain))
    return rows + [(name, setting(e, name, value)) for name, value in own]


def _artifact(role: str, path: str, results: Results) -> html.Details:
    text, remark = readable_file(results.database.artifacts, path)
    summary = html.Summary(f"{role}: {path}" + (f" ({remark})" if remark else ""))
    return html.Details([summary, *([html.Pre(text, tabIndex="0")] if text else [])])
