"""The life of a run: its study and heartbeat in the store, its end, and the signals that end it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from dse.contracts.errors import StoreError
from dse.engine.heartbeat import heartbeat
from dse.engine.progress import ProgressCallback, RunProgress
from dse.engine.rescue import Journal, rescued
from dse.runtime.ending import handled
from dse.store.patience import patient
from dse.store.queries import Results
from dse.store.records import StudyRecord, StudyState
from dse.store.runs import RunRecord
from dse.store.store import Store


@dataclass
class RunLife:
    """A run that goes on.

    Args:
        study_id: row of the study.
        record: row of the run; it leases evaluations.
        report: callback to be called with the progress after every change.
        journal: gets every finished evaluation, in case the database fails.
        state: state in which the run ends; ``interrupted`` until something else is known.
    """

    study_id: int
    record: RunRecord
    report: ProgressCallback
    journal: Journal
    state: StudyState = "interrupted"


@contextmanager
def run_life(
    store: Store,
    study: StudyRecord,
    statuses: Path,
    report: ProgressCallback,
    command: str = "",
) -> Iterator[RunLife]:
    """Save the study, send heartbeats, and record how the run ends, whatever ends it.

    Args:
        store: where results go.
        study: the study as it is run.
        statuses: folder where tasks keep their status files.
        report: called with the progress after every change, as the heartbeat is.
        command: that started the run, for whoever finds it killed.

    Yields:
        The run; its `state` is to be set before the block ends.

    Raises:
        StoreError: the database fails; see `dse.engine.rescue.rescued`.
    """
    with (
        closing(Journal()) as journal,
        rescued(store, study, journal),
        heartbeat(store, study.name, statuses, command) as beats,
    ):

        def both(progress: RunProgress) -> None:
            report(progress)
            beats.update(progress)

        life = RunLife(store.save_study(study), beats.record, both, journal)
        try:
            yield life
            store.refresh_views()
        except StoreError:  # the state cannot be stored either
            raise
        except BaseException:  # KeyboardInterrupt and SystemExit too
            store.set_state(life.study_id, "interrupted")
            raise
        store.set_state(life.study_id, life.state)
        _check_written(store, study.name)


@patient
def _check_written(store: Store, study: str) -> None:
    """Look for the study through a new connection.

    A file that another program wrote into fails so: SQLite keeps parts of it in memory, and may
    go on for long as if nothing had happened.

    Raises:
        StoreError: the database is damaged, or is another one.
    """
    with closing(Results(store.name)) as results:
        results.study(study)


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first Ctrl-C, SIGTERM or SIGHUP; raise KeyboardInterrupt at the second.

    SIGHUP, which a terminal sends when it is closed, sets `stop` alone: shell and system may
    both send it. Where it was ignored before, as under nohup, it stays ignored.
    """

    def request_stop(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number != signal.SIGHUP:
            signal.default_int_handler(number, frame)
        stop.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    with handled(numbers, request_stop):
        yield
