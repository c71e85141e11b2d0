"""What the pages read: the results database, with what was read kept until something changes."""

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from dse.analysis.table import OnPart, Table
from dse.engine.live import LiveRun, live_runs
from dse.store.changes import Changes
from dse.store.queries import Results, StudySummary

T = TypeVar("T")

_MOST = 64
"""Tables and figures that are kept; beyond that, the first read goes."""


class Source:
    """A results database, asked by many threads.

    Args:
        database: a file or a SQLAlchemy URL.

    Raises:
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, database: str) -> None:
        self.results = Results(database)
        self._changes = Changes(self.results)
        self._lock = Lock()
        self._kept: dict[object, object] = {}
        self._stamp = ""

    def stamp(self) -> str:
        """Differs from the last one when something was stored in between."""
        return self._changes.stamp()

    def studies(self) -> list[StudySummary]:
        """All studies, the last changed first."""
        return self.kept("studies", self.results.studies)

    def study(self, name: str | None) -> StudySummary:
        """One study; the last changed without a name.

        Raises:
            StoreError: there is none of that name.
        """
        return self.kept(("summary", name), lambda: self.results.study(name or None))

    def live(self) -> list[LiveRun]:
        """Runs that give signs of life, and those that were killed."""
        return live_runs(self.results.database)

    def table(self, study: str, part: str = "") -> Table:
        """A study by columns; with shares of another part, if one is named.

        Raises:
            UsageError: the capacity of the part is not known.
        """
        if part:
            return self.kept((study, part), lambda: OnPart(self.results, study, part))
        return self.kept((study,), lambda: Table(self.results, study))

    def kept(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, remembered under `key` until the database changes."""
        stamp = self.stamp()
        with self._lock:
            if stamp != self._stamp:
                self._kept, self._stamp = {}, stamp
            if key in self._kept:
                return self._kept[key]  # type: ignore[return-value]
        made = make()
        with self._lock:
            if stamp == self._stamp:
                self._kept[key] = made
                if len(self._kept) > _MOST:
                    del self._kept[next(iter(self._kept))]
        return made
