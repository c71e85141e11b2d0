"""How long the networks of a run still take to prepare, from what their trainings say.

Tasks that wait for one network wait for one training, see `dse.engine.training`.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from dse.engine.task_status import preparing_texts, tasks_seen
from dse.engine.training import Training

_LOOK_S = 1.0
"""Seconds between two looks at the networks and at what their trainings say."""
_GONE_S = 10.0
"""Seconds without a status after which a training has ended: while written, none is read."""


@dataclass
class NetworkWatch:
    """Networks that a run still has to prepare.

    Args:
        expected_s: what the workload expects for each, by folder.
        statuses: folder of the status files.
        workers: networks that are prepared at a time.
    """

    expected_s: Mapping[Path, float]
    statuses: Path
    workers: int = 1
    _made_at: float = field(default=0.0, init=False)
    _since: float = field(default=0.0, init=False)
    _waiting: set[Path] = field(default_factory=set, init=False)
    _failed: set[Path] = field(default_factory=set, init=False)
    _trainings: dict[Path, Training] = field(default_factory=dict, init=False)
    _took_s: dict[Path, float] = field(default_factory=dict, init=False)
    _starting: bool = field(default=True, init=False)
    _held_since: float | None = field(default=None, init=False)
    _held: list[tuple[float, float]] = field(default_factory=list, init=False)
    _next_look: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._made_at, self._since = time.monotonic(), time.time()
        self._waiting, self._held_since = set(self.expected_s), self._made_at

    def left_s(self, now: float) -> float:
        """Return the seconds until all networks are prepared.

        Args:
            now: seconds of `time.monotonic`.
        """
        with self._lock:  # the heartbeat and the display ask too
            if now >= self._next_look and (self._waiting or self._failed):
                self._next_look = now + _LOOK_S
                self._look(now)
                self._hold(now)
            return self._left_s(now)

    def quiet_s(self, since: float, now: float) -> float:
        """Return the seconds in which evaluations could go on.

        Those are without the time in which a network was being prepared, or workers started.

        Args:
            since: start of this time, by `time.monotonic`.
            now: its end.
        """
        with self._lock:
            held = [*self._held, (now if self._held_since is None else self._held_since, now)]
        held_s = sum(max(min(end, now) - max(begin, since), 0.0) for begin, end in held)
        return max(now - since - held_s, 0.0)

    def end(self, name: str) -> None:
        """Note that a task with this network has ended.

        If the network is not there and no other task prepares it, it has failed, or the task has
        before it came to that: it is not waited for until a task is seen to prepare it.

        Args:
            name: fingerprint of the network.
        """
        with self._lock:
            self._starting = False
            failed = {p for p in self._waiting if p.name == name and not p.is_dir()}
            if not failed or name in preparing_texts(tasks_seen(self.statuses, self._since)):
                return
            self._failed |= failed
            self._waiting -= failed
            for path in failed:
                self._trainings.pop(path, None)

    @property
    def waiting(self) -> bool:
        """Whether a network was not prepared at the last look."""
        return bool(self._waiting)

    def _look(self, now: float) -> None:
        """See which networks are there, and what the trainings of the others say."""
        tasks = tasks_seen(self.statuses, self._since)
        texts = preparing_texts(tasks)
        self._waiting |= {path for path in self._failed if path.name in texts}
        self._failed -= self._waiting
        there = {path for path in self._waiting if path.is_dir()}
        self._waiting -= there
        self._starting = self._starting and not (tasks or there)
        for path in there & self._trainings.keys():
            self._took_s[path] = now - self._trainings.pop(path).began_at
        for path in self._waiting:
            if path.name in texts:
                self._trainings.setdefault(path, Training(now, now)).see(texts[path.name], now)
        gone = [path for path, one in self._trainings.items() if now - one.seen_at > _GONE_S]
        for path in gone:
            del self._trainings[path]

    def _hold(self, now: float) -> None:
        """Note from when to when evaluations wait for trainings, or for workers that start."""
        held = bool(self._waiting) and (self._starting or bool(self._trainings))
        if held and self._held_since is None:
            self._held_since = now
        elif not held and self._held_since is not None:
            self._held.append((self._held_since, now))
            self._held_since = None

    def _left_s(self, now: float) -> float:
        each = self._each_s({})
        if self._starting:
            return abs(self._together_s(each) - (now - self._made_at)) if each else 0.0
        begun = {path: one.left_s(each[path], now) for path, one in self._trainings.items()}
        taking = {path: now - self._trainings[path].began_at + left for path, left in begun.items()}
        return self._together_s(self._each_s(taking) | begun)

    def _each_s(self, begun_s: Mapping[Path, float]) -> dict[Path, float]:
        """Return the seconds that each missing network takes, by those done and those begun.

        As long as most of those that were expected to take as long, however far from that they
        are; else as many times longer than expected as most. The medians: the first one may have
        trained, or simulated, what the others share.
        """
        alike: dict[float, list[float]] = defaultdict(list)
        for path, taken_s in (self._took_s | dict(begun_s)).items():
            alike[self.expected_s[path]].append(taken_s)
        ratios = [taken_s / s for s, taking in alike.items() if s > 0 for taken_s in taking]
        slower = median(ratios) if ratios else 1.0
        typical = {s: median(taking) for s, taking in alike.items()}
        expected = {path: self.expected_s[path] for path in self._waiting}
        return {path: typical.get(s, slower * s) for path, s in expected.items()}

    def _together_s(self, seconds: Mapping[Path, float]) -> float:
        """Return the time of networks that are prepared `workers` at a time."""
        shared = sum(seconds.values()) / max(self.workers, 1)
        return max(shared, max(seconds.values(), default=0.0))
