"""Progress of a run: a live bar on a terminal, a line now and then in a log file."""

import time
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
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from dse.engine.run import Tally
from dse.tools import log_tail

_LOG_EVERY_S = 10.0
_FRESH_S = 30.0

Note = Callable[[], str]
"""What is going on besides: one line, or nothing."""


def last_line(log: Path) -> Note:
    """The last line of a log while it is being written to."""

    def read() -> str:
        if not log.is_file() or time.time() - log.stat().st_mtime > _FRESH_S:
            return ""
        return log_tail(log).rpartition("\n")[2].strip()

    return read


class _NoteColumn(ProgressColumn):
    max_refresh = 0.5

    def __init__(self, note: Note) -> None:
        super().__init__()
        self._note = note

    def render(self, task: Task) -> Text:
        return Text("" if task.finished else self._note(), style="dim", no_wrap=True)


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
        self._bar = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            TimeRemainingColumn(),
            _NoteColumn(note),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(name, total=None, state="")

    def __call__(self, tally: Tally) -> None:
        """Show it."""
        finished = tally.stored + tally.done + tally.failed
        elapsed = max(time.monotonic() - self._started, 1e-9)
        rate = (tally.done + tally.failed) / elapsed
        state = f"{tally.running} running, {tally.failed} failed, {rate:.2g}/s"
        self._bar.update(self._task, total=tally.total, completed=finished, state=state)
        if not self._console.is_terminal and elapsed - self._last_line >= _LOG_EVERY_S:
            self._last_line = elapsed
            left = f"about {(tally.total - finished) / rate:.0f} s left" if rate else ""
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
