"""How long the networks of a run still take to prepare, from what their trainings say.

A workload's text such as ``epoch 13 of 60`` says how far a step is, and when it was seen says how
fast. Tasks that wait for one network wait for one training.
"""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from dse.engine.task_status import preparing_texts

_LOOK_S = 1.0
"""Seconds between two looks at the networks and at what their trainings say."""
_FACTORS = (0.1, 20.0)
"""Least and largest factor between expected and measured preparation that is believed."""
_COUNTS = re.compile(r"(\d+) of (\d+)")


@dataclass
class _Steps:
    """Equal steps of a training, such as its epochs.

    Args:
        label: text before the counts, and the number of steps: other ones are another phase.
        first: steps that were done at the first look.
        first_at: time of that look.
        done: steps that are done.
        done_at: when the last of them was seen.
    """

    label: tuple[str, int]
    first: int
    first_at: float
    done: int
    done_at: float

    def left_s(self, now: float) -> float:
        """Return the seconds until the last step is done.

        A step that takes longer than those before raises the time of all; the one under way is
        then expected to be as late again as it is.
        """
        left, seen, quiet_s = self.label[1] - self.done, self.done - self.first, now - self.done_at
        if left <= 0:
            return quiet_s  # something follows that does not say how long it takes
        measured = (self.done_at - self.first_at) / seen if seen else 0.0
        each = max(measured, (now - self.first_at) / (seen + 1))
        return (left - 1) * each + abs(each - quiet_s)


@dataclass
class _Training:
    """A network that is being prepared.

    Args:
        began_at: when that was seen.
        steps: of its present phase; None where it says nothing of them.
    """

    began_at: float
    steps: _Steps | None = None

    def see(self, text: str, now: float) -> None:
        """Take what the training says now."""
        found = _COUNTS.search(text)
        if found is None:
            return
        done, label = int(found[1]), (text[: found.start()], int(found[2]))
        if self.steps is None or self.steps.label != label or done < self.steps.done:
            self.steps = _Steps(label, done, now, done, now)
        elif done > self.steps.done:
            self.steps.done, self.steps.done_at = done, now

    def left_s(self, expected_s: float, now: float) -> float:
        """Return the seconds until the network is prepared; late ones are as late again."""
        rest_s = expected_s - (now - self.began_at)
        # never less than expected: a training may be followed by another that has not begun
        return abs(rest_s) if self.steps is None else max(self.steps.left_s(now), rest_s)


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
    _trainings: dict[Path, _Training] = field(default_factory=dict, init=False)
    _took_s: dict[Path, float] = field(default_factory=dict, init=False)
    _next_look: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._since, self.changed_at = time.time(), time.monotonic()
        self._waiting = dict(self.expected_s)

    def left_s(self, now: float) -> float:
        """Return the seconds until all networks are prepared.

        Args:
            now: seconds of `time.monotonic`.
        """
        with self._lock:  # the heartbeat and the display ask too
            if now >= self._next_look:
                self._next_look = now + _LOOK_S
                self._look(now)
            return self._left_s(now)

    def end(self, name: str) -> None:
        """Note that a task with this network has ended: if it is not there, it has failed.

        Args:
            name: fingerprint of the network.
        """
        with self._lock:
            failed = [p for p in self._waiting if p.name == name and not p.is_dir()]
            for path in failed:
                del self._waiting[path]
                self._trainings.pop(path, None)

    @property
    def waiting(self) -> bool:
        """Whether a network was not prepared at the last look."""
        return bool(self._waiting)

    def _look(self, now: float) -> None:
        for path in [path for path in self._waiting if path.is_dir()]:
            begun = self._trainings.pop(path, None)
            self._took_s[path] = now - (begun.began_at if begun else self.changed_at)
            self.changed_at = now
            del self._waiting[path]
        if not self._waiting:
            return
        texts = preparing_texts(self.statuses, self._since)
        for path in self._waiting:
            if path.name in texts:
                self._trainings.setdefault(path, _Training(now)).see(texts[path.name], now)

    def _left_s(self, now: float) -> float:
        if not self._waiting:
            return 0.0
        scale = self._slower({})
        begun = {
            path: one.left_s(scale * self.expected_s[path], now)
            for path, one in self._trainings.items()
        }
        if not begun:  # workers start
            return abs(scale * self._together_s(self._waiting) - (now - self.changed_at))
        scale = self._slower(
            {path: now - self._trainings[path].began_at + left for path, left in begun.items()}
        )
        rest = {path: scale * s for path, s in self._waiting.items() if path not in begun}
        return self._together_s(begun | rest)

    def _slower(self, begun_s: Mapping[Path, float]) -> float:
        """Return how much longer networks take than expected, by those done and those begun.

        The median: the first one may have trained, or simulated, what the others share.
        """
        taking = self._took_s | dict(begun_s)
        ratios = [s / self.expected_s[path] for path, s in taking.items() if self.expected_s[path]]
        least, largest = _FACTORS
        return min(max(median(ratios), least), largest) if ratios else 1.0

    def _together_s(self, seconds: Mapping[Path, float]) -> float:
        """Return the time of networks that are prepared `workers` at a time."""
        shared = sum(seconds.values()) / max(self.workers, 1)
        return max(shared, max(seconds.values(), default=0.0))
