"""Read one study from the database column by column."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, String, and_, case, cast, select
from sqlalchemy import text as sql

from dse.analysis.columns import Column, order_of
from dse.contracts.metrics import Direction, Fidelity
from dse.store.queries import Results
from dse.store.schema import (
    FAILED,
    EvaluationRow,
    MetricRow,
    PointEvaluationRow,
    PointRow,
    StudyRow,
)

Replicas = np.ndarray[Any, np.dtype[np.float64]]
_AT_ONCE = 1000
"""Points named in one query; databases limit the bound parameters of a statement."""


@dataclass(frozen=True)
class Extent:
    """Number of points that have a value in a column, with the least and the largest value."""

    count: int
    low: float
    high: float

    @classmethod
    def of(cls, values: "pd.Series[float]") -> "Extent":
        """Return the extent of values, of which NaN are left out; NaN for least if all are."""
        return cls(int(values.count()), float(values.min()), float(values.max()))


class StoredColumns:
    """Queries for the current points of a study; every call reads from the database.

    Args:
        results: the database.
        study: name of the study.

    Raises:
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, results: Results, study: str) -> None:
        self._results = results
        self._study = study

    @property
    def here(self) -> ColumnElement[bool]:
        """SQL condition for the current points of this study.

        The condition on the number always holds. It makes SQLite walk the index of (study,
        number), mostly in the order of the table, instead of that of (study, digest), which
        visits the rows at random.
        """
        study = select(StudyRow.id).where(StudyRow.name == self._study).scalar_subquery()
        return and_(PointRow.study_id == study, PointRow.current, PointRow.number >= 0)

    def parameters(self) -> tuple[list[int], list[dict[str, Any]]]:
        """Return the numbers of the points, ascending, and the parameters of each."""
        # parsing one long JSON list takes a tenth of the time of parsing row by row
        text = cast(PointRow.parameters, String)
        query = select(PointRow.number, text).where(self.here).order_by(PointRow.number)
        rows = self._results.plain_rows(query)
        return [number for number, _ in rows], json.loads(f"[{','.join(v for _, v in rows)}]")

    def objectives(self) -> Mapping[str, Direction]:
        """Return the direction of each objective, by its name in the study file."""
        query = select(StudyRow.objectives).where(StudyRow.name == self._study)
        return next((found for (found,) in self._results.rows(query)), None) or {}

    def columns(self) -> list[Column]:
        """Return the columns in which at least one point has a number, by metric and backend."""
        # found by the database, so that a list of columns reads no values of points
        row = MetricRow
        kind = (row.name, PointEvaluationRow.backend, row.fidelity, row.unit, row.direction)
        query = (
            select(*kind)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.evaluation_id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(self.here)
            .distinct()
        )
        found = (
            Column(name, backend, Fidelity(fidelity), unit, direction)
            for name, backend, fidelity, unit, direction in self._results.plain_rows(query)
        )
        return sorted(found, key=order_of)

    def numbers(self, column: Column, every: int = 1) -> pd.DataFrame:
        """Return `value`, `low` and `high` of the points that have them, indexed by number.

        Args:
            column: metric, backend and fidelity.
            every: of so many points one is read.
        """
        row = MetricRow
        some = [PointRow.number % every == 0] if every > 1 else []
        query = (
            select(PointRow.number, row.value, row.low, row.high)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(row, row.evaluation_id == PointEvaluationRow.evaluation_id)
            .where(self.here, *some, *_is(column))
            .order_by(PointRow.number)
        )
        # one array of numbers, in which None is NaN: a frame of rows takes three times as long
        rows = np.array(self._results.plain_rows(query), dtype=np.float64).reshape(-1, 4)
        points = pd.Index(rows[:, 0].astype(np.int64), name="point")
        return pd.DataFrame(rows[:, 1:], index=points, columns=["value", "low", "high"])

    def replicas(self, column: Column, points: Sequence[int]) -> dict[int, Replicas]:
        """Return the bootstrap replicas, (n_replicas,), of the given points that have them."""
        query = (
            select(PointRow.number, MetricRow.replicas)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(MetricRow, MetricRow.evaluation_id == PointEvaluationRow.evaluation_id)
            .where(self.here, MetricRow.replicas.is_not(None), *_is(column))
        )
        return {
            number: np.frombuffer(stored, dtype="<f8")
            for some in _batches(points)
            for number, stored in map(tuple, self._results.rows(query.where(_among(some))))
        }

    def tools(self, backend: str, points: Sequence[int]) -> dict[int, str]:
        """Return name and version of the tool that a backend ran, by number of the point."""
        query = (
            select(PointRow.number, EvaluationRow.tool)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(EvaluationRow, EvaluationRow.id == PointEvaluationRow.evaluation_id)
            .where(self.here, PointEvaluationRow.backend == backend)
        )
        return {
            number: tool
            for some in _batches(points)
            for number, tool in map(tuple, self._results.rows(query.where(_among(some))))
        }

    def hardware(self, backend: str, points: Sequence[int]) -> dict[int, str]:
        """Return what a backend's evaluations ran on or were made for, by number of the point.

        The text has the tool, which names devices that run the network, and the parameters that
        name a part, a board or a device.
        """
        row = EvaluationRow
        named = [row.parameters[name].as_string() for name in ("part", "board", "device")]
        query = (
            select(PointRow.number, row.tool, *named)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(row, row.id == PointEvaluationRow.evaluation_id)
            .where(self.here, PointEvaluationRow.backend == backend)
        )
        return {
            number: ", ".join(filter(None, texts))
            for some in _batches(points)
            for number, *texts in map(tuple, self._results.rows(query.where(_among(some))))
        }

    def parts(self, backend: str, points: Sequence[int]) -> list[str]:
        """Return the parts that a backend's evaluations were made for, each once, sorted."""
        row, part = EvaluationRow, EvaluationRow.parameters["part"].as_string()
        query = (
            select(part)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(self.here, PointEvaluationRow.backend == backend, part.is_not(None))
            .distinct()
        )
        some = (self._results.rows(query.where(_among(batch))) for batch in _batches(points))
        return sorted({str(name) for rows in some for (name,) in rows if name})

    def targets(self, backend: str, points: Sequence[int]) -> list[str]:
        """Return part and clock of a backend's evaluations, such as ``xcvu9p at 5 ns``, each once.

        Evaluations of backends that have no part are not among them.
        """
        row = EvaluationRow
        part = row.parameters["part"].as_string()
        period = row.parameters["clock_period_ns"].as_float()
        query = (
            select(part, period)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(self.here, PointEvaluationRow.backend == backend, part.is_not(None))
            .distinct()
        )
        some = (self._results.rows(query.where(_among(batch))) for batch in _batches(points))
        pairs = {(str(name), clock) for rows in some for name, clock in map(tuple, rows) if name}
        return sorted(name if clock is None else f"{name} at {clock:g} ns" for name, clock in pairs)

    def failures(self) -> pd.DataFrame:
        """Return failed evaluations, one row each: point, backend, kind, message, hint."""
        row = EvaluationRow
        columns = (row.backend, row.failure_kind, row.failure_message, row.failure_hint)
        query = (
            select(PointRow.number, *columns)
            # from the failures on, which are few: outer joins, and a condition in `case`, keep
            # SQLite from walking through all points instead
            .select_from(row)
            .outerjoin(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.id)
            .outerjoin(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(sql(f"evaluation.{FAILED}"), case((self.here, 1), else_=0) == 1)
            .order_by(PointRow.number, row.backend)
        )
        names = ["point", "backend", "kind", "message", "hint"]
        return pd.DataFrame(self._results.plain_rows(query), columns=names)


def _is(column: Column) -> tuple[ColumnElement[bool], ...]:
    return (
        PointEvaluationRow.backend == column.backend,
        MetricRow.name == column.metric,
        MetricRow.fidelity == column.fidelity.value,
    )


def _batches(points: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(points[i : i + _AT_ONCE]) for i in range(0, len(points), _AT_ONCE)]


def _among(points: Sequence[int]) -> ColumnElement[bool]:
    return PointRow.number.in_(points)
