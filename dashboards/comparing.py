"""Two to six designs beside each other: numbers, differences of configuration, curves, layers."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboards import components as ui
from dashboards.address import Address
from dashboards.built import built_against_estimated
from dashboards.design import SLANTED, layers_of, look, plot, shown_number
from dashboards.figures.bars import roc
from dashboards.figures.overlays import layers_beside
from dashboards.quantities import metric_label, origin_of, readable
from dashboards.source import Source
from dse.analysis.columns import Column
from dse.analysis.intervals import WITHIN, told_apart
from dse.analysis.objectives import objective_columns
from dse.analysis.seeds import seeds_text
from dse.contracts.metrics import Fidelity
from dse.formatting import value_text
from dse.store.queries import StoredEvaluation, StoredMetric, StoredPoint

_MARKS = "▲ better, ▼ worse and ≈ not told apart from the first design, as the intervals overlap"

MOST = 6
"""Designs that fit beside each other."""


def compared(
    source: Source, study: str, numbers: Sequence[int], theme: Any, narrow: float | None = None
) -> list[Any]:
    """Return the comparison of designs; the first is what the others are measured against."""
    table = source.table(study)
    points = [one for number in numbers for one in table.records(number)]
    found = {n: source.results.evaluations(study, n) for n in numbers}
    objectives = objective_columns(table)
    panels = [
        html.H2("Parameters that differ"),
        ui.wide(_parameters(points, table.varying)),
        html.H2("Numbers"),
        ui.note(f"{_MARKS}; objectives first. {SLANTED}"),
        ui.wide(_metrics(study, points, objectives, _failed(found))),
        *built_against_estimated(points),
        html.H2("What was built differently"),
        _configurations(found),
    ]
    return [html.Div(panels, className="panel"), *_figures(found, theme, narrow)]


def _parameters(points: Sequence[StoredPoint], varying: Sequence[str]) -> html.Table:
    rows = {
        readable(name): [value_text(point.parameters.get(name)) for point in points]
        for name in varying
    }
    differ = {name: row for name, row in rows.items() if len(set(row)) > 1}
    return _table("parameter", points, [[name, *row] for name, row in differ.items()])


def _table(first: str, points: Sequence[StoredPoint], rows: Sequence[Sequence[Any]]) -> html.Table:
    heads = [html.Th(first, scope="col")]
    heads += [html.Th(f"point {point.number}", scope="col") for point in points]
    body = [html.Tr([c if isinstance(c, html.Td) else html.Td(c) for c in row]) for row in rows]
    return html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="facts")


Failed = frozenset[tuple[int, str]]
"""Numbers of points with the backend that failed on them."""


def _failed(found: Mapping[int, Sequence[StoredEvaluation]]) -> Failed:
    return frozenset((n, e.backend) for n, some in found.items() for e in some if e.failure)


def _metrics(
    study: str, points: Sequence[StoredPoint], objectives: Sequence[Column], failed: Failed
) -> html.Table:
    """Return a row per metric: objectives first, then by fidelity, the closest to a build first."""
    chosen = ",".join(str(point.number) for point in points)
    link = Address({"study": study, "points": chosen}).link
    kinds = {(m.name, m.backend, m.fidelity): m for point in points for m in point.metrics}
    places = {(c.metric, c.backend, c.fidelity): i for i, c in enumerate(objectives)}
    order = sorted(kinds, key=lambda k: (places.get(k, len(places)), -k[2].rank, k[2], k[0], k[1]))
    rows = []
    for kind in order:
        found = [_of(point, kind) for point in points]
        label = f"{metric_label(kind[0])} ({origin_of(kind[1], kind[2])})"
        seeds = [seeds_text([point]) if kind[2] is Fidelity.IMPLEMENTED else "" for point in points]
        cells = [_cell(found[0], one, seed) for one, seed in zip(found, seeds, strict=True)]
        for cell, point, one in zip(cells, points, found, strict=True):
            if one is None and (point.number, kind[1]) in failed:
                cell.children = f"{kind[1]} failed"
        rows.append([label, *cells])
    table = _table("metric", points, rows)
    for point, head in zip(points, table.children[0].children.children[1:], strict=True):
        head.children = dcc.Link(head.children, href=link("point", point=str(point.number)))
        head.className = "number"
    return table


def _of(point: StoredPoint, kind: tuple[str, str, Any]) -> StoredMetric | None:
    return next((m for m in point.metrics if (m.name, m.backend, m.fidelity) == kind), None)


def _cell(base: StoredMetric | None, one: StoredMetric | None, seed: str) -> html.Td:
    """Return a number, marked by a sign and a colour if it is better or worse than the first.

    A difference within the intervals of both is neither, and says so.
    """
    if one is None:
        return html.Td("–", className="number")
    text = ", ".join(filter(None, (shown_number(one), seed)))
    if base is None or one.value == base.value:
        return html.Td(text, className=f"number {look(one)}")
    if not told_apart((base.low, base.high), (one.low, one.high)):
        return html.Td(f"≈ {text} ({WITHIN})", className=f"number {look(one)}")
    better = (one.value > base.value) == (one.direction == "maximise")
    change = f" ({one.value / base.value - 1:+.1%})" if base.value else ""
    mark = "▲" if better else "▼"
    kind = "better" if better else "worse"
    spoken = html.Span(f", {kind}", className="unseen")  # screen readers read signs differently
    return html.Td([f"{mark} {text}{change}", spoken], className=f"number {kind} {look(one)}")


def _configurations(found: Mapping[int, Sequence[StoredEvaluation]]) -> Any:
    """Return the effective settings in which the designs differ."""
    settings = {number: dict(_settings(some)) for number, some in found.items()}
    names = dict.fromkeys(name for own in settings.values() for name in own)
    rows = []
    for name in names:
        values = [settings[number].get(name) for number in found]
        if len({repr(value) for value in values}) > 1:
            rows.append([*name, *("–" if v is None else value_text(v) for v in values)])
    if not rows:
        return ui.note("All effective settings are equal.")
    heads = ("backend", "layer", "setting", *(f"point {number}" for number in found))
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in heads]))
    body = html.Tbody([html.Tr([html.Td(cell) for cell in row]) for row in rows])
    table = html.Table([head, body], className="facts")
    title = html.Summary(f"{len(rows)} effective settings differ")
    return html.Details([title, ui.wide(table)], open=len(rows) <= _OPEN)


_OPEN = 12
"""Rows up to which the differences of configuration are unfolded."""


def _settings(evaluations: Sequence[StoredEvaluation]) -> Any:
    """Yield (backend, layer, setting) and the effective value."""
    for one in evaluations:
        layers = one.effective.get("layers")
        for layer, sides in (layers if isinstance(layers, Mapping) else {}).items():
            effective = sides.get("effective") if isinstance(sides, Mapping) else None
            for name, value in (effective if isinstance(effective, Mapping) else {}).items():
                yield (one.backend, layer, name), value


def _figures(
    found: Mapping[int, Sequence[StoredEvaluation]], theme: Any, narrow: float | None
) -> list[html.Div]:
    curves = {
        f"point {number} ({one.backend})": one.effective["roc"]
        for number, some in found.items()
        for one in some
        if one.effective.get("roc")
    }
    panels = [plot("ROC curves", roc(curves, theme), narrow)] if curves else []
    backends = dict.fromkeys(one.backend for some in found.values() for one in some)
    for backend in backends:
        frames = _layers(found, backend)
        if any(len(frame) for frame in frames.values()):
            figure = layers_beside(frames, theme, "No layer has a count")
            panels.append(plot(f"Resources by layer ({backend})", figure, narrow))
    return [html.Div(panel, className="panel") for panel in panels]


def _layers(
    found: Mapping[int, Sequence[StoredEvaluation]], backend: str
) -> dict[str, pd.DataFrame]:
    own = {n: next((e for e in some if e.backend == backend), None) for n, some in found.items()}
    return {f"point {n}": layers_of(e) if e else pd.DataFrame() for n, e in own.items()}
