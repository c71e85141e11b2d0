"""Write results; every method is one transaction, and runs that share a database take turns."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
from sqlalchemy import (
    Connection,
    Select,
    Table,
    delete,
    distinct,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from dse.contracts.errors import DatabaseLostError, StoreError
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Assignment
from dse.runtime.cache import digest
from dse.store.batches import batches
from dse.store.connect import open_engine, store_errors
from dse.store.database import Database
from dse.store.leases import release
from dse.store.locks import lock_writers
from dse.store.owners import current_owner, name_in
from dse.store.patience import patient
from dse.store.queries import known_evaluations
from dse.store.records import IMPORTED, Evaluation, Known, Point, StudyRecord, StudyState
from dse.store.schema import (
    ArtifactRow,
    EvaluationRow,
    MetricRow,
    PointEvaluationRow,
    PointRow,
    StudyRow,
)
from dse.store.views import create_points_view

# Core tables: bulk inserts are many times faster than through the mapped classes
_EVALUATION = cast("Table", EvaluationRow.__table__)
_METRIC = cast("Table", MetricRow.__table__)
_ARTIFACT = cast("Table", ArtifactRow.__table__)


class Store:
    """The results database, open for writing.

    Args:
        database: a file or a SQLAlchemy URL; created or migrated where necessary.

    Raises:
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, database: str) -> None:
        self.name = database
        self.database = Database.of(database)
        self.engine = open_engine(self.database, read_only=False)
        self._file = self.database.file_identity()
        # A file that is deleted or replaced stays readable through a connection that is open.
        self._anchor = self.engine.connect() if self.database.file else None

    def close(self) -> None:
        """Close all connections.

        What is in SQLite's log goes to the file before. SQLite does so by itself only where no
        reader is open; whoever copied the file then, without its log, copied an old state.
        """
        if self._anchor is not None:
            with suppress(SQLAlchemyError):  # a full disk, a deleted file: the log stays
                self._anchor.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")  # waits for nobody
            self._anchor.close()
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction for writing; other runs wait until it ends.

        Raises:
            DatabaseLostError: the file was deleted or replaced since this store was opened.
            StoreError: the database cannot be written.
        """
        self._check_file()
        with store_errors(self.database), self.engine.begin() as connection:
            lock_writers(connection)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection for reading, which waits for no writer."""
        with store_errors(self.database), self.engine.connect() as connection:
            yield connection

    def _check_file(self) -> None:
        """Raise if another file, or none, has the database's name: writes would be lost."""
        found = self.database.file_identity()
        if found == self._file:
            return
        what = "replaced by another file" if found else "deleted or moved"
        raise DatabaseLostError(
            f"the database was {what} while it was in use", where=self.database.shown
        )

    def copy_to(self, file: Path) -> None:
        """Copy the SQLite database to a new file, as it was opened, whatever has its name now.

        Raises:
            StoreError: the copy cannot be made, or the database is no file.
        """
        if self._anchor is None:
            raise StoreError("only a file can be copied", where=self.database.shown)
        source = cast("sqlite3.Connection", self._anchor.connection.dbapi_connection)
        try:
            with closing(sqlite3.connect(file)) as target:
                source.backup(target)
        except sqlite3.Error as error:
            raise StoreError(f"it cannot be copied: {error}", where=self.database.shown) from error

    @patient
    def save_study(self, record: StudyRecord) -> int:
        """Create or update a study by name, set its state to "running", and return its id."""
        now = datetime.now(UTC)
        values = {
            "description": record.description,
            "path": record.path,
            "source": record.source,
            "objectives": dict(record.objectives),
            "state": "running",
            "updated_at": now,
        }
        with self.transaction() as connection:
            values["owner"] = record.owner or current_owner(connection)
            found = connection.scalar(select(StudyRow.id).where(StudyRow.name == record.name))
            if found is not None:
                connection.execute(update(StudyRow).where(StudyRow.id == found).values(values))
                return int(found)
            row = insert(StudyRow).values(name=record.name, created_at=now, **values)
            return int(connection.execute(row.returning(StudyRow.id)).scalar_one())

    @patient
    def own_name(self, name: str, owner: str = "") -> str:
        """Return the name that a study of this file name has here; see `dse.store.owners`.

        Args:
            name: in the study file.
            owner: whose study; empty for whoever is connected.
        """
        with self.reading() as connection:
            return name_in(connection, name, owner)

    @patient
    def set_state(self, study_id: int, state: StudyState) -> None:
        """Store how a run ended."""
        values = {"state": state, "updated_at": datetime.now(UTC)}
        with self.transaction() as connection:
            connection.execute(update(StudyRow).where(StudyRow.id == study_id).values(values))

    @patient
    def study_id(self, name: str) -> int | None:
        """Return the id of a study; None where no study has that name."""
        with self.reading() as connection:
            found = connection.scalar(select(StudyRow.id).where(StudyRow.name == name))
            return None if found is None else int(found)

    @patient
    def save_points(
        self,
        study_id: int,
        points: Sequence[Assignment],
        *,
        leaving: Sequence[Assignment] | None = None,
    ) -> list[Point]:
        """Store points that the study does not have yet, and mark all given ones as current.

        A point keeps its number for good; new points get the numbers after the highest.

        Args:
            study_id: id of the study.
            points: parameters of each point.
            leaving: points that are not current any more unless they are in `points`; None
                for all others of the study.

        Returns:
            The stored points, in the order of `points`.
        """
        digests = [digest(dict(point)) for point in points]
        with self.transaction() as connection:
            ids = self._point_ids(connection, study_id)
            start = 1 + max((number for _, number in ids.values()), default=-1)
            pairs = zip(digests, points, strict=True)
            fresh = {key: point for key, point in pairs if key not in ids}
            rows = [
                {
                    "study_id": study_id,
                    "number": start + offset,
                    "digest": key,
                    "parameters": dict(point),
                    "current": True,
                }
                for offset, (key, point) in enumerate(fresh.items())
            ]
            if rows:
                connection.execute(insert(PointRow), rows)  # a bulk insert returns no ids
                ids = self._point_ids(connection, study_id)
            current = {ids[key][0] for key in digests}
            if leaving is not None:
                query = select(PointRow.id).where(PointRow.study_id == study_id, PointRow.current)
                gone = {ids[key][0] for key in map(digest, map(dict, leaving)) if key in ids}
                current |= set(connection.scalars(query)) - gone
            if self._mark_current(connection, study_id, current) or rows:
                _touch(connection, select(literal(study_id)))
        return [Point(*ids[key], point) for key, point in zip(digests, points, strict=True)]

    @staticmethod
    def _point_ids(connection: Connection, study_id: int) -> dict[str, tuple[int, int]]:
        """Return (id, number) of all points of a study, by digest."""
        query = select(PointRow.digest, PointRow.id, PointRow.number)
        rows = connection.execute(query.where(PointRow.study_id == study_id))
        return {key: (row_id, number) for key, row_id, number in rows}

    @staticmethod
    def _mark_current(connection: Connection, study_id: int, current: set[int]) -> bool:
        """Set `current` of all points of a study; return whether any changed."""
        query = select(PointRow.id, PointRow.current).where(PointRow.study_id == study_id)
        wrong = [row for row in connection.execute(query) if row.current != (row.id in current)]
        for batch in batches(wrong):
            for value in (True, False):
                ids = [row.id for row in batch if row.current is not value]
                connection.execute(
                    update(PointRow).where(PointRow.id.in_(ids)).values(current=value)
                )
        return bool(wrong)

    @patient
    def known(self, keys: Sequence[str]) -> dict[str, Known]:
        """Return what is stored under these keys, without those that are not stored."""
        with self.reading() as connection:
            return self.known_in(connection, keys)

    @staticmethod
    def known_in(connection: Connection, keys: Sequence[str]) -> dict[str, Known]:
        """Return what `known` does, in a transaction that is open."""
        found: dict[str, Known] = {}
        for batch in batches(keys):
            for key, *columns in connection.execute(
                known_evaluations().where(EvaluationRow.key.in_(batch))
            ):
                found[key] = Known.of(*columns)
        return found

    @patient
    def metrics(self, evaluation_id: int) -> tuple[Metric, ...]:
        """Return the metrics of one evaluation, without replicas."""
        columns = ("name", "value", "fidelity", "unit", "direction", "low", "high")
        query = select(*(getattr(MetricRow, name) for name in columns))
        with self.reading() as connection:
            rows = connection.execute(query.where(MetricRow.evaluation_id == evaluation_id)).all()
        return tuple(
            Metric(**{**row._asdict(), "fidelity": Fidelity(row.fidelity)}) for row in rows
        )

    @patient
    def unlink_stale(
        self, wanted: Mapping[tuple[int, str], str], fingerprints: Mapping[int, str]
    ) -> None:
        """Remove links to evaluations that no longer fit their points; evaluations stay.

        Without this, a study that was edited and then interrupted would show results of
        the old and the new network side by side.

        Args:
            wanted: evaluation key by (point id, backend).
            fingerprints: of the workload, by point id. They decide for backends without a
                wanted key, which cannot run now. Imported results have no fingerprint and stay.
        """
        table = PointEvaluationRow
        row = EvaluationRow
        columns = (table.point_id, table.backend, row.key, row.fingerprint, row.workload)
        joined = select(*columns).join(EvaluationRow, EvaluationRow.id == table.evaluation_id)
        with self.transaction() as connection:
            for batch in batches(sorted(fingerprints)):
                rows = connection.execute(joined.where(table.point_id.in_(batch))).all()
                changed = set[int]()
                for point, backend, key, fingerprint, workload in rows:
                    same = workload == IMPORTED or fingerprint == fingerprints[point]
                    if wanted.get((point, backend), key) == key and same:
                        continue
                    stale = (table.point_id == point, table.backend == backend)
                    connection.execute(delete(table).where(*stale))
                    changed.add(point)
                if changed:
                    _touch(connection, select(PointRow.study_id).where(PointRow.id.in_(changed)))

    @patient
    def linked(self, study_id: int) -> dict[tuple[str, str], tuple[str, int, bool]]:
        """Return (key, id, succeeded) of a study's evaluations, by (digest of point, backend)."""
        table = PointEvaluationRow
        query = (
            select(
                PointRow.digest,
                table.backend,
                EvaluationRow.key,
                EvaluationRow.id,
                EvaluationRow.status == "done",
            )
            .join(table, table.point_id == PointRow.id)
            .join(EvaluationRow, EvaluationRow.id == table.evaluation_id)
            .where(PointRow.study_id == study_id)
        )
        with self.reading() as connection:
            rows = connection.execute(query)
            return {(point, name): (key, row_id, done) for point, name, key, row_id, done in rows}

    @patient
    def link(self, links: Iterable[tuple[int, str, int]]) -> None:
        """Link points to evaluations: triples of (point id, backend, evaluation id)."""
        with self.transaction() as connection:
            self._link(connection, list(links))

    @staticmethod
    def _link(connection: Connection, links: Sequence[tuple[int, str, int]]) -> None:
        """Write the links that changed; a repeated run then writes nothing."""
        table = PointEvaluationRow
        present: set[tuple[int, str, int]] = set()
        for batch in batches(sorted({point for point, _, _ in links})):
            query = select(table.point_id, table.backend, table.evaluation_id)
            rows = connection.execute(query.where(table.point_id.in_(batch)))
            present.update((row.point_id, row.backend, row.evaluation_id) for row in rows)
        fresh = [link for link in links if link not in present]
        stale = {(point, backend) for point, backend, _ in present}
        for point, backend, _ in fresh:
            if (point, backend) in stale:
                connection.execute(
                    delete(table).where(table.point_id == point, table.backend == backend)
                )
        if fresh:
            names = ("point_id", "backend", "evaluation_id")
            connection.execute(insert(table), [dict(zip(names, x, strict=True)) for x in fresh])
            _touch_studies_of(connection, [evaluation for *_, evaluation in fresh])

    @patient
    def record(
        self,
        evaluations: Sequence[Evaluation],
        points: Mapping[str, Sequence[int]],
        *,
        keep: bool = False,
    ) -> dict[str, int]:
        """Store finished evaluations, replacing earlier ones of the same key, and link them.

        A failure does not replace a success: equal keys mean equal work.

        Args:
            evaluations: finished; of several with one key, the last counts.
            points: ids of the points that each key belongs to.
            keep: replace nothing but failures, and these by successes alone.

        Returns:
            Evaluation ids by key.
        """
        latest = {evaluation.job.key: evaluation for evaluation in evaluations}
        with self.transaction() as connection:
            known = self.known_in(connection, list(latest))
            written = {
                key: evaluation
                for key, evaluation in latest.items()
                if _is_written(evaluation, known.get(key), keep=keep)
            }
            self._write(connection, written, known)
            # again, since rows of new keys have an id only now
            known = self.known_in(connection, list(latest))
            ids = {key: found.evaluation_id for key, found in known.items()}
            self._write_results(connection, written, ids)
            links = [(p, e.job.backend, ids[k]) for k, e in latest.items() for p in points[k]]
            self._link(connection, links)
            release(connection, list(latest))
            _touch_studies_of(connection, [ids[key] for key in written])
        return ids

    @staticmethod
    def _write(
        connection: Connection, evaluations: Mapping[str, Evaluation], known: Mapping[str, Known]
    ) -> None:
        """Insert rows for new keys; update those of known keys, whose links stay valid."""
        fresh = [
            {"key": key, **_evaluation_values(evaluation)}
            for key, evaluation in evaluations.items()
            if key not in known
        ]
        if fresh:
            connection.execute(insert(_EVALUATION), fresh)
        for key in evaluations.keys() & known.keys():
            found, values = known[key].evaluation_id, _evaluation_values(evaluations[key])
            connection.execute(
                update(EvaluationRow).where(EvaluationRow.id == found).values(values)
            )
            # else numbers of the earlier result would stay where the new one has none
            for table in (MetricRow, ArtifactRow):
                connection.execute(delete(table).where(table.evaluation_id == found))

    @staticmethod
    def _write_results(
        connection: Connection, evaluations: Mapping[str, Evaluation], ids: Mapping[str, int]
    ) -> None:
        """Insert the metrics and artifacts of evaluations, by their ids."""
        metrics = [
            {"evaluation_id": ids[key], **_metric_values(metric)}
            for key, evaluation in evaluations.items()
            for metric in evaluation.outcome.metrics
        ]
        artifacts = [
            {"evaluation_id": ids[key], "role": artifact.role, "path": artifact.path}
            for key, evaluation in evaluations.items()
            for artifact in evaluation.outcome.artifacts
        ]
        for table, rows in ((_METRIC, metrics), (_ARTIFACT, artifacts)):
            if rows:
                connection.execute(insert(table), rows)

    @patient
    def refresh_views(self) -> None:
        """Create `v_points` again with the parameters and metrics that are stored now."""
        with self.transaction() as connection:
            parameters: dict[str, None] = {}  # a set that keeps the order of the study file
            for values in connection.scalars(select(PointRow.parameters).where(PointRow.current)):
                parameters |= dict.fromkeys(values)
            metrics = select(EvaluationRow.backend, MetricRow.name).distinct()
            joined = metrics.join(MetricRow, MetricRow.evaluation_id == EvaluationRow.id)
            pairs = [(row[0], row[1]) for row in connection.execute(joined)]
            create_points_view(connection, parameters, sorted(pairs))

    @patient
    def count_evaluations(self) -> int:
        """Return the number of stored evaluations."""
        with self.reading() as connection:
            return int(connection.scalar(select(func.count(distinct(EvaluationRow.id)))) or 0)


