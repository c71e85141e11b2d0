"""The database of the dashboard, with a cache that lasts until a study changes."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from threading import Lock, Thread
from typing import Any, TypeVar

from dse.analysis.points import Points
from dse.analysis.references import References
from dse.contracts.errors import DseError
from dse.contracts.registry import reference_folders
from dse.engine.heartbeat import LiveRun, live_runs
from dse.store.changes import Changes
from dse.store.queries import Results, StudySummary

T = TypeVar("T")

_MOST = 64
"""Entries of the cache; the oldest is dropped when there are more."""
LARGE = 50_000
"""Points from which on all metrics of a study are read ahead, in a thread."""
_QUIET_S = 1.0
"""Seconds without a page that reads, after which a further metric is read ahead: pages go first."""
QUICK_S = 0.2
"""What is read in less time is read again at every change."""
REST = 10.0
"""What took longer is read again after this many times as long at the earliest: with a study that
grows while it is looked at, reading takes at most a tenth of one core from the run."""


@dataclass(frozen=True)
class _Kept:
    """Entry of the cache.

    Args:
        value: the result.
        stamp: stamp of the study, or of all studies, before it was read.
        read_at: start of reading, on the clock of `time.monotonic`.
        took_s: duration of reading.
    """

    value: Any
    stamp: str
    read_at: float
    took_s: float

    @property
    def good_until(self) -> float:
        """Earliest time to read again. Tables read further columns while they are used."""
        more_s = self.value.spent_s if isinstance(self.value, Points) else 0.0
        took_s = self.took_s + more_s
        return self.read_at + (REST * took_s if took_s > QUICK_S else 0.0)


class Source:
    """A results database with a cache; its methods may be called by several threads.

    Args:
        database: file or SQLAlchemy URL.

    Raises:
        StoreError: by every method, if the database cannot be read.
    """

    def __init__(self, database: str) -> None:
        self._name = database
        self._lock = Lock()
        self._due, self._times_due = float("inf"), 0
        self._open()

    def _open(self) -> None:
        self.results = Results(self._name)
        self._changes = Changes(self.results)
        self._file = self.results.database.file_identity()
        self._kept: dict[object, _Kept] = {}
        self._stamp, self._by_study = "", dict[str, str]()

    def stamp(self) -> str:
        """Return a text that changes when there is something new to show."""
        with self._lock:
            if self.results.database.file_identity() != self._file:
                self._open()  # the file was replaced or removed
        if time.monotonic() > self._due:
            self._due, self._times_due = float("inf"), self._times_due + 1
        # A run that was killed writes nothing more, so that its silence has to change the stamp.
        silent = sorted(run.study for run in self.live() if run.lost)
        return f"{self._file} {self._changes.stamp()} {self._times_due} {silent}"

    @cached_property
    def references(self) -> References:
        """Published figures and numbers of the installed packages.

        Raises:
            DataError: if a package's file is wrong.
        """
        return References(reference_folders())

    def studies(self) -> list[StudySummary]:
        """Return all studies, the last changed first."""
        return self.kept("studies", self.results.studies)

    def study(self, name: str | None) -> StudySummary:
        """Return a study; the last changed one if there is no name.

        Raises:
            StoreError: if there is no study of that name.
        """
        studies = self.studies()
        found = next((study for study in studies if name in {None, "", study.name}), None)
        return found or self.results.study(name or None)

    def live(self) -> list[LiveRun]:
        """Return the runs that have not ended: those that run and those that were killed."""
        return live_runs(self.results)

    def table(self, study: str, part: str = "") -> Points:
        """Return a study as a table, with shares of `part` if it is not empty.

        Raises:
            UsageError: if the capacity of the part is not known.
        """

        def make() -> Points:
            made = Points(self.results, study, part)
            if self.study(study).points > LARGE:
                Thread(target=self._read_all, args=(made,), daemon=True).start()
            return made

        return self.kept((study, part), make, study)

    @staticmethod
    def _read_all(table: Points) -> None:
        with suppress(DseError):  # a page that reads the table gets the error
            table.read_all(_QUIET_S)

    def kept(self, key: object, make: Callable[[], T], study: str = "") -> T:
        """Return the result of `make`, cached under `key` until the study changes.

        Without a study, until any study changes.
        """
        stamp = self._stamp_of(study)
        with self._lock:
            found = self._kept.get(key)
            if found and (found.stamp == stamp or not self._may_read(found)):
                return found.value  # type: ignore[no-any-return]
        start = time.monotonic()
        made = make()
        with self._lock:
            self._kept[key] = _Kept(made, stamp, start, time.monotonic() - start)
            if len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        return made

    def _may_read(self, found: _Kept) -> bool:
        """Whether an entry may be read again; if not, the stamp changes when it may."""
        if time.monotonic() > found.good_until:
            return True
        self._due = min(self._due, found.good_until)
        return False

    def _stamp_of(self, study: str) -> str:
        """Return the stamp of a study, or of all without one; it changes with stored data."""
        stamp = f"{self._file} {self._changes.stamp()}"
        with self._lock:
            if stamp != self._stamp:
                self._stamp, self._by_study = stamp, self._changes.by_study()
            return self._by_study.get(study, "") if study else stamp
