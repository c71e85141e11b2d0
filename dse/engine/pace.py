"""Keeps the load of a run up to date while it goes on; see `dse.engine.time_left`."""

import time

from dse.contracts.backend import Resources
from dse.engine.network_watch import NetworkWatch
from dse.engine.time_left import BackendWork, Load


class Pace:
    """Clock of one run or batch.

    Args:
        load: what is kept up to date.
        workers: evaluations at a time.
        networks: those that are still to be prepared.
    """

    def __init__(self, load: Load, workers: int = 0, networks: NetworkWatch | None = None) -> None:
        self._load = load
        self._load.workers, self._load.networks = workers, networks
        self._load.quiet_since = time.monotonic()
        self._counted_at: float | None = None

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
        self._load.quiet_since = now = time.monotonic()
        if took_s is None or self._training:
            return
        if self._counted_at is None:
            self._counted_at = now
        else:
            self._load.evaluated_s += took_s * cores

    def tick(self) -> None:
        """Take the time that workers were there; what they train meanwhile is no evaluation."""
        if self._counted_at is None:
            return
        now = time.monotonic()
        self._load.there_s += (now - self._counted_at) * self._load.workers
        self._counted_at = None if self._training else now

    @property
    def _training(self) -> bool:
        return self._load.networks is not None and self._load.networks.waiting

    def _cores(self, needs: Resources) -> float:
        """Return the workers that an evaluation keeps busy: one that takes all runs alone."""
        return min(max(needs.cpus, 1.0), max(self._load.workers, 1))
