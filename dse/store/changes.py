"""Whether anything was stored since one last looked; costs next to nothing to ask."""

from threading import Lock

from sqlalchemy import func, select

from dse.store.queries import Results
from dse.store.schema import StudyRow


class Changes:
    """Watches a database; may be asked from any thread.

    Args:
        results: the database.

    Raises:
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self._lock = Lock()
        is_sqlite = results.engine.dialect.name == "sqlite"
        # SQLite counts what other connections commit, as long as the asking one stays open
        self._connection = results.engine.connect() if is_sqlite else None

    def stamp(self) -> str:
        """A text that differs from the last one when something was stored in between."""
        if self._connection is None:
            newest = select(func.max(StudyRow.updated_at), func.count(StudyRow.id))
            return str(self._results.rows(newest)[0])
        with self._lock:
            version = self._connection.exec_driver_sql("PRAGMA data_version").scalar()
            self._connection.rollback()
        return str(version)

    def by_study(self) -> dict[str, str]:
        """The same for what is shown of every study, by its name."""
        rows = self._results.rows(select(StudyRow.name, StudyRow.updated_at, StudyRow.state))
        return {name: f"{changed} {state}" for name, changed, state in map(tuple, rows)}
