"""Parts and clocks that a design was evaluated for, and parts whose capacity is not known."""

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboards import components as ui
from dse.analysis.utilisation import part_problem
from dse.store.queries import StoredEvaluation


def targets(evaluations: Sequence[StoredEvaluation]) -> list[Any]:
    """Return part and requested clock period by backend, with warnings; empty without any."""
    rows = dict.fromkeys(_row(one) for one in evaluations if _part(one) or _period(one))
    if not rows:
        return []
    head = html.Tr([html.Th(text, scope="col") for text in _HEADS])
    body = [html.Tr([html.Td(text) for text in row]) for row in rows]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="facts")
    parts = dict.fromkeys(filter(None, map(_part, evaluations)))
    said = ((part, part_problem(part)) for part in parts)
    notes = [ui.note(f"part {part}: {problem}", "bad") for part, problem in said if problem]
    return [html.H2("Part and clock"), ui.wide(table), *notes]


_HEADS = ("backend", "part", "requested clock period")


def setting(one: StoredEvaluation, name: str, value: Any) -> str:
    """Return a setting as text; a clock that is ``requested`` with its period."""
    period = _period(one) if (name, value) == ("clock", "requested") else ""
    return f"{value}, {period}" if period else str(value)


def _row(one: StoredEvaluation) -> tuple[str, str, str]:
    return one.backend, _part(one) or "–", _period(one) or "–"


def _part(one: StoredEvaluation) -> str:
    part = one.parameters.get("part")
    return part if isinstance(part, str) else ""


def _period(one: StoredEvaluation) -> str:
    period = one.parameters.get("clock_period_ns")
    is_number = isinstance(period, int | float) and not isinstance(period, bool)
    return f"{period:g} ns" if is_number else ""
