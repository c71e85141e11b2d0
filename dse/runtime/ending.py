"""Leave in order when the system asks a command to end."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def tidy_end() -> Iterator[None]:
    """Raise SystemExit at SIGTERM and SIGHUP, so that what is temporary is removed on the way out.

    Python would end at once. The exit code is that of shells: 128 and the number of the signal. A
    signal that is ignored, as SIGHUP is under nohup, stays ignored.
    """
    # Python lets only the main thread set signal handlers.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, _leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  (signal's interface)
    for further in (signal.SIGTERM, signal.SIGHUP):  # what removes files is not interrupted
        signal.signal(further, signal.SIG_IGN)
    sys.exit(128 + number)
