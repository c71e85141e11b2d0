"""Which part each stored evaluation was made for, and what that part holds."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, case, select

from dse.analysis.utilisation import Capacity, capacity_of_evaluation
from dse.store.queries import Results
from dse.store.schema import EvaluationRow, PointEvaluationRow, PointRow

AVAILABLE = "available"
"""Key of an effective configuration: what the tool says its device holds, by count."""

_PART = EvaluationRow.parameters["part"].as_string()
# Effective configurations are long, so they are opened only where no parameter names the part.
_TOLD = case((_PART.is_(None), EvaluationRow.effective[AVAILABLE].as_string()))


class Devices:
    """Capacities of the parts of some points' evaluations.

    Args:
        results: the database.
        here: which rows of points count.
        part: capacity that holds for all of them, whatever they were made for.
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
        """Whether one part holds for all."""
        return self._part is not None

    def kinds(self, backend: str) -> list[Capacity]:
        """Every distinct part of a backend's evaluations."""
        if self._part is not None:
            return [self._part]
        if self._kinds is None:
            self._kinds = self._read_kinds()
        return self._kinds.get(backend, [])

    def _read_kinds(self) -> Mapping[str, list[Capacity]]:
        query = (
            select(PointEvaluationRow.backend, _PART, _TOLD)
            .join(EvaluationRow, EvaluationRow.id == PointEvaluationRow.evaluation_id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(self._here)
            .distinct()
        )
        found: dict[str, list[Capacity]] = {}
        for backend, part, told in self._results.plain_rows(query):
            found.setdefault(backend, []).append(_capacity(part, told))
        return found

    def by_point(self, backend: str) -> "pd.Series[Any]":
        """What the part of each point holds, by number of the point."""
        query = (
            select(PointRow.number, _PART, _TOLD)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(EvaluationRow, EvaluationRow.id == PointEvaluationRow.evaluation_id)
            .where(self._here, PointEvaluationRow.backend == backend)
        )
        rows = self._results.plain_rows(query)
        known = {kind: _capacity(*kind) for kind in {tuple(row[1:]) for row in rows}}
        return pd.Series({number: known[part, told] for number, part, told in rows}, dtype=object)

    def by_evaluation(self) -> Mapping[int, Capacity]:
        """What the part of each evaluation holds, by its id."""
        query = (
            select(EvaluationRow.id, _PART, _TOLD)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == EvaluationRow.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .where(self._here)
        )
        rows = self._results.plain_rows(query)
        known = {kind: self._part or _capacity(*kind) for kind in {tuple(row[1:]) for row in rows}}
        return {row: known[part, told] for row, part, told in rows}


def _capacity(part: str | None, told: str | None) -> Capacity:
    available = json.loads(told) if told else {}
    return capacity_of_evaluation(part or "", available if isinstance(available, dict) else {})
