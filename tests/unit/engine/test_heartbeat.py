"""Signs of life: what a run says of itself in the database, and what becomes of them."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, literal, select, update
from toy import SquareBackend

from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.engine import heartbeat as heartbeats
from dse.engine import worker
from dse.engine.heartbeat import LiveRun, heartbeat, live_runs
from dse.engine.progress import RunProgress
from dse.engine.run import RunResult
from dse.engine.task_status import StatusWriter, TaskStatus, running_tasks
from dse.engine.time_left import BackendWork, Load
from dse.engine.worker import Task, run_tasks
from dse.store.changes import Changes
from dse.store.queries import Results
from dse.store.runs import SILENT_S, forget_runs
from dse.store.schema import RunRow
from dse.store.store import Store
from dse.testing.executors import task


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(str(tmp_path / "results.db"))
    yield opened
    opened.close()


@pytest.fixture
def results(store: Store, tmp_path: Path) -> Results:
    return Results(str(tmp_path / "results.db"))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "EVERY_S", 0.02)


def eventually(results: Results, condition: Callable[[LiveRun], bool]) -> LiveRun:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = [run for run in live_runs(results) if condition(run)]
        if found:
            return found[0]
        time.sleep(0.01)
    raise AssertionError(live_runs(results))


def leave_behind(store: Store, tmp_path: Path, study: str, **changed: object) -> None:
    """Leave the row of a run of another process."""
    with heartbeat(store, study, tmp_path) as beats:
        beats.stop()
        row = RunRow.__table__.c
        with store.transaction() as connection:
            columns = [column for column in row if column.name != "id"]
            copied = select(literal(f"left {study}"), *columns).where(row.id == beats.record.id)
            names = ["id", *(column.name for column in columns)]
            connection.execute(insert(RunRow).from_select(names, copied))
            mine = update(RunRow).where(RunRow.id == f"left {study}")
            connection.execute(mine.values(id=f"left {study}", **changed))


def test_a_run_says_what_it_is_at_until_it_ends(
    store: Store, results: Results, tmp_path: Path
) -> None:
    assert live_runs(results) == []
    folder = tmp_path / "status"
    with heartbeat(store, "s", folder) as beats:
        (begun,) = live_runs(results)  # at once, before the first evaluation
        assert (begun.pid, begun.total) == (os.getpid(), 0)
        StatusWriter(folder / "key", "s", (4, 5), "vitis")("csynth")
        beats.update(RunProgress(total=9, stored=3, done=2, failed=1, running=2, waiting=1))
        run = eventually(results, lambda run: run.total == 9 and run.tasks != ())
        counts = (run.finished, run.failed, run.running, run.waiting)
        assert counts == (6, 1, 2, 1)
        assert run.pid == os.getpid()
        assert not run.lost
        (task,) = run.tasks
        assert (task.backend, task.text, task.points) == ("vitis", "csynth", (4, 5))
        assert run.since <= task.since <= time.time()
    assert live_runs(results) == []


def test_the_time_left_is_that_of_the_heartbeat(
    store: Store, results: Results, tmp_path: Path
) -> None:
    """A run that is blocked by an evaluation tells nothing new, and yet time passes."""
    load = Load({"b": BackendWork(left_s=900.0, longest_s=300.0)}, workers=1)
    load.quiet_since = time.monotonic()
    with heartbeat(store, "s", tmp_path) as beats:
        beats.update(RunProgress(total=3, load=load))
        eventually(results, lambda run: run.left_s is not None and run.left_s > 800)
        load.quiet_since -= 200
        eventually(results, lambda run: run.left_s is not None and 650 < run.left_s <= 700)


def test_a_task_that_evaluates_no_longer_says_that_it_prepares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = task(tmp_path, 1)
    seen: list[TaskStatus] = []

    def outcome(one: Task) -> Outcome:
        seen.extend(running_tasks(one.folders.statuses, one.study, 0.0))
        return Outcome((Metric.of("latency_ns", 1.0, Fidelity.ESTIMATE),))

    monkeypatch.setattr(worker, "_outcome", outcome)
    run_tasks([one])
    assert [status.text for status in seen] == [""]
    assert list(one.folders.statuses.iterdir()) == []


def test_an_exception_ends_the_signs_too(store: Store, results: Results, tmp_path: Path) -> None:
    def interrupted() -> None:
        with heartbeat(store, "s", tmp_path):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert live_runs(results) == []


FOREIGN = "another machine"
LONG_AGO = datetime.now(UTC) - timedelta(seconds=2 * SILENT_S)


@pytest.mark.parametrize(
    ("changed", "lost"),
    [
        ({}, False),
        ({"seen_at": LONG_AGO}, False),  # stopped by Ctrl-Z, or busy: its process is there
        ({"pid": 2**22 + 1}, True),  # no process has this id
        ({"process_started": 1.0}, True),  # another process has its id now
        ({"machine": FOREIGN}, False),
        ({"machine": FOREIGN, "pid": 2**22 + 1}, False),  # ids of other machines say nothing
        ({"machine": FOREIGN, "seen_at": LONG_AGO}, True),
    ],
)
def test_a_dead_run_is_told_from_a_living_one(
    store: Store, results: Results, tmp_path: Path, changed: dict[str, object], lost: bool
) -> None:
    leave_behind(store, tmp_path, "s", **changed)
    (run,) = live_runs(results)
    assert run.lost is lost


def test_a_killed_run_goes_with_the_next_one(
    store: Store, results: Results, tmp_path: Path
) -> None:
    for study in ("s", "another"):
        leave_behind(store, tmp_path, study, pid=2**22 + 1)
    assert [run.study for run in live_runs(results)] == ["another", "s"]
    with heartbeat(store, "s", tmp_path):
        assert {run.pid for run in live_runs(results)} == {2**22 + 1, os.getpid()}
    assert [run.study for run in live_runs(results)] == ["another"]


def test_a_run_that_was_taken_for_killed_comes_back(
    store: Store, results: Results, tmp_path: Path
) -> None:
    with heartbeat(store, "s", tmp_path):
        forget_runs(store)
        eventually(results, lambda run: run.study == "s")


def test_a_heartbeat_is_no_news(store: Store, results: Results, tmp_path: Path) -> None:
    changes = Changes(results)
    before = changes.stamp()
    with heartbeat(store, "s", tmp_path) as beats:
        beats.update(RunProgress(total=9))
        eventually(results, lambda run: run.total == 9)
        assert changes.stamp() == before


def test_the_longest_running_comes_first(tmp_path: Path) -> None:
    begun = time.time()
    assert running_tasks(tmp_path / "none", "s", begun) == []
    for point in (1, 2, 3):
        StatusWriter(tmp_path / str(point), "s", (point,), "open")("yosys")
        time.sleep(0.002)
    assert [task.points for task in running_tasks(tmp_path, "s", begun)] == [(1,), (2,), (3,)]


def test_a_worker_says_which_points_it_has_in_hand(
    run_toy: Callable[..., RunResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from within the evaluation, as somebody who looks on would."""
    monkeypatch.setattr("dse.engine.worker.LONG_S", 0.0)
    seen: dict[int, list[TaskStatus]] = {}

    def look(bits: int) -> None:
        seen[bits] = running_tasks(tmp_path / "cache" / "status", "toy", 0.0)

    monkeypatch.setattr(SquareBackend, "hook", look)
    run_toy("{bits: [3, 5], size: [1]}")
    at = {bits: (task.backend, task.points) for bits, (task,) in seen.items()}
    assert at == {3: ("square", (0,)), 5: ("square", (1,))}
    assert list((tmp_path / "cache" / "status").iterdir()) == []
