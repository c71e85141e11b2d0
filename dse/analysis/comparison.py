"""Compare points in chosen metrics: a table of their numbers, and the front among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.analysis.columns import Column
from dse.analysis.front import front_mask
from dse.analysis.intervals import central_95
from dse.analysis.points import Points, Selection
from dse.analysis.stored_columns import Replicas
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Direction


@dataclass(frozen=True)
class Comparison:
    """The points that have a number in every compared column.

    Args:
        columns: compared columns.
        numbers: numbers of the points, ascending.
        values: their values, (n_points, n_columns).
        n_candidates: points that met all conditions.
        n_unknown: points that were excluded only because they lack a metric of a condition.
    """

    columns: tuple[Column, ...]
    numbers: tuple[int, ...]
    values: NDArray[np.float64]
    n_candidates: int
    n_unknown: int = 0

    @property
    def n_without(self) -> int:
        """Number of candidates that lack a value in some column."""
        return self.n_candidates - len(self.numbers)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Direction of each column."""
        return tuple(column.direction for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Title of each column, see `short_titles`."""
        return short_titles(self.columns)


def short_titles(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return a title per column: its metric, with backend and fidelity only where needed."""
    metrics = [column.metric for column in columns]
    qualified = [column.qualified for column in columns]
    return tuple(
        c.metric
        if metrics.count(c.metric) == 1
        else (c.qualified if qualified.count(c.qualified) == 1 else f"{c.qualified}.{c.fidelity}")
        for c in columns
    )


def compare(points: Points, columns: Sequence[Column], chosen: Selection) -> Comparison:
    """Return the values of selected points in some columns.

    Args:
        points: all points of a study.
        columns: from `Points.column`.
        chosen: the candidates, from `Points.select`.

    Raises:
        UsageError: no point is selected.
    """
    if not chosen.mask.any():
        missing = f"; {chosen.n_unknown} lack a metric of a condition" if chosen.n_unknown else ""
        message = f"no point is left to compare{missing}"
        raise UsageError(message, hint="loosen --where or --constraint, or give --no-limits")
    table = np.stack([points.numbers(c)["value"].to_numpy() for c in columns], axis=1)
    whole = chosen.mask & ~np.isnan(table).any(axis=1)
    numbers = tuple(points.parameters.index[whole].tolist())
    n_candidates = int(chosen.mask.sum())
    return Comparison(tuple(columns), numbers, table[whole], n_candidates, chosen.n_unknown)


@dataclass(frozen=True)
class Cell:
    """One value on a front, with its 95 % interval and the tool that gave it.

    `tie` says that the value cannot be told from the best of its column on the front: the 95 %
    interval of the paired bootstrap difference contains zero.
    """

    value: float
    low: float | None
    high: float | None
    tool: str
    tie: bool = False


@dataclass(frozen=True)
class Row:
    """One point on a front: its number, its parameters, and a cell per column."""

    number: int
    parameters: Mapping[str, Any]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Front:
    """The non-dominated points of a comparison, sorted by the first column, best first."""

    comparison: Comparison
    rows: tuple[Row, ...]


def front(points: Points, comparison: Comparison) -> Front:
    """Return the Pareto front of compared points, with intervals, tools and ties."""
    values, directions = comparison.values, comparison.directions
    kept = np.flatnonzero(front_mask(values, directions))
    sign = -1 if directions[0] == "maximise" else 1
    # lexsort's last key is the primary one: first the value, then the number of the point
    order = kept[np.lexsort((kept, sign * values[kept, 0]))]
    numbers = [comparison.numbers[index] for index in order]
    columns = [_cells(points, c, numbers) for c in comparison.columns]
    assignments = dict(zip(points.parameters.index, points.assignments, strict=True))
    rows = zip(*columns, strict=True)
    return Front(
        comparison,
        tuple(Row(n, assignments[n], cells) for n, cells in zip(numbers, rows, strict=True)),
    )


def _cells(points: Points, column: Column, numbers: Sequence[int]) -> list[Cell]:
    found = points.numbers(column).loc[list(numbers)].to_numpy()
    tools = points.stored.tools(column.backend, numbers)
    ties = _ties(found[:, 0], column, points.stored.replicas(column, numbers), numbers)
    rows = zip(numbers, found.tolist(), ties, strict=True)
    return [
        Cell(value, _none_if_nan(low), _none_if_nan(high), tools[number], tie)
        for number, (value, low, high), tie in rows
    ]


def _none_if_nan(end: float) -> float | None:
    return None if np.isnan(end) else end


def _ties(
    values: NDArray[np.float64],
    column: Column,
    replicas: Mapping[int, Replicas],
    numbers: Sequence[int],
) -> list[bool]:
    """Return, for each value, whether it ties with the best; the best itself does not."""
    if not len(values):
        return []
    best = int(values.argmax() if column.direction == "maximise" else values.argmin())
    reference = replicas.get(numbers[best])
    return [
        index != best and is_tie(replicas.get(number), reference)
        for index, number in enumerate(numbers)
    ]


def is_tie(mine: Replicas | None, best: Replicas | None) -> bool:
    """Return whether zero is within the 95 % interval of the paired difference of replicas."""
    if mine is None or best is None or len(mine) != len(best):
        return False
    # replica i of both resampled the same graphs (see `dse.analysis.roc`), so they subtract
    low, high = central_95(mine - best)
    return low <= 0 <= high


def best_of(points: Points, column: Column, direction: Direction, chosen: Selection) -> Front:
    """Return the points that are best in one column; equal ones all.

    Args:
        points: all points of a study.
        column: the metric.
        direction: what counts as best, whatever the column's own direction is.
        chosen: the candidates, from `Points.select`.

    Raises:
        UsageError: no point is selected.
    """
    return front(points, compare(points, [replace(column, direction=direction)], chosen))
