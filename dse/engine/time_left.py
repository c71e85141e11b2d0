"""How long a run will still take, learned from what its own evaluations took.

An adapter's expected seconds order its evaluations well, but are off by a factor that depends on
machine, load and network, and that differs from backend to backend. So each backend's factor is
measured while the run goes on. Preparing networks is a phase of its own, see
`dse.engine.network_watch`: its time is never projected onto evaluations, nor theirs onto it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import exp, log
from statistics import fmean

from dse.engine.network_watch import NetworkWatch

_PRIOR = 0.25
"""Evaluations that the factor of all other backends counts for, in that of one backend."""
_FACTORS = (0.02, 50.0)
"""Least and largest factor that is believed."""
_SHORT_S = 5.0
"""Evaluations expected to be shorter than this tell little while their backend starts: imports
and the conversion of the network, which happen once, take up to a minute."""
_STARTING = 20.0
"""Largest factor that such an evaluation is believed."""
_MOST_OVERHEAD = 4.0
"""Largest ratio of the time that workers were there to the time that they evaluated."""


@dataclass
class BackendWork:
    """Evaluations of one backend: those left, and what those that ended took.

    Args:
        left_s: expected seconds of the evaluations that are left, each times the cores it takes.
        longest_s: expected seconds of the longest of them.
        n_done: evaluations that ended in this run.
        expected_s: expected seconds of these, times their cores.
        took_s: seconds that these took, times their cores.
        n_starting: short evaluations that ended while the backend started; what they took is in
            none of the other numbers.
        starting: sum of their ratios of seconds taken to seconds expected.
    """

    left_s: float = 0.0
    longest_s: float = 0.0
    n_done: int = 0
    expected_s: float = 0.0
    took_s: float = 0.0
    n_starting: int = 0
    starting: float = 0.0

    @property
    def factor(self) -> float | None:
        """How many times their expected seconds evaluations take; None where none has ended."""
        if self.n_done and self.expected_s > 0 and self.took_s > 0:
            return _bounded(self.took_s / self.expected_s)
        if self.n_starting and self.starting > 0:
            return _bounded(min(self.starting / self.n_starting, _STARTING))
        return None

    def __add__(self, later: "BackendWork") -> "BackendWork":
        """Return the sum of two batches of a run; what is left is that of the later one."""
        return BackendWork(
            later.left_s,
            later.longest_s,
            self.n_done + later.n_done,
            self.expected_s + later.expected_s,
            self.took_s + later.took_s,
            self.n_starting + later.n_starting,
            self.starting + later.starting,
        )


@dataclass
class Load:
    """What a run has to do, and how it goes.

    Args:
        backends: work by backend.
        workers: evaluations at a time; 0 before the executor has started.
        networks: those that are not prepared yet; None where there are none.
        there_s: seconds since the first evaluation ended, times the workers.
        evaluated_s: seconds of evaluations, times their cores, that ended after the first.
        quiet_since: when an evaluation last ended, or could begin, by `time.monotonic`.
        later_s: expected seconds of evaluations that are not planned yet.
    """

    backends: dict[str, BackendWork] = field(default_factory=dict)
    workers: int = 0
    networks: NetworkWatch | None = None
    there_s: float = 0.0
    evaluated_s: float = 0.0
    quiet_since: float | None = None
    later_s: float = 0.0

    def __add__(self, later: "Load") -> "Load":
        """Return the sum of two batches of a run; what is left is that of the later one."""
        names = self.backends | later.backends
        none = BackendWork()
        return Load(
            {n: self.backends.get(n, none) + later.backends.get(n, none) for n in names},
            later.workers or self.workers,
            later.networks,
            self.there_s + later.there_s,
            self.evaluated_s + later.evaluated_s,
            later.quiet_since,
            later.later_s,
        )

    def extrapolated(self, share: float) -> "Load":
        """Return the load where all evaluations, done and left, are `share` times as many."""
        grown = {
            name: replace(work, left_s=share * (work.left_s + work.expected_s) - work.expected_s)
            for name, work in self.backends.items()
        }
        return replace(self, backends=grown)

    def end(self, backend: str, expected_s: float, took_s: float | None) -> None:
        """Count an evaluation that ended, or that another run did.

        Args:
            backend: its backend.
            expected_s: expected seconds times cores.
            took_s: seconds times cores; None where another run did it.
        """
        work = self.backends.setdefault(backend, BackendWork())
        work.left_s = max(work.left_s - expected_s, 0.0)
        work.longest_s = min(work.longest_s, work.left_s)
        if took_s is None:
            return
        if expected_s < _SHORT_S and work.n_starting < self.workers:
            work.n_starting += 1  # one in each worker
            work.starting += took_s / expected_s if expected_s > 0 else 0.0
            return
        work.n_done += 1
        work.expected_s += expected_s
        work.took_s += took_s


def factors(works: Mapping[str, BackendWork]) -> dict[str, float]:
    """Return, by backend, how much longer its evaluations take than its adapter expects.

    One with few measurements leans on the others: the mean of the logarithms, where each
    counts once, is worth `_PRIOR` evaluations.
    """
    measured = {name: work.factor for name, work in works.items() if work.factor is not None}
    common = exp(fmean(map(log, measured.values()))) if measured else 1.0
    found: dict[str, float] = {}
    for name, work in works.items():
        count = work.n_done or work.n_starting
        own = log(measured.get(name, common))
        found[name] = exp((count * own + _PRIOR * log(common)) / (count + _PRIOR))
    return found


def _bounded(value: float) -> float:
    least, largest = _FACTORS
    return min(max(value, least), largest)


def time_left_s(load: Load, now: float | None = None) -> float | None:
    """Return the seconds until a run ends; None where nothing is known.

    The evaluations left take their expected time, each backend's times its measured factor,
    shared by the workers, and longer by the share of time in which workers were not evaluating.

    Args:
        load: what the run has to do.
        now: seconds of `time.monotonic`; by default those of this moment.
    """
    if load.workers < 1 or not load.backends:
        return None
    now = time.monotonic() if now is None else now
    preparing_s = load.networks.left_s(now) if load.networks else 0.0
    return _evaluating_s(load, _quiet_s(load, now)) + preparing_s + load.later_s


def _evaluating_s(load: Load, quiet_s: float) -> float:
    """Return the seconds that the evaluations left take.

    While none ends the time left falls, until even the longest should have ended; from then on it
    grows, as what is late is expected to be as late again.
    """
    works = dict(load.backends)  # another thread may add to them
    scale = factors(works)
    busy_s = sum(scale[name] * work.left_s for name, work in works.items())
    if busy_s <= 0:
        return 0.0
    longest_s = max(scale[name] * work.longest_s for name, work in works.items())
    all_s = max(busy_s * _overhead(load) / load.workers, longest_s)
    return all_s - longest_s + abs(longest_s - quiet_s)


def _quiet_s(load: Load, now: float) -> float:
    """Return the seconds since an evaluation ended or could begin, without those of trainings."""
    if load.quiet_since is None:
        return 0.0
    if load.networks:
        return load.networks.quiet_s(load.quiet_since, now)
    return max(now - load.quiet_since, 0.0)


def _overhead(load: Load) -> float:
    """Return the ratio of the time that workers were there to the time that they evaluated."""
    if load.evaluated_s <= 0:
        return 1.0
    return min(max(load.there_s / load.evaluated_s, 1.0), _MOST_OVERHEAD)
