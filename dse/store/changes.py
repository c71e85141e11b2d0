"""Whether anything was stored since one last looked; costs next to nothing to ask."""

from threading import Lock

from sqlalchemy import func, select

from dse.store.queries import Results
from dse.store.schema import EvaluationRow, PointEvaluationRow, StudyRow


class Changes:
    """Watches a database; may be asked from any thread.

    Args:
        results: the database.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self._lock = Lock()
        is_sqlite = results.engine.dialect.name == "sqlite"
        # SQLite counts what other connections commit, as long as the asking one stays open
        self._connection = results.engine.connect() if is_sqlite else None

    def stamp(self) -> str:
        """A text that differs from the last one when something was stored in between.

        Raises:
            StoreError: the database does not answer.
        """
        if self._connection is None:
            return self._counted()
        with self._lock:
            version = self._connection.exec_driver_sql("PRAGMA data_version").scalar()
            self._connection.rollback()
        return str(version)

    def _counted(self) -> str:
        """For other databases: misses an evaluation that was done again, until its run ends."""
        newest = select(func.max(EvaluationRow.id), func.max(StudyRow.updated_at))
        links = select(func.count()).select_from(PointEvaluationRow)
        rows = [*self._results.rows(newest), *self._results.rows(links)]
        return " ".join(str(value) for row in rows for value in row)
