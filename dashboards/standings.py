"""Where a point stands, in words: on the front or not, what beats it, and what to take instead."""

from typing import Any

from dash import dcc, html

from dashboards.address import Address
from dashboards.quantities import metric_label
from dashboards.source import Source
from dse.analysis.objectives import objective_columns
from dse.analysis.standing import standing

_LISTED = 12


def standing_panel(source: Source, study: str, number: int) -> html.Div:
    """Return the standing of a point in the objectives of its study."""
    table = source.table(study)
    columns = objective_columns(table)
    if not columns:
        return html.Div()
    found = standing(table, columns, number)
    if found.lacks:
        names = ", ".join(metric_label(column.metric) for column in found.lacks)
        return _panel([f"Point {number} is not compared: it has no {names}."])
    if found.on_front:
        others = f"{found.n_compared - 1:,} others"
        return _panel([f"Point {number} is on the front: none of {others} beats it."])
    link = Address({"study": study}).link
    shown = found.beaten_by[:_LISTED]
    links: list[Any] = [
        part
        for one in shown
        for part in (dcc.Link(str(one), href=link("point", point=str(one))), " ")
    ]
    more = f"and {len(found.beaten_by) - len(shown):,} more" * (len(found.beaten_by) > len(shown))
    beside = link("compare", points=f"{number},{found.nearest_better}")
    compare = dcc.Link("compare with the nearest", href=beside)
    text = f"Point {number} is not on the front. As good in all objectives and better in one: "
    return _panel([text, *links, more, " · ", compare])


def _panel(content: list[Any]) -> html.Div:
    return html.Div(html.P(content, className="said"), className="panel")