def _is_written(evaluation: Evaluation, known: Known | None, *, keep: bool) -> bool:
    """Return whether an evaluation replaces what is known under its key."""
    if known is None:
        return True
    failed = evaluation.outcome.failure is not None
    return bool(known.failure) and not failed if keep else bool(known.failure) or not failed


def _touch_studies_of(connection: Connection, evaluations: Sequence[int]) -> None:
    """Mark all studies that link to these evaluations as changed, not only the running one."""
    link = PointEvaluationRow
    for batch in batches(evaluations):
        points = select(link.point_id).where(link.evaluation_id.in_(batch))
        _touch(connection, select(PointRow.study_id).where(PointRow.id.in_(points)))


def _touch(connection: Connection, studies: "Select[*tuple[Any, ...]]") -> None:
    """Set `updated_at` of studies to now, which tells readers to read them again."""
    row = update(StudyRow).where(StudyRow.id.in_(studies))
    connection.execute(row.values(updated_at=datetime.now(UTC)))


def _evaluation_values(evaluation: Evaluation) -> dict[str, Any]:
    job, outcome, provenance = evaluation.job, evaluation.outcome, evaluation.provenance
    failure = outcome.failure
    return {
        "backend": job.backend,
        "adapter_version": provenance.adapter_version,
        "tool": provenance.tool,
        "workload": job.workload,
        "fingerprint": job.fingerprint,
        "parameters": dict(job.parameters),
        "workload_parameters": dict(job.workload_parameters),
        "status": "failed" if failure else "done",
        "failure_kind": failure.kind.value if failure else None,
        "failure_message": failure.message if failure else None,
        "failure_log": failure.log if failure else None,
        "failure_hint": failure.hint if failure else None,
        "effective": dict(outcome.effective),
        "attempts": provenance.attempts,
        "started_at": provenance.started_at,
        "duration_s": provenance.duration_s,
        "host": provenance.host,
        "dse_version": provenance.dse_version,
    }


def _metric_values(metric: Metric) -> dict[str, Any]:
    replicas = metric.replicas
    return {
        "name": metric.name,
        "value": metric.value,
        "unit": metric.unit,
        "direction": metric.direction,
        "fidelity": metric.fidelity.value,
        "low": metric.low,
        "high": metric.high,
        # little-endian on every machine, so that a database can be moved
        "replicas": None if replicas is None else np.asarray(replicas, dtype="<f8").tobytes(),
    }
