"""The end of a run: its state in the store, and Ctrl-C and SIGTERM."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from dse.store.records import StudyState
from dse.store.store import Store


@dataclass
class RunEnd:
    """State in which a run ends; ``interrupted`` until something else is known."""

    state: StudyState = "interrupted"


@contextmanager
def recorded_end(store: Store, study_id: int) -> Iterator[RunEnd]:
    """Record the final state of a study in the store, also if an exception ends the run.

    Yields:
        The state to record; to be set before the block ends.
    """
    end = RunEnd()
    try:
        yield end
        store.refresh_views()
    except BaseException:  # KeyboardInterrupt and SystemExit too
        end.state = "interrupted"
        raise
    finally:
        store.set_state(study_id, end.state)


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first Ctrl-C or SIGTERM; raise KeyboardInterrupt at the second."""
    # Python lets only the main thread set signal handlers.
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def request_stop(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()

    before = {n: signal.signal(n, request_stop) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
