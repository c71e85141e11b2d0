"""Signs of life: what a run says of itself beside the database, and what becomes of them."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from toy import SquareBackend

from dse.engine import heartbeat as heartbeats
from dse.engine.heartbeat import SILENT_S, LiveRun, heartbeat, live_runs
from dse.engine.progress import RunProgress
from dse.engine.run import RunResult
from dse.engine.task_status import StatusWriter, TaskStatus, running_tasks
from dse.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.of(str(tmp_path / "results.db"))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "EVERY_S", 0.02)


def eventually(database: Database, condition: Callable[[LiveRun], bool]) -> LiveRun:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = [run for run in live_runs(database) if condition(run)]
        if found:
            return found[0]
        time.sleep(0.01)
    raise AssertionError(live_runs(database))


def test_a_run_says_what_it_is_at_until_it_ends(database: Database, tmp_path: Path) -> None:
    assert live_runs(database) == []
    folder = tmp_path / "status"
    with heartbeat(database, "s", folder) as watch:
        StatusWriter(folder / "key", "s", (4, 5), "vitis")("csynth")
        watch(RunProgress(total=9, stored=3, done=2, failed=1, running=2, waiting=1))
        run = eventually(database, lambda run: run.total == 9 and run.tasks != ())
        counts = (run.finished, run.failed, run.running, run.waiting)
        assert counts == (6, 1, 2, 1)
        assert run.pid == os.getpid()
        assert run.silent_s == 0.0
        (task,) = run.tasks
        assert (task.backend, task.text, task.points) == ("vitis", "csynth", (4, 5))
        assert run.since <= task.since <= time.time()
    assert live_runs(database) == []


def test_an_exception_ends_the_signs_too(database: Database, tmp_path: Path) -> None:
    def interrupted() -> None:
        with heartbeat(database, "s", tmp_path):
            eventually(database, lambda _: True)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert live_runs(database) == []
    assert not database.running.parent.exists()


def test_a_killed_run_is_silent_and_goes_with_the_next_one(
    database: Database, tmp_path: Path
) -> None:
    with heartbeat(database, "s", tmp_path):
        eventually(database, lambda _: True)
        (file,) = database.running.glob("*.json")
        left = json.loads(file.read_text())
    database.running.mkdir(parents=True)
    for pid, study in ((1, "s"), (2, "another")):
        changed = {**left, "study": study, "pid": pid, "seen": time.time() - 2 * SILENT_S}
        (database.running / f"{study}-{pid}.json").write_text(json.dumps(changed))
    assert [run.study for run in live_runs(database)] == ["another", "s"]
    assert all(run.silent_s > SILENT_S for run in live_runs(database))
    with heartbeat(database, "s", tmp_path):
        eventually(database, lambda run: run.study == "s")
        assert {run.pid for run in live_runs(database)} == {2, os.getpid()}


def test_another_database_in_the_same_folder_is_not_meant(
    database: Database, tmp_path: Path
) -> None:
    other = Database.of(str(tmp_path / "other.db"))
    with heartbeat(database, "s", tmp_path):
        eventually(database, lambda _: True)
        assert live_runs(other) == []


def test_it_does_not_matter_how_the_database_is_named(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with heartbeat(Database.of("results.db"), "s", tmp_path):
        eventually(database, lambda _: True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"study": "s"}', '{"tasks": 3}', "\x00"])
def test_a_damaged_sign_is_none(database: Database, text: str) -> None:
    database.running.mkdir(parents=True)
    (database.running / "s-1.json").write_text(text)
    assert live_runs(database) == []


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
