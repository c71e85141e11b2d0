"""Progress of a run: a live bar on a terminal, a line now and then in a log file."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from dse.engine.run import Tally

_LOG_EVERY_S = 10.0


class Progress:
    """Called with the tally after every change."""

    def __init__(self, console: Console, name: str) -> None:
        self._console, self._name = console, name
        self._started = time.monotonic()
        self._last_line = 0.0
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(),
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
            left = (tally.total - finished) / rate if rate else 0.0
            eta = f", about {left:.0f} s left" if rate else ""
            self._console.print(f"{self._name}: {finished} of {tally.total}, {state}{eta}")

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
