"""What the pages read: the results database, with what was read kept until it changes."""

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
from dse.store.database import Database
from dse.store.queries import Results, StudySummary

T = TypeVar("T")

_MOST = 64
"""Things that are kept; beyond that, the first that was read goes."""
LARGE = 50_000
"""Points from which on all numbers are read ahead."""
QUICK_S = 0.2
REST = 10.0
"""What took a second to read is not read again for this many seconds: while a sweep runs, most
of the machine is left to it. What is quick is read at once."""


@dataclass(frozen=True)
class _Kept:
    """Something that was read.

    Args:
        value: what.
        stamp: of the study, or of all, when it was read.
        read_at: when, on the clock of `time.monotonic`.
        took_s: how long that took.
    """

    value: Any
    stamp: str
    read_at: float
    took_s: float

    @property
    def good_until(self) -> float:
        """When it may be read again; tables go on reading while they are used."""
        more_s = self.value.spent_s if isinstance(self.value, Points) else 0.0
        took_s = self.took_s + more_s
        return self.read_at + (REST * took_s if took_s > QUICK_S else 0.0)


def _identity(database: Database) -> tuple[int, int] | None:
    """Of the file that has the database's name now; None where there is none."""
    try:
        found = database.file.stat() if database.file else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


class Source:
    """A results database, asked by many threads.

    Args:
        database: a file or a SQLAlchemy URL.

    Raises:
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, database: str) -> None:
        self._name = database
        self._lock = Lock()
        self._due, self._times_due = float("inf"), 0
        self._open()

    def _open(self) -> None:
        self.results = Results(self._name)
        self._changes = Changes(self.results)
        self._file = _identity(self.results.database)
        self._kept: dict[object, _Kept] = {}
        self._stamp, self._by_study = "", dict[str, str]()

    def stamp(self) -> str:
        """Differs from the last one when there is something new to show."""
        with self._lock:
            if _identity(self.results.database) != self._file:
                self._open()  # another file has taken its place, or none has
        if time.monotonic() > self._due:
            self._due, self._times_due = float("inf"), self._times_due + 1
        silent = sorted(run.study for run in self.live() if run.silent_s)
        return f"{self._file} {self._changes.stamp()} {self._times_due} {silent}"

    @cached_property
    def references(self) -> References:
        """Published figures and numbers of the installed packages.

        Raises:
            DataError: a package's file is wrong.
        """
        return References(reference_folders())

    def studies(self) -> list[StudySummary]:
        """All studies, the last changed first."""
        return self.kept("studies", self.results.studies)

    def study(self, name: str | None) -> StudySummary:
        """One study; the last changed without a name.

        Raises:
            StoreError: there is none of that name.
        """
        studies = self.studies()
        found = next((study for study in studies if name in {None, "", study.name}), None)
        return found or self.results.study(name or None)

    def live(self) -> list[LiveRun]:
        """Runs that give signs of life, and those that were killed."""
        return live_runs(self.results.database)

    def table(self, study: str, part: str = "") -> Points:
        """A study by columns; with shares of another part, if one is named.

        Raises:
            UsageError: the capacity of the part is not known.
        """

        def make() -> Points:
            made = Points(self.results, study, part)
            if self.study(study).points > LARGE:
                Thread(target=self._read_all, args=(made,), daemon=True).start()
            return made

        return self.kept((study, part), make, study)

    @staticmethod
    def _read_all(table: Points) -> None:
        with suppress(DseError):  # who asks for the table gets the error
            table.read_all()

    def kept(self, key: object, make: Callable[[], T], study: str = "") -> T:
        """What `make` gives, remembered under `key` until the study, or any, changes."""
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
        """Whether it is time; if not, pages are told when it is."""
        if time.monotonic() > found.good_until:
            return True
        self._due = min(self._due, found.good_until)
        return False

    def _stamp_of(self, study: str) -> str:
        stamp = f"{self._file} {self._changes.stamp()}"
        with self._lock:
            if stamp != self._stamp:
                self._stamp, self._by_study = stamp, self._changes.by_study()
            return self._by_study.get(study, "") if study else stamp
