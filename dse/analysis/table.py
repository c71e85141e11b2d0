"""A study by columns: each is read from the database when first asked for, then kept."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import RLock
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, String, and_, cast, func, select

from dse.analysis.conditions import Mask, meeting
from dse.analysis.select import SHORT_NAMES, Column
from dse.contracts.errors import UsageError, nearest
from dse.contracts.metrics import Direction, Fidelity
from dse.store.queries import Results
from dse.store.schema import EvaluationRow, MetricRow, PointEvaluationRow, PointRow, StudyRow

T = TypeVar("T")


def order_of(column: Column) -> tuple[str, str, int]:
    """By metric and backend, the lowest fidelity first."""
    return column.metric, column.backend, column.fidelity.rank


@dataclass(frozen=True)
class Extent:
    """How many points have a number, from how many evaluations, and between what."""

    count: int
    evaluations: int
    low: float
    high: float

    def scaled(self, factor: float) -> "Extent":
        """The same in another unit."""
        return Extent(self.count, self.evaluations, self.low * factor, self.high * factor)


class StudyTable:
    """The current points of a study; frames have one row per point, indexed by its number.

    Args:
        results: the database.
        study: its name.

    Raises:
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, results: Results, study: str) -> None:
        self.study = study
        self.spent_s = 0.0
        """What reading and computing have taken so far."""
        self._results = results
        self._lock = RLock()
        self._known: dict[object, Any] = {}

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, remembered with the table; threads that ask meanwhile wait."""
        if key not in self._known:
            with self._lock:
                if key not in self._known:
                    self._known[key] = self._timed(make)
        return self._known[key]  # type: ignore[no-any-return]

    def _timed(self, make: Callable[[], T]) -> T:
        before, start = self.spent_s, perf_counter()
        made = make()
        self.spent_s = before + perf_counter() - start  # what `make` counted itself is in it
        return made

    def read_all(self) -> None:
        """Read every number, so that nobody waits for it later."""
        for column in self.columns:
            self.numbers(column)

    @property
    def _here(self) -> ColumnElement[bool]:
        """Points of this study, by number: in the order in which most databases hold them."""
        study = select(StudyRow.id).where(StudyRow.name == self.study).scalar_subquery()
        return and_(PointRow.study_id == study, PointRow.current, PointRow.number >= 0)

    @property
    def parameters(self) -> pd.DataFrame:
        """One column per parameter; None where a point has not got it."""
        return self.once("parameters", self._parameters)

    def _parameters(self) -> pd.DataFrame:
        # one parse of one long text takes a tenth of the time of one per row
        text = cast(PointRow.parameters, String)
        query = select(PointRow.number, text).where(self._here).order_by(PointRow.number)
        rows = self._results.plain_rows(query)
        values = json.loads(f"[{','.join(values for _, values in rows)}]")
        index = pd.Index([number for number, _ in rows], name="point", dtype=np.int64)
        return pd.DataFrame(values, index=index)

    @property
    def names(self) -> list[str]:
        """Of the parameters."""
        return [str(name) for name in self.parameters.columns]

    @property
    def extents(self) -> Mapping[Column, Extent]:
        """What there are numbers of, by metric and backend: how many, and between what."""
        return self.once("extents", self._extents)

    def _extents(self) -> Mapping[Column, Extent]:
        row = MetricRow
        kind = (row.name, PointEvaluationRow.backend, row.fidelity, row.unit, row.direction)
        counts = (func.count(), func.count(row.evaluation_id.distinct()))
        query = (
            select(*kind, *counts, func.min(row.value), func.max(row.value))
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.evaluation_id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(self._here)
            .group_by(*kind)
        )
        wanted = self._directions()
        found = {}
        for name, backend, fidelity, unit, own, *rest in self._results.plain_rows(query):
            direction = wanted.get(name, own)
            found[Column(name, backend, Fidelity(fidelity), unit, direction)] = Extent(*rest)
        return {column: found[column] for column in sorted(found, key=order_of)}

    def _directions(self) -> Mapping[str, Direction]:
        """What the study wants more or less of, by metric."""
        query = select(StudyRow.objectives).where(StudyRow.name == self.study)
        objectives = next((found for (found,) in self._results.rows(query)), None) or {}
        return {
            metric: direction
            for name, direction in objectives.items()
            for metric in SHORT_NAMES.get(name, (name,))
        }

    @property
    def columns(self) -> tuple[Column, ...]:
        """Everything that at least one point has a number of, by metric and backend."""
        return tuple(self.extents)

    @property
    def distinct(self) -> Mapping[str, int]:
        """How many values each parameter has among the points."""
        return self.once("distinct", self._distinct)

    def _distinct(self) -> Mapping[str, int]:
        frame = self.parameters
        texts = {name: frame[name].map(repr) for name in frame if frame[name].dtype == object}
        return {str(name): texts.get(name, frame[name]).nunique(dropna=False) for name in frame}

    @property
    def varying(self) -> list[str]:
        """Parameters with more than one value among the points."""
        return [name for name, count in self.distinct.items() if count > 1]

    def numbers(self, column: Column) -> pd.DataFrame:
        """Its `value`, `low` and `high` (95 % interval); NaN where a point has none."""
        return self.once(column, lambda: self._numbers(column))

    def _numbers(self, column: Column) -> pd.DataFrame:
        row = MetricRow
        query = (
            select(PointRow.number, row.value, row.low, row.high)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(row, row.evaluation_id == PointEvaluationRow.evaluation_id)
            .where(
                self._here,
                PointEvaluationRow.backend == column.backend,
                row.name == column.metric,
                row.fidelity == column.fidelity.value,
            )
            .order_by(PointRow.number)
        )
        rows = self._results.plain_rows(query)
        names = ["point", "value", "low", "high"]
        frame = pd.DataFrame(rows, columns=names).set_index("point").astype(np.float64)
        return frame.reindex(self.parameters.index)

    @property
    def failures(self) -> pd.DataFrame:
        """Failed evaluations, one row each: point, backend, kind, message, hint."""
        return self.once("failures", self._failures)

    def _failures(self) -> pd.DataFrame:
        row = EvaluationRow
        columns = (row.backend, row.failure_kind, row.failure_message, row.failure_hint)
        query = (
            select(PointRow.number, *columns)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(self._here, row.failure_kind.is_not(None))
            .order_by(PointRow.number, row.backend)
        )
        names = ["point", "backend", "kind", "message", "hint"]
        return pd.DataFrame(self._results.plain_rows(query), columns=names)

    def of_metric(self, name: str) -> list[Column]:
        """Columns of one metric, the highest fidelity first."""
        found = [column for column in self.columns if column.metric == name]
        return sorted(found, key=lambda column: -column.fidelity.rank)

    def named(self, name: str) -> "pd.Series[Any]":
        """What a query calls `name`: a parameter, a metric, or ``<backend>_<metric>``.

        Of a metric from several backends, each point has its number of the highest fidelity.

        Raises:
            UsageError: there is nothing of that name; the hint lists what there is.
        """
        if name in self.parameters:
            return self.parameters[name]
        exact = [c for c in self.columns if name == f"{c.backend}_{c.metric}"]
        columns = self.of_metric(name) or exact
        if not columns:
            legal = [*self.names, *(c.metric for c in self.columns)]
            raise UsageError(f"'{name}' is no parameter or metric", hint=nearest(name, legal))
        values = self.numbers(columns[0])["value"]
        for column in columns[1:]:
            values = values.fillna(self.numbers(column)["value"])
        return values

    def meeting(self, condition: str) -> Mask:
        """Which points meet a condition such as ``total_bits <= 16 and lut < 1e5``.

        Raises:
            UsageError: it cannot be read, names what is not there, or gives no truth value.
        """
        return meeting(condition, self.named, len(self.parameters))
