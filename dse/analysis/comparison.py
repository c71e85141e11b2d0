"""Compare points in some metrics: their numbers side by side, and the front among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.analysis.columns import Column
from dse.analysis.front import front_mask
from dse.analysis.points import Points, Selection
from dse.analysis.stored_columns import Replicas
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Direction


@dataclass(frozen=True)
class Comparison:
    """Points that have a number in every column.

    Args:
        columns: what is compared.
        numbers: of the points, ascending.
        values: theirs, (n_points, n_columns).
        n_candidates: points that were looked at.
        n_unknown: points that no condition could be tried on; they are no candidates.
    """

    columns: tuple[Column, ...]
    numbers: tuple[int, ...]
    values: NDArray[np.float64]
    n_candidates: int
    n_unknown: int = 0

    @property
    def n_without(self) -> int:
        """Candidates that lack one of the numbers."""
        return self.n_candidates - len(self.numbers)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """One per column."""
        return tuple(column.direction for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """One per column: its metric, with backend and fidelity where it needs them."""
        return short_titles(self.columns)


def short_titles(columns: Sequence[Column]) -> tuple[str, ...]:
    """The metric of each column; with the backend, then the fidelity, where it stands twice."""
    metrics = [column.metric for column in columns]
    qualified = [column.qualified for column in columns]
    return tuple(
        c.metric
        if metrics.count(c.metric) == 1
        else (c.qualified if qualified.count(c.qualified) == 1 else f"{c.qualified}.{c.fidelity}")
        for c in columns
    )


def compare(points: Points, columns: Sequence[Column], chosen: Selection) -> Comparison:
    """Return the numbers of chosen points in some columns.

    Args:
        points: of a study.
        columns: from `Points.column`.
        chosen: candidates.

    Raises:
        UsageError: there is nothing to compare.
    """
    if not chosen.mask.any():
        missing = f"; {chosen.n_unknown} lack a metric of a condition" if chosen.n_unknown else ""
        message = f"no point is left to compare{missing}"
        raise UsageError(message, hint="loosen --where or --constraint")
    table = np.stack([points.numbers(c)["value"].to_numpy() for c in columns], axis=1)
    whole = chosen.mask & ~np.isnan(table).any(axis=1)
    numbers = tuple(points.parameters.index[whole].tolist())
    n_candidates = int(chosen.mask.sum())
    return Comparison(tuple(columns), numbers, table[whole], n_candidates, chosen.n_unknown)


@dataclass(frozen=True)
class Cell:
    """One number of a front, with its 95 % interval and its tool.

    It ties where the paired difference to the best of the front is within its interval of zero.
    """

    value: float
    low: float | None
    high: float | None
    tool: str
    tie: bool = False


@dataclass(frozen=True)
class Row:
    """One point of a front."""

    number: int
    parameters: Mapping[str, Any]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Front:
    """The non-dominated rows of a comparison, sorted by the first column, best first."""

    comparison: Comparison
    rows: tuple[Row, ...]


def front(points: Points, comparison: Comparison) -> Front:
    """Return the Pareto front of compared points."""
    values, directions = comparison.values, comparison.directions
    kept = np.flatnonzero(front_mask(values, directions))
    sign = -1 if directions[0] == "maximise" else 1
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
        Cell(value, _known(low), _known(high), tools[number], tie)
        for number, (value, low, high), tie in rows
    ]


def _known(end: float) -> float | None:
    return None if np.isnan(end) else end


def _ties(
    values: NDArray[np.float64],
    column: Column,
    replicas: Mapping[int, Replicas],
    numbers: Sequence[int],
) -> list[bool]:
    if not len(values):
        return []
    best = int(values.argmax() if column.direction == "maximise" else values.argmin())
    reference = replicas.get(numbers[best])
    return [
        index != best and _within(replicas.get(number), reference)
        for index, number in enumerate(numbers)
    ]


def _within(mine: Replicas | None, best: Replicas | None) -> bool:
    """Whether zero is within the 95 % interval of the paired difference of replicas."""
    if mine is None or best is None or len(mine) != len(best):
        return False
    low, high = np.quantile(mine - best, [0.025, 0.975])
    return bool(low <= 0 <= high)


def best_of(points: Points, column: Column, direction: Direction, chosen: Selection) -> Front:
    """Return the points with the least or the most of one column; raises as `compare` does."""
    return front(points, compare(points, [replace(column, direction=direction)], chosen))
