"""Leave in order when the system asks a command to end, and handle signals for a while."""

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def handled(
    numbers: Iterable[signal.Signals], handler: Callable[[int, FrameType | None], object]
) -> Iterator[None]:
    """Handle signals by a function, then as before; outside the main thread they stay as they are.

    Args:
        numbers: the signals.
        handler: called with the number of the signal and the frame.
    """
    # Python lets only the main thread set signal handlers.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextmanager
def tidy_end() -> Iterator[None]:
    """Raise SystemExit at SIGTERM and SIGHUP, so that what is temporary is removed on the way out.

    Python would end at once. The exit code is that of shells: 128 and the number of the signal. A
    signal that is ignored, as SIGHUP is under nohup, stays ignored.
    """
    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) != signal.SIG_IGN]
    with handled(numbers, _leave):
        yield


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  (signal's interface)
    for further in (signal.SIGTERM, signal.SIGHUP):  # what removes files is not interrupted
        signal.signal(further, signal.SIG_IGN)
    sys.exit(128 + number)
