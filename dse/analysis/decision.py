"""The design to build: one point of a front, what its numbers rest on, and what lies beside it.

Command line and dashboard ask here, so that both give the same answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dse.analysis.columns import Column
from dse.analysis.comparison import Cell, Front, Row, compare, front
from dse.analysis.conditions import Mask
from dse.analysis.intervals import Interval, told_apart
from dse.analysis.limits import StudyLimits, within
from dse.analysis.overload import overload_text
from dse.analysis.points import Points, Selection
from dse.analysis.recommended import cost, recommended
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Direction
from dse.formatting import counted


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
        within: columns whose change is not told apart from none, see
            `dse.analysis.intervals.told_apart`.
    """

    number: int
    changes: Mapping[Column, float]
    within: frozenset[Column] = frozenset()


@dataclass(frozen=True)
class Decision:
    """The answer.

    Args:
        number: of the point.
        parameters: those that vary in the study.
        evidence: its numbers, in the order of the objectives.
        n_allowed: points that meet all conditions, fit their part and have all numbers.
        n_compared: all points of the study that have all numbers, allowed or not.
        n_beaten: those of them that are worse in some objective and better in none.
        n_too_large: points that meet all conditions and need more than their part has.
        n_front: points on the front.
        cheaper: the next cheaper design of the front, None if there is none.
        better: the next design of the front that is better in the first objective.
        neighbours: points that differ in one parameter by one step.
        n_unknown: points left out because they lack a metric of a condition.
    """

    number: int
    parameters: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    n_allowed: int
    n_compared: int
    n_beaten: int
    n_too_large: int
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
    """Return the design to build; None where no point that fits its part has all numbers.

    It is the cheapest of those whose first objective cannot be told from the best, see
    `dse.analysis.recommended`. With one objective it is the best.

    Args:
        points: the study.
        columns: objectives, the most important first.
        conditions: expressions that the design has to meet.
        limits: limits of the study that hold too.

    Raises:
        UsageError: a condition is wrong, no point meets all, or none of those fits its part.
    """
    chosen = within(points, points.select(conditions), limits or StudyLimits())
    fitting = fits(points)
    n_too_large = int((chosen.mask & ~fitting).sum())
    allowed = Selection(chosen.mask & fitting, chosen.n_unknown)
    if n_too_large and not allowed.mask.any():
        hint = "name a larger part, or loosen the conditions"
        raise UsageError(_too_large(points, chosen.mask & ~fitting), hint=hint)
    found = front(points, compare(points, columns, allowed))
    if not found.rows:
        return None
    best = recommended(points, found)
    row = best.row if best else found.rows[0]
    return _decision(points, found, row, Counts(chosen.n_unknown, n_too_large))


def _too_large(points: Points, mask: Mask) -> str:
    """Say what the point that comes nearest to fitting its part needs more of."""
    loads = points.loads[mask].max(axis=1)
    nearest = int(loads.index[int(loads.argmin())])
    needs = overload_text(points, nearest)
    if len(loads) == 1:
        return f"the one point that meets the conditions, {nearest}, does not fit its part: {needs}"
    many = f"all {counted(len(loads), 'point')} that meet the conditions need more than their part"
    return f"{many} has; nearest to it is point {nearest}: {needs}"


@dataclass(frozen=True)
class Counts:
    """Points that were left out: they lack a metric, or need more than their part has."""

    unknown: int
    too_large: int


def fits(points: Points) -> Mask:
    """Return whether each point fits its part; one whose load is not known does."""
    return ~(points.loads > 1).any(axis=1).to_numpy()


def _decision(points: Points, found: Front, row: Row, left_out: Counts) -> Decision:
    columns = found.comparison.columns
    everything = compare(points, columns, points.select(()))
    place = everything.numbers.index(row.number)
    cells = zip(columns, row.cells, strict=True)
    return Decision(
        number=row.number,
        parameters={k: v for k, v in row.parameters.items() if k in points.varying},
        evidence=tuple(Evidence(c, one.value, one.low, one.high, one.tool) for c, one in cells),
        n_allowed=len(found.comparison.numbers),
        n_compared=len(everything.numbers),
        n_beaten=len(beaten_by(everything.values, everything.directions, place)),
        n_too_large=left_out.too_large,
        n_front=len(found.rows),
        cheaper=_step(found, row, _next_cheaper(found, row)),
        better=_step(found, row, _next_better(found, row)),
        neighbours=tuple(neighbours(points, row.number)),
        n_unknown=left_out.unknown,
    )


def beaten_by(
    values: NDArray[np.float64], directions: Sequence[Direction], index: int
) -> NDArray[np.int64]:
    """Return the rows that one row dominates: it is as good in all columns, and better in one.

    Args:
        values: (n_points, n_metrics), finite.
        directions: one per metric.
        index: of the row.
    """
    costs = values * _signs(directions)
    worse = (costs >= costs[index]).all(axis=1) & (costs > costs[index]).any(axis=1)
    return np.flatnonzero(worse)


def that_beat(
    values: NDArray[np.float64], directions: Sequence[Direction], index: int
) -> NDArray[np.int64]:
    """Return the rows that dominate one row; arguments as of `beaten_by`."""
    costs = values * _signs(directions)
    better = (costs <= costs[index]).all(axis=1) & (costs < costs[index]).any(axis=1)
    return np.flatnonzero(better)


def _signs(directions: Sequence[Direction]) -> NDArray[np.float64]:
    """Return 1 for what is minimised and -1 for what is maximised."""
    return np.array([1.0 if direction == "minimise" else -1.0 for direction in directions])


def _gain(found: Front, row: Row) -> float:
    sign = 1 if found.comparison.directions[0] == "maximise" else -1
    return sign * row.cells[0].value


def _next_cheaper(found: Front, row: Row) -> Row | None:
    """Return the design with lower costs that gives up least of the first objective."""
    cheaper = [one for one in found.rows if cost(found, one) < cost(found, row)]
    return max(cheaper, key=lambda one: (_gain(found, one), -cost(found, one)), default=None)


def _next_better(found: Front, row: Row) -> Row | None:
    """Return the cheapest design that is better in the first objective."""
    better = [one for one in found.rows if _gain(found, one) > _gain(found, row)]
    return min(better, key=lambda one: cost(found, one), default=None)


def _step(found: Front, row: Row, other: Row | None) -> Step | None:
    if other is None:
        return None
    rows = list(zip(found.comparison.columns, other.cells, row.cells, strict=True))
    changes = {column: one.value - mine.value for column, one, mine in rows}
    within = (c for c, one, mine in rows if not told_apart(_interval(one), _interval(mine)))
    return Step(other.number, changes, frozenset(within))


def _interval(cell: Cell) -> Interval:
    return cell.low, cell.high


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
