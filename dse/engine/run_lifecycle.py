"""How a run ends: asked to by a signal, by itself, or in the middle of something."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from dse.store.records import StudyState
from dse.store.store import Store


@dataclass
class End:
    """How a run ends, once that is known."""

    state: StudyState = "interrupted"


@contextmanager
def ending(store: Store, study_id: int) -> Iterator[End]:
    """Note in the store how a run ended, whatever ends it."""
    end = End()
    try:
        yield end
        store.refresh_views()
    except BaseException:
        end.state = "interrupted"
        raise
    finally:
        store.set_state(study_id, end.state)


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) asks to stop; the second ends at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
