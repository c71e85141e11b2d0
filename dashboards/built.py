"""Estimated against built: how many times what was predicted a design really takes."""

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboards import components as ui
from dashboards.quantities import metric_label, origin_of
from dse.analysis.built_ratios import BuiltRatio, built_ratios, ratio_sentences
from dse.formatting import number
from dse.store.queries import StoredPoint


def built_against_estimated(points: Sequence[StoredPoint]) -> list[Any]:
    """Return title, sentence of the first point and table; nothing where no metric has both."""
    found = {point.number: built_ratios(point) for point in points}
    kinds = {_kind(one): one for some in found.values() for one in some}
    if not kinds:
        return []
    heads = ["metric", "from", *(f"point {number}" for number in found)]
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in heads]))
    rows = [_row(one, list(found.values())) for one in kinds.values()]
    first = next(iter(found))
    titles = {one.built.name: metric_label(one.built.name) for one in kinds.values()}
    said = [f"Point {first}: {text}" for text in ratio_sentences(found[first], titles)]
    table = html.Table([head, html.Tbody(rows)], className="facts")
    return [html.H2("Built against estimated"), *map(ui.note, said), ui.wide(table)]


def _kind(one: BuiltRatio) -> tuple[str, ...]:
    built, guess = one.built, one.estimated
    return built.backend, built.fidelity, guess.backend, guess.fidelity, built.name


def _row(kind: BuiltRatio, found: Sequence[Sequence[BuiltRatio]]) -> html.Tr:
    same = [next((one for one in some if _kind(one) == _kind(kind)), None) for some in found]
    origins = [origin_of(one.backend, one.fidelity) for one in (kind.built, kind.estimated)]
    cells = [html.Td(_cell(one), className="number") for one in same]
    label = html.Td(metric_label(kind.built.name))
    return html.Tr([label, html.Td(" against ".join(origins)), *cells])


def _cell(one: BuiltRatio | None) -> str:
    if one is None:
        return "–"
    numbers = f"{number(one.built.value)} against {number(one.estimated.value, one.built.unit)}"
    return numbers if one.ratio is None else f"{one.ratio:.2g} ({numbers})"
