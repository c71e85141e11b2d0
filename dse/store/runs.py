"""Runs that write to a database: a row each, with the time of the last heartbeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, DateTime, Row, Select, delete, func, insert, select, update

from dse.runtime.processes import ProcessIdentity
from dse.store import leases
from dse.store.patience import patient
from dse.store.queries import in_utc
from dse.store.records import Known
from dse.store.schema import LeaseRow, RunRow
from dse.store.store import Store

SILENT_S = 15.0
"""Age of the last heartbeat in seconds above which a run counts as killed: several heartbeats."""

# Of the database, not of the host that writes or reads: clocks of several hosts differ. For a
# SQLite file that is the clock of the host itself.
_NOW = func.current_timestamp(type_=DateTime(timezone=True))


@dataclass(frozen=True)
class StoredRun:
    """A run that has not ended.

    Args:
        id: of its row.
        study: name of the study.
        process: the process that submits the tasks.
        since: start of the run, in UTC.
        age_s: seconds since its last heartbeat.
        progress: counts and tasks, from `beat`.
    """

    id: str
    study: str
    process: ProcessIdentity
    since: datetime
    age_s: float
    progress: Mapping[str, Any]

    @property
    def silent(self) -> bool:
        """Whether heartbeats are missing: the run was killed, stopped, or its host is away."""
        return self.age_s > SILENT_S

    @property
    def lost(self) -> bool:
        """Whether the run was killed: its process is gone, or its host sends no heartbeats."""
        runs = self.process.runs()
        return self.silent if runs is None else not runs


def runs_query() -> "Select[*tuple[Any, ...]]":
    """Return a query for all runs, with the columns that `stored_run` takes."""
    return select(RunRow.__table__, _NOW.label("now")).order_by(RunRow.study, RunRow.started_at)


def stored_run(row: Row[Any]) -> StoredRun:
    """Return a row of `runs_query` as a run."""
    process = ProcessIdentity(row.host, row.machine, row.pid, row.process_started)
    age_s = (in_utc(row.now) - in_utc(row.seen_at)).total_seconds()
    return StoredRun(row.id, row.study, process, in_utc(row.started_at), age_s, row.progress)


@dataclass(frozen=True)
class Claim:
    """What became of evaluations that a run wanted to do; those in neither wait for another run.

    Args:
        mine: keys that are leased to the run now.
        stored: what other runs have stored since the run looked, by key.
    """

    mine: tuple[str, ...]
    stored: Mapping[str, Known]


class RunRecord:
    """The row of one run, and the leases of what it has in hand; `end` removes both.

    Args:
        store: the database.
        study: name of the study.
    """

    def __init__(self, store: Store, study: str) -> None:
        self.id = uuid4().hex
        self._store = store
        self._progress: Mapping[str, Any] = {}
        process = ProcessIdentity.current()
        self._values = {
            "id": self.id,
            "study": study,
            "host": process.host,
            "machine": process.machine,
            "pid": process.pid,
            "process_started": process.started,
            "started_at": datetime.now(UTC),
        }

    @patient
    def begin(self, progress: Mapping[str, Any]) -> None:
        """Insert the row, and remove those of killed runs of the study."""
        self._progress = progress
        with self._store.transaction() as connection:
            runs = map(stored_run, connection.execute(runs_query()).all())
            study = self._values["study"]
            for run in [run for run in runs if run.study == study and run.lost]:
                _remove(connection, run.id)
            self._seen(connection)

    def beat(self, progress: Mapping[str, Any]) -> None:
        """Store the progress and the time."""
        self._progress = progress
        with self._store.transaction() as connection:
            self._seen(connection)

    def _seen(self, connection: Connection) -> None:
        values = {"seen_at": _NOW, "progress": dict(self._progress)}
        updated = connection.execute(update(RunRow).where(RunRow.id == self.id).values(values))
        # No row at the begin, or where another run took a suspended one for killed.
        if not updated.rowcount:
            connection.execute(insert(RunRow).values(**self._values, **values))

    @patient
    def claim(self, wanted: Mapping[str, Known | None], most: int) -> Claim:
        """Lease evaluations that no other living run has in hand.

        Args:
            wanted: what was stored when the run decided to do them, by key.
            most: number of keys to lease at most; the first free ones are taken.
        """
        with self._store.transaction() as connection:
            known = self._store.known_in(connection, list(wanted))
            stored = {key: found for key, found in known.items() if found != wanted[key]}
            open_keys = [key for key in wanted if key not in stored]
            holders = leases.holders(connection, open_keys)
            # what is leased to this run is a claim whose answer a lost connection swallowed
            busy = (_living(connection) & set(holders.values())) - {self.id}
            free = [key for key in open_keys if holders.get(key) not in busy][:most]
            leases.release(connection, free)  # those of killed runs
            self._seen(connection)
            leases.take(connection, free, self.id)
        return Claim(tuple(free), stored)

    @patient
    def end(self) -> None:
        """Remove the row and its leases."""
        with self._store.transaction() as connection:
            _remove(connection, self.id)


def _living(connection: Connection) -> set[str]:
    runs = map(stored_run, connection.execute(runs_query()).all())
    return {run.id for run in runs if not (run.lost or run.silent)}


def _remove(connection: Connection, run: str) -> None:
    connection.execute(delete(LeaseRow).where(LeaseRow.run_id == run))
    connection.execute(delete(RunRow).where(RunRow.id == run))


def forget_runs(store: Store) -> None:
    """Remove all runs, from a copy of a database: they write to the other one."""
    with store.transaction() as connection:
        connection.execute(delete(LeaseRow))
        connection.execute(delete(RunRow))
