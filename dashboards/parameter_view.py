"""Data of the parameters page: complete rows, rows within brushes, importance."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import pandas as pd

from dashboards.address import Address
from dashboards.quantities import Quantity, axis_positions, objective_names, quantities, readable
from dashboards.source import Source
from dse.analysis.columns import Column
from dse.analysis.points import Points
from dse.search.importance import DependentParameters, importances, varying_axes
from dse.store.queries import StoredMetric, StoredPoint

Rows = TypeVar("Rows", pd.DataFrame, "pd.Series[Any]")
_EVALUATED = 300
"""Points from which importance is computed: a random forest takes seconds for more."""


def chosen(source: Source, address: Address) -> tuple[Mapping[str, Quantity], list[str], str]:
    """Return the quantities, the names of the axes, and the name of the one that colours lines."""
    summary = source.study(address.text("study"))
    table = source.table(summary.name)
    known = quantities(table)
    metrics = [name for name, quantity in known.items() if quantity.column]
    kept = address.items("objectives", objective_names(table))
    objectives = [name for name in kept if name in known] or metrics[:2]
    asked = [name for name in address.items("axes") if name in known]
    colour = address.choice("colour", known, next(iter(objectives), ""))
    return known, asked or [*table.varying, *objectives], colour


def settled(source: Source, study: str) -> dict[str, str]:
    """Return what the page keeps from its opening on, while further results come in."""
    names = objective_names(source.table(study))
    return {"objectives": "|".join(names)} if names else {}


def frame_of(source: Source, address: Address) -> tuple[pd.DataFrame, dict[str, str], str]:
    """Return rows without missing values, titles of the columns, and the column for colour."""
    known, names, colour = chosen(source, address)
    table = source.table(source.study(address.text("study")).name)
    columns = list(dict.fromkeys([*names, *([colour] if colour else [])]))
    frame = pd.DataFrame({n: known[n].values(table) for n in columns}).dropna()
    return frame, _titles([known[name] for name in columns]), colour


def _titles(shown: Sequence[Quantity]) -> dict[str, str]:
    """Return titles by name: the short one if it is unique, else the full one."""
    short = [quantity.short for quantity in shown]
    return {q.name: q.short if short.count(q.short) == 1 else q.title for q in shown}


Brushes = Mapping[str, Sequence[tuple[float, float]]]
"""Selected ranges by name of the axis; a text counts as its position on the axis."""
_PREFIX = "brush."


def brushes_of(address: Address) -> Brushes:
    """Return the brushes of an address, such as ``brush.total_bits=5..9|11..12``."""
    names = [name for name in address.values if name.startswith(_PREFIX)]
    found = {
        name.removeprefix(_PREFIX): [
            interval
            for text in address.items(name)
            if (interval := Address({"": text}).interval(""))
        ]
        for name in names
    }
    return {name: ranges for name, ranges in found.items() if ranges}


def brushed(frame: pd.DataFrame, brushes: Brushes) -> pd.DataFrame:
    """Return the rows within the ranges of all brushed axes; brushes of other names are ignored."""
    mask = pd.Series(True, index=frame.index)
    for name, ranges in brushes.items():
        if name in frame:
            where = axis_positions(frame[name])
            inside = [where.between(low, high) for low, high in ranges]
            mask &= pd.concat(inside, axis=1).any(axis=1)
    return frame[mask]


def merged(before: Brushes, restyle: Sequence[Any] | None, names: Sequence[str]) -> Brushes:
    """Return all brushes after one changed: Plotly reports only the changed one.

    Args:
        before: all brushes before the change.
        restyle: Plotly's `restyleData`.
        names: names of the axes in their order.
    """
    found = dict(before)
    changes = restyle[0] if restyle and isinstance(restyle[0], dict) else {}
    for key, value in changes.items():
        axis = re.fullmatch(r"dimensions\[([0-9]{1,4})\]\.constraintrange", key)
        if not axis or int(axis[1]) >= len(names):
            continue
        name = names[int(axis[1])]
        found.pop(name, None)
        if ranges := _ranges(value):
            found[name] = ranges
    return found


def _ranges(value: Any) -> list[Any]:
    """Return the ranges of one axis, which Plotly gives as ``[[low, high]]`` or a list of these."""
    given = value[0] if isinstance(value, list) and value else []
    several = bool(given) and isinstance(given, list) and isinstance(given[0], list)
    return [pair for pair in (given if several else [given]) if _is_range(pair)]


def _is_range(pair: Any) -> bool:
    ends = pair if isinstance(pair, list) and len(pair) == 2 else [None]
    return all(isinstance(end, int | float) and math.isfinite(end) for end in ends)


def sampled(rows: Rows, most: int) -> Rows:
    """Return at most `most` rows, always the same ones.

    They are drawn at random: equal steps through a grid could miss whole values of a parameter.
    """
    return rows.sample(n=most, random_state=0).sort_index() if len(rows) > most else rows


def importance_of(source: Source, address: Address) -> dict[str, float]:
    """Return the importance of each parameter for the colouring metric by fANOVA.

    Returns:
        Shares by readable name; empty if no metric is chosen or no parameter varies.

    Raises:
        UsageError: if there are too few points.
    """
    known, _, colour = chosen(source, address)
    column = known[colour].column if colour in known else None
    if column is None:
        return {}
    study = address.text("study")
    points = _sample(source.table(study), column)
    axes = (
        varying_axes(points, DependentParameters.of(source.results.source(study))) if points else ()
    )
    found = importances(points, column, axes, "fanova") if axes else {}
    return {readable(name): share for name, share in found.items()}


def _sample(table: Points, column: Column) -> list[StoredPoint]:
    """Return a sample of the points that have the metric, as records with it alone."""
    numbers = sampled(table.numbers(column)["value"].dropna(), _EVALUATED)
    records: list[Any] = table.parameters.loc[numbers.index].to_dict("records")
    # Importance reads values and parameters alone; interval, tool and the rest are left empty.
    kind = (column.unit, column.direction, column.fidelity, None, None, column.backend, "", 0)
    return [
        StoredPoint(table.study, n, p, (StoredMetric(column.metric, value, *kind),))
        for n, value, p in zip(numbers.index.tolist(), numbers.tolist(), records, strict=True)
    ]
