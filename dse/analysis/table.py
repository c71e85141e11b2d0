"""A study by columns: each is read from the database when first asked for, then kept."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Select, String, func, select, type_coerce

from dse.analysis.select import Column
from dse.analysis.what_if import COUNTS, capacity_of
from dse.errors import UsageError, nearest
from dse.expressions import Expression
from dse.metrics import CATALOGUE, Fidelity
from dse.store.queries import Results
from dse.store.schema import EvaluationRow, MetricRow, PointEvaluationRow, PointRow, StudyRow

Mask = NDArray[np.bool_]


def _order(column: Column) -> tuple[str, str, int]:
    return column.metric, column.backend, column.fidelity.rank


@dataclass(frozen=True)
class Extent:
    """How many points have a number, and between what these are."""

    count: int
    low: float
    high: float

    def scaled(self, factor: float) -> "Extent":
        """The same in another unit."""
        return Extent(self.count, self.low * factor, self.high * factor)


class Table:
    """The current points of a study; frames have one row per point, indexed by its number.

    Args:
        results: the database.
        study: its name.

    Raises:
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, results: Results, study: str) -> None:
        self.study = study
        self._results = results
        self._read: dict[Column, pd.DataFrame] = {}
        self.spent_s = 0.0
        """What reading has taken so far."""

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count the time of the block as spent on this table."""
        start = perf_counter()
        try:
            yield
        finally:
            self.spent_s += perf_counter() - start

    def _rows(self, query: "Select[*tuple[Any, ...]]") -> list[tuple[Any, ...]]:
        with self.spending():
            return [tuple(row) for row in self._results.rows(query)]

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """One column per parameter; None where a point has not got it."""
        # one parse of one long text takes a tenth of the time of one per row
        text = type_coerce(PointRow.parameters, String)
        query = (
            select(PointRow.number, text)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == self.study, PointRow.current)
            .order_by(PointRow.number)
        )
        rows = self._rows(query)
        values = json.loads(f"[{','.join(values for _, values in rows)}]")
        index = pd.Index([number for number, _ in rows], name="point", dtype=np.int64)
        return pd.DataFrame(values, index=index)

    @property
    def names(self) -> list[str]:
        """Of the parameters."""
        return [str(name) for name in self.parameters.columns]

    @cached_property
    def extents(self) -> Mapping[Column, Extent]:
        """What there are numbers of, by metric and backend: how many, and between what."""
        row = MetricRow
        kind = (row.name, PointEvaluationRow.backend, row.fidelity, row.unit, row.direction)
        query = (
            select(*kind, func.count(), func.min(row.value), func.max(row.value))
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.evaluation_id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == self.study, PointRow.current)
            .group_by(*kind)
        )
        found = {
            Column(name, backend, Fidelity(fidelity), unit, direction): Extent(*rest)
            for name, backend, fidelity, unit, direction, *rest in self._rows(query)
        }
        return {column: found[column] for column in sorted(found, key=_order)}

    @property
    def columns(self) -> tuple[Column, ...]:
        """Everything that at least one point has a number of, by metric and backend."""
        return tuple(self.extents)

    @cached_property
    def varying(self) -> list[str]:
        """Parameters with more than one value among the points."""
        frame = self.parameters
        texts = {name: frame[name].map(repr) for name in frame if frame[name].dtype == object}
        counts = {str(name): texts.get(name, frame[name]).nunique(dropna=False) for name in frame}
        return [name for name, count in counts.items() if count > 1]

    def numbers(self, column: Column) -> pd.DataFrame:
        """Its `value`, `low` and `high` (95 % interval); NaN where a point has none."""
        if column not in self._read:
            self._read[column] = self._numbers(column)
        return self._read[column]

    def _numbers(self, column: Column) -> pd.DataFrame:
        row = MetricRow
        query = (
            select(PointRow.number, row.value, row.low, row.high)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(row, row.evaluation_id == PointEvaluationRow.evaluation_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(
                StudyRow.name == self.study,
                PointRow.current,
                PointEvaluationRow.backend == column.backend,
                row.name == column.metric,
                row.fidelity == column.fidelity.value,
            )
        )
        rows = self._rows(query)
        names = ["point", "value", "low", "high"]
        frame = pd.DataFrame(rows, columns=names).set_index("point").astype(np.float64)
        return frame.reindex(self.parameters.index)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """Failed evaluations, one row each: point, backend, kind, message, hint."""
        row = EvaluationRow
        columns = (row.backend, row.failure_kind, row.failure_message, row.failure_hint)
        query = (
            select(PointRow.number, *columns)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == self.study, PointRow.current, row.failure_kind.is_not(None))
            .order_by(PointRow.number, row.backend)
        )
        names = ["point", "backend", "kind", "message", "hint"]
        return pd.DataFrame(self._rows(query), columns=names)

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
        try:
            expression = Expression.parse(condition)
        except ValueError as error:
            raise UsageError(str(error), where=condition) from error
        names = sorted(expression.names)
        columns = [self.named(name) for name in names]
        rows: list[Sequence[Any]] = list(zip(*(column.tolist() for column in columns), strict=True))
        if not names:
            rows = [()] * len(self.parameters)
        return np.array([_holds(expression, names, row) for row in rows], dtype=np.bool_)


def _holds(expression: Expression, names: Sequence[str], row: Sequence[Any]) -> bool:
    if any(value is None or value != value for value in row):  # noqa: PLR0124  (NaN)
        return False
    try:
        holds = expression.evaluate(dict(zip(names, row, strict=True)))
    except ValueError as error:
        raise UsageError(str(error), where=expression.text) from error
    if not isinstance(holds, bool):
        hint = "compare, such as total_bits <= 16"
        raise UsageError(f"gives {holds!r}, not true or false", where=expression.text, hint=hint)
    return holds


class OnPart(Table):
    """The same points with every share computed for another part, from stored counts.

    Args:
        results: the database.
        study: its name.
        part: device or full part name.

    Raises:
        UsageError: the capacity of the part is not known.
    """

    def __init__(self, results: Results, study: str, part: str) -> None:
        super().__init__(results, study)
        self._holds = capacity_of(part)

    @cached_property
    def extents(self) -> Mapping[Column, Extent]:
        """Shares of what the part has are those of the counts, others are left out."""
        own = super().extents
        found = {c: e for c, e in own.items() if not _is_share(c)}
        for column, extent in own.items():
            if column.metric in COUNTS and getattr(self._holds, column.metric):
                share = replace(column, metric=f"{column.metric}_pct", unit="%")
                found[share] = extent.scaled(self._share_of_one(column.metric))
        return {column: found[column] for column in sorted(found, key=_order)}

    def _share_of_one(self, count: str) -> float:
        """Per cent of the part."""
        return 100 / float(getattr(self._holds, count))

    def _numbers(self, column: Column) -> pd.DataFrame:
        if not _is_share(column):
            return super()._numbers(column)
        count = column.metric.removesuffix("_pct")
        counted = self.numbers(replace(column, metric=count, unit=CATALOGUE[count].unit))
        return counted.mul(self._share_of_one(count))


def _is_share(column: Column) -> bool:
    return column.unit == "%" and column.metric.removesuffix("_pct") in COUNTS
