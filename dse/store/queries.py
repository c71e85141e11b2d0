"""Read stored results as plain records, through a connection that never writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import (
    JSON,
    ColumnElement,
    Engine,
    Row,
    Select,
    case,
    func,
    select,
    text,
    true,
    type_coerce,
)

from dse.contracts.errors import StoreError, nearest
from dse.contracts.metrics import Direction, Fidelity
from dse.store.connect import open_engine, store_errors
from dse.store.database import Database
from dse.store.owners import meant_name, own_name, owner_query
from dse.store.patience import patient
from dse.store.records import IMPORTED, Known
from dse.store.schema import (
    FAILED,
    ArtifactRow,
    EvaluationRow,
    MetricRow,
    PointEvaluationRow,
    PointRow,
    StudyRow,
)


@dataclass(frozen=True)
class StoredMetric:
    """One number of a point, with its origin.

    Args:
        name: of the metric.
        value: in `unit`.
        unit: empty for none.
        direction: "minimise" or "maximise".
        fidelity: how close to the built design the number is.
        low: lower end of the 95 % interval; None where there is none.
        high: upper end of the interval.
        backend: name of the backend that gave it.
        tool: name and version of the tool.
        evaluation_id: row of the evaluation.
        replicas: bootstrap replicas, (n_replicas,), where they were asked for and exist.
    """

    name: str
    value: float
    unit: str
    direction: Direction
    fidelity: Fidelity
    low: float | None
    high: float | None
    backend: str
    tool: str
    evaluation_id: int
    replicas: np.ndarray[Any, np.dtype[np.float64]] | None = None


@dataclass(frozen=True)
class FailureGroup:
    """Numbers of points whose evaluations failed with the same message, on one backend."""

    backend: str
    kind: str
    message: str
    hint: str
    points: tuple[int, ...]


@dataclass(frozen=True)
class StoredEvaluation:
    """One evaluation of a point.

    Args:
        id: of its row.
        key: hash of everything that determines the result.
        backend: name.
        adapter_version: version of the backend's adapter.
        tool: name and version of the tool.
        workload: name; `dse.store.records.IMPORTED` for imported results.
        fingerprint: of the workload.
        status: "done" or "failed".
        failure: kind, message, hint and log; all None for "done".
        parameters: those that the backend read.
        workload_parameters: those that the workload read.
        effective: what the tool built; see `dse.analysis.effective`.
        started_at: in UTC.
        duration_s: None where it is not known.
        host: machine that it ran on.
        attempts: runs until this result.
        artifacts: path relative to the artifact folder, by role.
    """

    id: int
    key: str
    backend: str
    adapter_version: int
    tool: str
    workload: str
    fingerprint: str
    status: str
    failure: Mapping[str, str | None]
    parameters: Mapping[str, Any]
    workload_parameters: Mapping[str, Any]
    effective: Mapping[str, Any]
    started_at: datetime
    duration_s: float | None
    host: str
    attempts: int
    artifacts: Mapping[str, str]


@dataclass(frozen=True)
class StoredPoint:
    """A point of a study with its parameters and the metrics of all its evaluations."""

    study: str
    number: int
    parameters: Mapping[str, Any]
    metrics: tuple[StoredMetric, ...]


@dataclass(frozen=True)
class StudySummary:
    """A study with counts of current points; `path` is its file, as named when it was run."""

    name: str
    description: str
    path: str
    state: str
    points: int
    evaluations: int
    failures: int
    updated_at: datetime
    objectives: Mapping[str, Direction]
    created_at: datetime
    owner: str = ""


def in_utc(when: datetime) -> datetime:
    """Return a stored time as UTC; SQLite drops the time zone that was written."""
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def known_evaluations() -> Select[tuple[str, int, str | None, datetime, Any]]:
    """Return a query for all keys with the columns that `Known.of` takes.

    The effective configuration is read for failures only, where it may hold the time limit;
    those of successes are long.
    """
    of_failures = case((EvaluationRow.failure_kind.is_not(None), EvaluationRow.effective))
    row = EvaluationRow
    # CASE has no type of its own, so JSON is stated again
    columns = (row.key, row.id, row.failure_kind, row.started_at)
    return select(*columns, type_coerce(of_failures, JSON))


def _owners_of(studies: Iterable[StudySummary]) -> dict[str, str]:
    return {study.name: study.owner for study in studies if study.owner}


def _has_number(number: int | None) -> ColumnElement[bool]:
    """Return the SQL condition that a point has this number; always true for None."""
    return true() if number is None else PointRow.number == number


class Results:
    """The results database, open for reading.

    Args:
        database: a file or a SQLAlchemy URL.
        waits: whether to wait for a server that is restarted, as a run does.

    Raises:
        StoreError: the database does not exist or is no results database; from every method,
            where it does not answer.
    """

    def __init__(self, database: str, *, waits: bool = False) -> None:
        self.database = Database.of(database)
        self._read = patient(self._rows) if waits else self._rows
        self.engine: Engine = open_engine(self.database, read_only=True)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def rows(self, query: "Select[*tuple[Any, ...]]") -> list[Row[Any]]:
        """Return the rows of a query of the tables in `dse.store.schema`."""
        return self._read(query)

    def _rows(self, query: "Select[*tuple[Any, ...]]") -> list[Row[Any]]:
        with store_errors(self.database), self.engine.connect() as connection:
            return list(connection.execute(query))

    def plain_rows(self, query: "Select[*tuple[Any, ...]]") -> list[tuple[Any, ...]]:
        """Return rows as the driver gives them, for millions of numbers and texts.

        Types are not converted: JSON stays text, and so do times in SQLite.
        """
        with store_errors(self.database), self.engine.connect() as connection:
            cursor = connection.execute(query).cursor
            return [] if cursor is None else list(cursor.fetchall())

    def known(self, keys: Sequence[str]) -> dict[str, Known]:
        """Return what is stored under these keys, without those that are not stored."""
        # one pass over all keys; a condition on them would need batches of bound parameters
        wanted = set(keys)
        rows = self.rows(known_evaluations())
        found = (tuple(row) for row in rows)
        return {key: Known.of(*rest) for key, *rest in found if key in wanted}

    def studies(self) -> list[StudySummary]:
        """Return all studies, the last changed first."""
        rows = self.rows(select(StudyRow.__table__).order_by(StudyRow.updated_at.desc()))
        # counted for all studies at once, instead of by three queries for each
        points, evaluations = self._n_points(), self._n_evaluations()
        failures = self._n_failures()
        return [
            StudySummary(
                name=row.name,
                description=row.description,
                path=row.path,
                state=row.state,
                points=points.get(row.id, 0),
                evaluations=evaluations.get(row.id, 0),
                failures=failures.get(row.id, 0),
                updated_at=row.updated_at,
                objectives=row.objectives,
                created_at=row.created_at,
                owner=row.owner,
            )
            for row in rows
        ]

    def _n_points(self) -> dict[int, int]:
        """Return the number of current points, by id of the study."""
        query = select(PointRow.study_id, func.count()).where(PointRow.current)
        return self._counts(query.group_by(PointRow.study_id))

    def _counts(self, query: "Select[int, int]") -> dict[int, int]:
        return {study: count for study, count in map(tuple, self.rows(query))}  # noqa: C416  (typed)

    def _n_evaluations(self) -> dict[int, int]:
        """Return the number of evaluations of current points, by id of the study.

        An outer join, because SQLite reads its tables in this order: two indexes hold all of it.
        """
        link, point = PointEvaluationRow, PointRow
        current = case((point.current, link.evaluation_id))
        query = (
            select(point.study_id, func.count(current.distinct()))
            .select_from(link)
            .join(point, point.id == link.point_id, isouter=True)
            .group_by(point.study_id)
        )
        return self._counts(query)

    def _n_failures(self) -> dict[int, int]:
        """Return the number of failed evaluations of current points, by id of the study."""
        row, link, point = EvaluationRow, PointEvaluationRow, PointRow
        query = (
            select(point.study_id, func.count(case((point.current, row.id)).distinct()))
            .select_from(row)  # outer joins again: the failures first, which are few
            .join(link, link.evaluation_id == row.id, isouter=True)
            .join(point, point.id == link.point_id, isouter=True)
            .where(text(f"evaluation.{FAILED}"))
            .group_by(point.study_id)
        )
        return self._counts(query)

    def study(self, name: str | None) -> StudySummary:
        """Return one study by name; without a name, the last changed.

        Where several people have a study of one name, each means the own one.

        Raises:
            StoreError: the database has no such study, or none at all.
        """
        studies = self.studies()
        if name is not None:
            name = meant_name(name, self.owner(), _owners_of(studies))
        found = [study for study in studies if name in {None, study.name}]
        if not found:
            raise StoreError(
                f"there is no study '{name}'" if name else "there are no studies yet",
                where=self.database.shown,
                hint=nearest(name, [study.name for study in studies]) if name else "dse run STUDY",
            )
        return found[0]

    def own_study(self, name: str) -> StudySummary | None:
        """Return the study of this name of whoever is connected; None if there is none."""
        studies = self.studies()
        name = own_name(name, self.owner(), _owners_of(studies))
        return next((study for study in studies if study.name == name), None)

    def owner(self) -> str:
        """Return who is connected, as an owner of studies."""
        query = owner_query(self.engine.dialect)
        return "" if query is None else str(self.rows(query)[0][0])

    def source(self, study: str) -> str:
        """Return the text of a study's file as it was last run; empty after an import."""
        rows = self.rows(select(StudyRow.source).where(StudyRow.name == study))
        return str(rows[0][0]) if rows else ""

    def points(
        self,
        study: str,
        *,
        replicas: bool = False,
        every: bool = False,
        number: int | None = None,
    ) -> list[StoredPoint]:
        """Return the current points of a study with their metrics, ordered by number.

        Args:
            study: its name.
            replicas: whether to read bootstrap replicas too.
            every: whether to add points that the edited study no longer has; these come
                without metrics.
            number: read this point only.
        """
        query = (
            select(PointRow.id, PointRow.number, PointRow.parameters)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == study, PointRow.current | every, _has_number(number))
            .order_by(PointRow.number)
        )
        metrics = self._metrics(study, replicas=replicas, number=number)
        return [
            StoredPoint(study, row.number, row.parameters, tuple(metrics.get(row.id, ())))
            for row in self.rows(query)
        ]

    def _metrics(
        self, study: str, *, replicas: bool, number: int | None
    ) -> dict[int, list[StoredMetric]]:
        columns = [
            PointEvaluationRow.point_id,
            EvaluationRow.backend,
            EvaluationRow.tool,
            MetricRow.evaluation_id,
            MetricRow.name,
            MetricRow.value,
            MetricRow.unit,
            MetricRow.direction,
            MetricRow.fidelity,
            MetricRow.low,
            MetricRow.high,
        ]
        query = (
            select(*columns, *([MetricRow.replicas] if replicas else []))
            .join(EvaluationRow, EvaluationRow.id == MetricRow.evaluation_id)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == EvaluationRow.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == study, PointRow.current, _has_number(number))
            .order_by(EvaluationRow.backend, MetricRow.name)
        )
        found: dict[int, list[StoredMetric]] = {}
        for row in self.rows(query):
            stored = row.replicas if replicas else None
            metric = StoredMetric(
                name=row.name,
                value=row.value,
                unit=row.unit,
                direction=row.direction,
                fidelity=Fidelity(row.fidelity),
                low=row.low,
                high=row.high,
                backend=row.backend,
                tool=row.tool,
                evaluation_id=row.evaluation_id,
                replicas=None if stored is None else np.frombuffer(stored, dtype="<f8"),
            )
            found.setdefault(row.point_id, []).append(metric)
        return found

    def failures(self, study: str) -> list[FailureGroup]:
        """Return failed evaluations of current points, grouped by message, most points first."""
        row = EvaluationRow
        columns = (row.backend, row.failure_kind, row.failure_message, row.failure_hint)
        query = (
            select(*columns, PointRow.number)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == study, PointRow.current, row.failure_kind.is_not(None))
            .order_by(PointRow.number)
        )
        groups: dict[tuple[str, str, str, str], list[int]] = {}
        for backend, kind, message, hint, number in map(tuple, self.rows(query)):
            groups.setdefault((backend, kind, message or "", hint or ""), []).append(number)
        found = [
            FailureGroup(backend, kind, message, hint, tuple(points))
            for (backend, kind, message, hint), points in groups.items()
        ]
        return sorted(found, key=lambda group: -len(group.points))

    def effective(self, study: str) -> list[tuple[int, str, Mapping[str, Any]]]:
        """Return (number, backend, effective configuration) of every successful evaluation."""
        table = EvaluationRow
        query = (
            select(PointRow.number, table.backend, table.effective)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(table, table.id == PointEvaluationRow.evaluation_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == study, PointRow.current, table.status == "done")
            .order_by(PointRow.number, table.backend)
        )
        return [(number, backend, found) for number, backend, found in map(tuple, self.rows(query))]

    def finishes(self, study: str) -> dict[int, dict[str, datetime]]:
        """Return when evaluations of current points ended, in UTC, by point and backend.

        Failed evaluations are included. An evaluation shared with another study has the time
        at which that study made it, and one of unknown duration the time of its start.
        """
        found: dict[int, dict[str, datetime]] = {}
        for number, backend, start, duration_s, _ in self.durations(study):
            found.setdefault(number, {})[backend] = start + timedelta(seconds=duration_s)
        return found

    def durations(self, study: str) -> list[tuple[int, str, datetime, float, int]]:
        """Return (number, backend, start in UTC, seconds, id) of current points' evaluations."""
        return [row[:5] for row in self.timings(study)]

    def timings(self, study: str) -> list[tuple[int, str, datetime, float, int, str, bool]]:
        """Return when and where current points' evaluations ran.

        Returns:
            Rows (number, backend, start in UTC, seconds, id, host, failed), one for each point
            and backend; 0 seconds where the duration is not known.
        """
        row = EvaluationRow
        columns = (row.started_at, row.duration_s, row.id, row.host, row.failure_kind)
        query = (
            select(PointRow.number, row.backend, *columns)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(row, row.id == PointEvaluationRow.evaluation_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == study, PointRow.current)
        )
        rows = map(tuple, self.rows(query))
        return [
            (number, name, in_utc(at), seconds or 0.0, row_id, host or "", failure is not None)
            for number, name, at, seconds, row_id, host, failure in rows
        ]

    def phases(self, study: str) -> list[tuple[int, str, Mapping[str, float]]]:
        """Return (id of the evaluation, backend, seconds by phase) where a backend states them."""
        row = EvaluationRow
        query = (
            select(row.id, row.backend, row.effective["seconds"])
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == row.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == study, PointRow.current)
            .distinct()
        )
        rows = map(tuple, self.rows(query))
        return [(id_, name, found) for id_, name, found in rows if isinstance(found, dict)]

    def assignments(self) -> list[dict[str, Any]]:
        """Return, for every point of any study, the parameters of it and of its evaluations."""
        row = EvaluationRow
        query = (
            select(PointRow.id, PointRow.parameters, row.parameters, row.workload_parameters)
            .join(PointEvaluationRow, PointEvaluationRow.point_id == PointRow.id)
            .join(row, row.id == PointEvaluationRow.evaluation_id)
            .where(row.workload != IMPORTED)
            .order_by(PointRow.id)
        )
        found: dict[int, dict[str, Any]] = {}
        for point, own, parameters, workload in map(tuple, self.rows(query)):
            # defaults that only the evaluations state come first, the point's own values last
            found.setdefault(point, {}).update({**workload, **parameters, **own})
        return list(found.values())

    def networks(self, study: str) -> dict[int, str]:
        """Return the fingerprint of the workload of every evaluation of a study, by its id."""
        query = (
            select(EvaluationRow.id, EvaluationRow.fingerprint)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == EvaluationRow.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == study)
        )
        return {row.id: row.fingerprint for row in self.rows(query)}

    def evaluations(self, study: str, number: int) -> list[StoredEvaluation]:
        """Return the evaluations of one point, ordered by backend; empty before the first."""
        query = (
            select(EvaluationRow.__table__)
            .join(PointEvaluationRow, PointEvaluationRow.evaluation_id == EvaluationRow.id)
            .join(PointRow, PointRow.id == PointEvaluationRow.point_id)
            .join(StudyRow, StudyRow.id == PointRow.study_id)
            .where(StudyRow.name == study, PointRow.number == number)
            .order_by(EvaluationRow.backend)
        )
        return [self._evaluation(row) for row in self.rows(query)]

    def _evaluation(self, row: Row[Any]) -> StoredEvaluation:
        query = select(ArtifactRow.role, ArtifactRow.path)
        artifacts = self.rows(query.where(ArtifactRow.evaluation_id == row.id))
        return StoredEvaluation(
            id=row.id,
            key=row.key,
            backend=row.backend,
            adapter_version=row.adapter_version,
            tool=row.tool,
            workload=row.workload,
            fingerprint=row.fingerprint,
            status=row.status,
            failure={
                "kind": row.failure_kind,
                "message": row.failure_message,
                "hint": row.failure_hint,
                "log": row.failure_log,
            },
            parameters=row.parameters,
            workload_parameters=row.workload_parameters,
            effective=row.effective,
            started_at=row.started_at,
            duration_s=row.duration_s,
            host=row.host,
            attempts=row.attempts,
            artifacts={str(role): str(path) for role, path in map(tuple, artifacts)},
        )
