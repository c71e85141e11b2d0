"""Detect whether results changed since the last look, without reading them."""

from sqlalchemy import select

from dse.runtime.cache import digest
from dse.store.queries import Results
from dse.store.schema import StudyRow


class Changes:
    """Change detector of a database, safe to use from any thread.

    Heartbeats of runs change the database too, every two seconds, and are no news: only the
    times of studies tell, which every write of results sets.

    Args:
        results: the database.

    Raises:
        StoreError: from every method, where the database cannot be read.
    """

    def __init__(self, results: Results) -> None:
        self._results = results

    def stamp(self) -> str:
        """Return a text that differs from the one before if results were stored in between."""
        return digest(self.by_study())

    def by_study(self) -> dict[str, str]:
        """Return a stamp per study, by its name: time of the last change and state of the run."""
        rows = self._results.rows(select(StudyRow.name, StudyRow.updated_at, StudyRow.state))
        return {name: f"{changed} {state}" for name, changed, state in map(tuple, rows)}
