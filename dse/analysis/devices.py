"""Find the part that each stored evaluation was made for, and the capacity of that part."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, case, select

from dse.analysis.utilisation import Capacity, capacity_of_evaluation
from dse.store.queries import Results
from dse.store.schema import EvaluationRow, PointEvaluationRow, PointRow

AVAILABLE = "available"
"""Key of an effective configuration: capacities that the tool reports for its device."""

_PART = EvaluationRow.parameters["part"].as_string()
# Effective configurations are long, so they are read only where no parameter names the part.
_REPORTED = case((_PART.is_(None), EvaluationRow.effective[AVAILABLE].as_string()))


class Devices:
    """Capacities of the parts that points were evaluated for.

    Args:
        results: the database.
        here: SQL condition on the points.
        part: capacity to use for all points, instead of that of their own part.
    """

    def __init__(
        self, results: Results, here: ColumnElement[bool], part: Capacity | None = None
    ) -> None:
        self._results = results
        self._here = here
        self._part = part
        self._kinds: Mapping[str, list[Capacity]] | None = None

    @property
    def is_given(self) -> bool:
        """Whether one given part is used for all points."""
        return self._part is not None

    def kinds(self, backend: str) -> list[Capacity]:
        """Return the capacity of every distinct part among a backend's evaluations."""
        if self._part is not None:
            return [self._part]
        if self._kinds is None:
            self._kinds = self._read_kinds()
        return self._kinds.get(backend, [])

    def _read_kinds(self) -> Mapping[str, list[Capacity]]:
        query = (
            select(PointEvaluationRow.backend, _PART, _REPORTED)
            .join(EvaluationRow, EvaluationRow.id == PointEvaluationRow.evaluation_id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(self._here)
            .distinct()
        )
        found: dict[str, list[Capacity]] = {}
        for backend, part, reported in self._results.plain_rows(query):
            found.setdefault(backend, []).append(_capacity(part, reported))
        return found

    def by_point(self, backend: str) -> "pd.Series[Any]":
        """Return the capacity of each point's own part, by number of the point."""
        query = (
            select(PointRow.number, _PART, _REPORTED)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(EvaluationRow, EvaluationRow.id == PointEvaluationRow.evaluation_id)
            .where(self._here, PointEvaluationRow.backend == backend)
        )
        rows = self._results.plain_rows(query)
        known = {kind: _capacity(*kind) for kind in {tuple(row[1:]) for row in rows}}
        capacities = {number: known[part, reported] for number, part, reported in rows}
        return pd.Series(capacities, dtype=object)

    def by_evaluation(self) -> Mapping[int, Capacity]:
        """Return the capacity of the part of each evaluation, by id of the evaluation."""
        query = (
            select(EvaluationRow.id, _PART, _REPORTED)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == EvaluationRow.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(self._here)
        )
        rows = self._results.plain_rows(query)
        known = {kind: self._part or _capacity(*kind) for kind in {tuple(row[1:]) for row in rows}}
        return {row: known[part, reported] for row, part, reported in rows}


def _capacity(part: str | None, reported: str | None) -> Capacity:
    available = json.loads(reported) if reported else {}
    return capacity_of_evaluation(part or "", available if isinstance(available, dict) else {})
