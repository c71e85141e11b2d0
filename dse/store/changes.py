"""Detect whether the database changed since the last look, without reading results."""

from threading import Lock

from sqlalchemy import func, select

from dse.store.queries import Results
from dse.store.schema import StudyRow


class Changes:
    """Change detector of a database, safe to use from any thread.

    Args:
        results: the database.

    Raises:
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self._lock = Lock()
        is_sqlite = results.engine.dialect.name == "sqlite"
        # PRAGMA data_version changes when *another* connection commits, and its values can be
        # compared on one connection only, so this connection stays open.
        self._connection = results.engine.connect() if is_sqlite else None

    def stamp(self) -> str:
        """Return a text that differs from the one before if anything was stored in between."""
        if self._connection is None:
            newest = select(func.max(StudyRow.updated_at), func.count(StudyRow.id))
            return str(self._results.rows(newest)[0])
        with self._lock:
            version = self._connection.exec_driver_sql("PRAGMA data_version").scalar()
            # ends the transaction that SQLAlchemy begins by itself
            self._connection.rollback()
        return str(version)

    def by_study(self) -> dict[str, str]:
        """Return a stamp per study, by its name: time of the last change and state of the run."""
        rows = self._results.rows(select(StudyRow.name, StudyRow.updated_at, StudyRow.state))
        return {name: f"{changed} {state}" for name, changed, state in map(tuple, rows)}
