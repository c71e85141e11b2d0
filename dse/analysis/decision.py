"""The design to build: one point of a front, what its numbers rest on, and what lies beside it.

Command line and dashboard ask here, so that both give the same answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isnan, prod
from typing import Any

import numpy as np
import pandas as pd

from dse.analysis.columns import Column
from dse.analysis.comparison import Front, Row, compare, front
from dse.analysis.limits import StudyLimits, within
from dse.analysis.points import Points, Selection
from dse.analysis.recommended import recommended


@dataclass(frozen=True)
class Evidence:
    """One number of a design.

    Args:
        column: what it is, and from where.
        value: in the unit of the column.
        low: lower end of its interval; None where there is none.
        high: upper end of its interval.
        tool: name and version of the tool.
    """

    column: Column
    value: float
    low: float | None
    high: float | None
    tool: str


@dataclass(frozen=True)
class Step:
    """Another design of the front, beside the answer.

    Args:
        number: of the point.
        changes: by column, its value minus that of the answer.
    """

    number: int
    changes: Mapping[Column, float]


@dataclass(frozen=True)
class Decision:
    """The answer.

    Args:
        number: of the point.
        parameters: those that vary in the study.
        evidence: its numbers, in the order of the objectives.
        n_compared: points that meet all conditions and have all numbers, the answer included.
        n_beaten: those that are worse in some objective and better in none.
        n_front: points on the front.
        cheaper: the next cheaper design of the front, None if there is none.
        better: the next design of the front that is better in the first objective.
        neighbours: points that differ in one parameter by one step.
        n_unknown: points left out because they lack a metric of a condition.
    """

    number: int
    parameters: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    n_compared: int
    n_beaten: int
    n_front: int
    cheaper: Step | None
    better: Step | None
    neighbours: tuple[int, ...]
    n_unknown: int


def decide(
    points: Points,
    columns: Sequence[Column],
    conditions: Sequence[str] = (),
    limits: StudyLimits | None = None,
) -> Decision | None:
    """Return the design to build; None where no point has all numbers.

    It is the cheapest of those whose first objective cannot be told from the best, see
    `dse.analysis.recommended`. With one objective it is the best.

    Args:
        points: the study.
        columns: objectives, the most important first.
        conditions: expressions that the design has to meet.
        limits: limits of the study that hold too.

    Raises:
        UsageError: a condition is wrong, or no point meets all.
    """
    chosen = within(points, points.select(conditions), limits or StudyLimits())
    found = front(points, compare(points, columns, chosen))
    if not found.rows:
        return None
    best = recommended(points, found)
    row = best.row if best else found.rows[0]
    return _decision(points, found, row, chosen)


def _decision(points: Points, found: Front, row: Row, chosen: Selection) -> Decision:
    compared = found.comparison
    cells = zip(compared.columns, row.cells, strict=True)
    return Decision(
        number=row.number,
        parameters={k: v for k, v in row.parameters.items() if k in points.varying},
        evidence=tuple(Evidence(c, one.value, one.low, one.high, one.tool) for c, one in cells),
        n_compared=len(compared.numbers),
        n_beaten=beaten_by(
            compared.values, compared.directions, compared.numbers.index(row.number)
        ),
        n_front=len(found.rows),
        cheaper=_step(found, row, _next_cheaper(found, row)),
        better=_step(found, row, _next_better(found, row)),
        neighbours=tuple(neighbours(points, row.number)),
        n_unknown=chosen.n_unknown,
    )


def beaten_by(values: Any, directions: Sequence[str], index: int) -> int:
    """Return how many rows one row dominates: as good in all columns, and better in one."""
    sign = np.array([1.0 if direction == "minimise" else -1.0 for direction in directions])
    costs, mine = values * sign, values[index] * sign
    return int(((costs >= mine).all(axis=1) & (costs > mine).any(axis=1)).sum())


def beats(values: Any, directions: Sequence[str], index: int) -> Any:
    """Return the indices of the rows that dominate one row."""
    sign = np.array([1.0 if direction == "minimise" else -1.0 for direction in directions])
    costs, mine = values * sign, values[index] * sign
    return np.flatnonzero((costs <= mine).all(axis=1) & (costs < mine).any(axis=1))


def _cost(found: Front, row: Row) -> float:
    """Return the product of all costs; what is maximised divides."""
    pairs = zip(row.cells[1:], found.comparison.columns[1:], strict=True)
    return prod(
        cell.value if column.direction == "minimise" else 1 / (cell.value or inf)
        for cell, column in pairs
    )


def _gain(found: Front, row: Row) -> float:
    sign = 1 if found.comparison.directions[0] == "maximise" else -1
    return sign * row.cells[0].value


def _next_cheaper(found: Front, row: Row) -> Row | None:
    """Return the design with lower costs that gives up least of the first objective."""
    cheaper = [one for one in found.rows if _cost(found, one) < _cost(found, row)]
    return max(cheaper, key=lambda one: (_gain(found, one), -_cost(found, one)), default=None)


def _next_better(found: Front, row: Row) -> Row | None:
    """Return the cheapest design that is better in the first objective."""
    better = [one for one in found.rows if _gain(found, one) > _gain(found, row)]
    return min(better, key=lambda one: _cost(found, one), default=None)


def _step(found: Front, row: Row, other: Row | None) -> Step | None:
    if other is None:
        return None
    rows = zip(found.comparison.columns, other.cells, row.cells, strict=True)
    return Step(other.number, {column: one.value - mine.value for column, one, mine in rows})


def neighbours(points: Points, number: int) -> Iterator[int]:
    """Yield the points that differ from one in a single parameter, by one step."""
    frame = points.parameters[points.varying].map(_comparable)
    mine = frame.loc[number]
    differs = frame.ne(mine)
    alone = differs.sum(axis=1) == 1
    for name in frame.columns:
        values = sorted(frame[name].unique(), key=_order)
        place = values.index(mine[name])
        beside = values[max(place - 1, 0) : place] + values[place + 1 : place + 2]
        yield from frame.index[alone & differs[name] & frame[name].isin(beside)].tolist()


def _comparable(value: Any) -> Any:
    """Return a value that can be hashed: a list or mapping as its text, NaN as None."""
    if isinstance(value, list | dict):
        return repr(value)
    return None if isinstance(value, float) and isnan(value) else value


def _order(value: Any) -> tuple[int, float, str]:
    """Return the sort key of a parameter's value: numbers by size, then texts."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return 0, float(value), ""
    return 1, 0.0, str(value)


def table_of(points: Points, numbers: Sequence[int], columns: Sequence[Column]) -> pd.DataFrame:
    """Return varying parameters and some columns of some points, indexed by their numbers."""
    values = {points.written[column]: points.numbers(column)["value"] for column in columns}
    frame = pd.concat([points.parameters[points.varying], pd.DataFrame(values)], axis=1)
    return frame.loc[list(numbers)]
