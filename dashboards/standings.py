"""Where a point stands, in words: on the front or not, what beats it, and what to take instead."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboards.address import Address
from dashboards.quantities import metric_label
from dashboards.source import Source
from dse.analysis.columns import Column
from dse.analysis.failed import failed_text
from dse.analysis.objectives import objective_columns
from dse.analysis.standing import standing
from dse.formatting import number

_LISTED = 12


def standing_panel(
    source: Source, study: str, point: int, address: Address | None = None
) -> html.Div:
    """Return the standing of a point in the objectives of its study.

    Args:
        source: the stored results.
        study: name of the study.
        point: number of the point.
        address: the page's, whose chosen points go along with the links.
    """
    table = source.table(study)
    columns = objective_columns(table)
    if not columns:
        return html.Div()
    found = standing(table, columns, point)
    failed = failed_text(table, point)
    if found.lacks:
        names = ", ".join(metric_label(column.metric) for column in found.lacks)
        why = f", as {failed}" if failed else ""
        return _panel([f"Point {point} is not compared: it has no {names}{why}."])
    values = {c: table.numbers(c)["value"] for c in columns}
    warned = [html.Br(), f"But {failed}: what it would have given is not known."] if failed else []
    if found.on_front:
        others = f"{found.n_compared - 1:,} others"
        text = f"Point {point} is on the front: none of {others} beats it"
        return _panel([f"{text}, and it beats {found.beats:,} of them.", *warned])
    link = (address or Address()).of_study(study).link
    shown = found.beaten_by[:_LISTED]
    links: list[Any] = [
        part
        for one in shown
        for part in (dcc.Link(str(one), href=link("point", point=str(one))), " ")
    ]
    more = f"and {len(found.beaten_by) - len(shown):,} more" * (len(found.beaten_by) > len(shown))
    beside = link("compare", points=f"{point},{found.nearest_better}")
    compare = dcc.Link("compare them", href=beside)
    text = f"Point {point} is not on the front. As good in all objectives and better in one: "
    nearest = _difference(values, point, found.nearest_better or 0)
    said = f"The nearest, point {found.nearest_better}: {nearest}"
    return _panel([text, *links, more, html.Br(), said, " · ", compare, *warned])


def _difference(values: "Mapping[Column, pd.Series[float]]", one: int, other: int) -> str:
    """Return what another point has instead, by objective."""
    parts = []
    for column, numbers in values.items():
        here, there = float(numbers[one]), float(numbers[other])
        if here != there:
            change = f" ({there / here - 1:+.1%})" if here else ""
            name = metric_label(column.metric)
            unit = column.unit
            parts.append(f"{name} {number(there, unit)} instead of {number(here, unit)}{change}")
    return "; ".join([*parts, *(["all else equal"] if len(parts) < len(values) else [])])


def _panel(content: list[Any]) -> html.Div:
    return html.Div(html.P(content, className="said"), className="panel")
