"""Keeps the load of a run up to date while it goes on; see `dse.engine.time_left`."""

import time
from collections.abc import Mapping
from pathlib import Path

from dse.contracts.backend import Resources
from dse.engine.time_left import BackendWork, Load

_LOOK_S = 1.0
"""Seconds between two looks for networks that were prepared meanwhile."""
_FACTORS = (0.1, 20.0)
"""Least and largest factor between expected and measured preparation that is believed."""


class Pace:
    """Clock of one run or batch.

    Args:
        load: what is kept up to date.
        workers: evaluations at a time.
        unprepared: expected seconds of the networks that are still to be prepared, by folder.
    """

    def __init__(
        self, load: Load, workers: int = 0, unprepared: Mapping[Path, float] | None = None
    ) -> None:
        self._load = load
        self._load.workers = workers
        self._unprepared = dict(unprepared or {})
        self._began = self._prepared_at = self._next_look = self._last_at = time.monotonic()
        self._all_s = self._together_s(self._unprepared)
        self._first_at: float | None = None

    def add(self, backend: str, needs: Resources) -> None:
        """Add an evaluation to what is to be done."""
        work = self._load.backends.setdefault(backend, BackendWork())
        expected_s = needs.expected_s * self._cores(needs)
        work.left_s += expected_s
        work.longest_s = max(work.longest_s, needs.expected_s)

    def end(self, backend: str, needs: Resources, took_s: float | None) -> None:
        """Count an evaluation that ended.

        Args:
            backend: its backend.
            needs: what it needed.
            took_s: seconds that it took; None where another run did it.
        """
        cores = self._cores(needs)
        self._load.end(backend, needs.expected_s * cores, took_s and took_s * cores)
        if took_s is None:
            return
        self._last_at = time.monotonic()
        if self._first_at is None:
            self._first_at = self._last_at
        else:
            self._load.evaluated_s += took_s * cores

    def tick(self) -> None:
        """Take the time, and look which networks are prepared."""
        now = time.monotonic()
        if self._first_at is not None:
            self._load.there_s = (now - self._first_at) * self._load.workers
        if now >= self._next_look:
            self._next_look = now + _LOOK_S
            self._look(now)
        self._load.preparing_s = now - self._prepared_at
        quiet_s = now - max(self._last_at, self._prepared_at)
        self._load.silent_s = 0.0 if self._unprepared else quiet_s

    def _look(self, now: float) -> None:
        left = {path: s for path, s in self._unprepared.items() if not path.is_dir()}
        if len(left) < len(self._unprepared):
            self._prepared_at = now
        self._unprepared = left
        left_s = self._together_s(left)
        self._load.prepare_s = left_s * self._slower(self._all_s - left_s)

    def _slower(self, done_s: float) -> float:
        """Return how much longer networks took than the `done_s` seconds that were expected."""
        if done_s <= 0:
            return 1.0
        least, largest = _FACTORS
        return min(max((self._prepared_at - self._began) / done_s, least), largest)

    def _together_s(self, unprepared: Mapping[Path, float]) -> float:
        """Return the expected seconds until networks are prepared, `workers` at a time."""
        together = sum(unprepared.values()) / max(self._load.workers, 1)
        return max(together, max(unprepared.values(), default=0.0))

    def _cores(self, needs: Resources) -> float:
        """Return the workers that an evaluation keeps busy: one that takes all runs alone."""
        return min(max(needs.cpus, 1.0), max(self._load.workers, 1))
