"""Progress of a run: a live bar on a terminal, a line now and then in a log file."""

import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from dse.engine.progress import RunProgress
from dse.engine.task_status import phases
from dse.runtime.tools import log_tail

_LOG_EVERY_S = 10.0
_FRESH_S = 30.0

_CHATTER = re.compile(r"\s*$|[IWE]\d{4} |WARNING: All log messages|.*\btensorflow/")
"""What TensorFlow's C++ says, whoever listens."""

Note = Callable[[], str]
"""What is going on besides: one line, or nothing."""


def last_line(log: Path) -> Note:
    """The last line of a log while it is being written to."""

    def read() -> str:
        if not log.is_file() or time.time() - log.stat().st_mtime > _FRESH_S:
            return ""
        lines = [line for line in log_tail(log).splitlines() if not _CHATTER.match(line)]
        return lines[-1].strip() if lines else ""

    return read


def phase_note(folder: Path, study: str) -> Note:
    """What long evaluations of this run are at, such as ``vitis csynth (2)``."""
    since = time.time()

    def read() -> str:
        running = phases(folder, study, since)
        found = Counter(f"{phase.backend} {phase.text}" for phase in running if phase.text)
        return ", ".join(f"{text} ({n})" if n > 1 else text for text, n in sorted(found.items()))

    return read


def first_of(*notes: Note) -> Note:
    """The first that has something to say."""
    return lambda: next(filter(None, (note() for note in notes)), "")


class _NoteColumn(ProgressColumn):
    max_refresh = 0.5

    def __init__(self, note: Note) -> None:
        super().__init__()
        self._note = note

    def render(self, task: Task) -> Text:
        return Text("" if task.finished else self._note(), style="dim", no_wrap=True)


def _left(tally: RunProgress, elapsed_s: float) -> str:
    """Time left, by the work that backends expect; empty while too little is done to say."""
    if tally.work_done_s < 0.1 * tally.work_s or not tally.work_done_s:
        return ""
    left_s = elapsed_s * (tally.work_s - tally.work_done_s) / tally.work_done_s
    return f"about {left_s:.0f} s left"


class Progress:
    """Called with the tally after every change.

    Args:
        console: where to.
        name: of the study.
        note: what long preparations are at.
    """

    def __init__(self, console: Console, name: str, note: Note) -> None:
        self._console, self._name, self._note = console, name, note
        self._started = time.monotonic()
        self._last_line = 0.0
        self._stopping = False
        self._bar = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            TextColumn("{task.fields[left]}", markup=False),
            _NoteColumn(note),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(name, total=None, state="", left="")

    def __call__(self, tally: RunProgress) -> None:
        """Show it."""
        finished = tally.stored + tally.done + tally.failed
        elapsed = max(time.monotonic() - self._started, 1e-9)
        rate = (tally.done + tally.failed) / elapsed
        waits = f"{tally.waiting} waiting to try again, " if tally.waiting else ""
        state = f"{tally.running} running, {waits}{tally.failed} failed, {rate:.2g}/s"
        if tally.stopping:
            state = f"stopping: {tally.running} still running; Ctrl-C again ends them"
        left = _left(tally, elapsed)
        self._bar.update(self._task, total=tally.total, completed=finished, state=state, left=left)
        due = elapsed - self._last_line >= _LOG_EVERY_S or tally.stopping is not self._stopping
        self._stopping = tally.stopping
        if not self._console.is_terminal and due:
            self._last_line = elapsed
            parts = [f"{finished} of {tally.total}", state, left, self._note()]
            self._console.print(f"{self._name}: {', '.join(filter(None, parts))}")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
