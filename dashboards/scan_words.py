"""What the lines of a scan join, in words."""

from collections.abc import Sequence

import pandas as pd

from dashboards.presets import is_given
from dashboards.quantities import readable, written
from dashboards.scan_view import ScanPageState

_MOST_NAMED = 4
"""Parameters that are named; of more the number is given."""


def joined(view: ScanPageState, rows: pd.DataFrame) -> str:
    """Say what runs along the lines, what tells them apart, and what else differs or is fixed.

    Args:
        view: the state of the page.
        rows: what is drawn, as `dashboards.scan_view.all_rows` returns it.
    """
    drawn = rows.dropna(subset=["x", "y"])
    if drawn.empty or (view.preset and not is_given(view.table, view.preset)):
        return ""
    parts = [_along(view), _as_one(view, drawn), _others(view, drawn), _fixed(view)]
    return " ".join(f"{part}." for part in parts if part)


def _along(view: ScanPageState) -> str:
    lines, panels = view.role("line"), view.role("panel")
    each = [f"{kind} per {readable(n)}" for kind, n in (("line", lines), ("panel", panels)) if n]
    apart = f", with one {' and one '.join(each)}" if each else ""
    return f"Along a line {readable(view.known[view.x].label)} changes{apart}"


def _as_one(view: ScanPageState, drawn: pd.DataFrame) -> str:
    """Say that lines lie on each other, see `dashboards.scan_view.one_line`."""
    lines = view.role("line")
    alone = bool(lines) and bool((drawn["value"] == "").any())
    return f"Where {readable(lines)} changes nothing, its lines are drawn as one" if alone else ""


def _others(view: ScanPageState, drawn: pd.DataFrame) -> str:
    """Say what becomes of the parameters that neither axis, lines nor panels show."""
    shown = {view.x, view.role("line"), view.role("panel")}
    names = [readable(name) for name in view.table.varying if name not in shown]
    several = bool(drawn.duplicated(["metric", "panel", "line", "x"]).any())
    if not names:
        return ""
    differ = f"Designs differ in {_listed(names)} too"
    if not several:
        return f"{differ}, also along the lines"
    return f"{differ}: a line goes through the best of those at one place, the others are dots"


def _fixed(view: ScanPageState) -> str:
    """Name the parameters that all points have in common."""
    frame, varying = view.table.parameters, set(view.table.varying)
    names = [name for name in view.table.names if name not in varying]
    texts = [f"{readable(name)} = {written(frame[name].iloc[0])}" for name in names]
    return f"The same in all designs: {_listed(texts)}" if texts else ""


def _listed(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_NAMED
    if more > 1:
        texts = [*texts[:_MOST_NAMED], f"{more} other parameters"]
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last
