"""How runs end: killed, by SIGHUP, with the terminal, or without their database."""

import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from drivers import finish, start
from sqlalchemy import func, select

from dse.contracts.errors import StoreError
from dse.engine.heartbeat import live_runs, state_now
from dse.store.queries import Results
from dse.store.schema import EvaluationRow
from dse.store.store import Store
from dse.testing.stores import STUDY as OTHER

STUDY = """
name: ends
workload: {name: noop}
space:
  value: {range: {start: 0, stop: 59}}
  sleep_s: 0.05
backends: [noop]
"""
RUN = ["run", "s.yaml", "--executor", "serial"]


@pytest.fixture(autouse=True)
def _hangups_end_a_process() -> Iterator[None]:
    """As in a shell, also where the tests themselves run under nohup: a child inherits it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def stored(folder: Path) -> int:
    try:
        with closing(Results(str(folder / "results.db"))) as results:
            return int(results.rows(select(func.count(EvaluationRow.id)))[0][0])
    except StoreError:  # not created yet
        return 0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def begun(folder: Path, evaluations: int = 5) -> BaseProcess:
    """Start a run in a folder, and wait until some evaluations are stored."""
    folder.mkdir(exist_ok=True)
    (folder / "s.yaml").write_text(STUDY)
    run = start(RUN, folder, folder / "log")
    wait_until(lambda: stored(folder) >= evaluations)
    return run


def state(folder: Path) -> str:
    with closing(Results(str(folder / "results.db"))) as results:
        return state_now(results.study("ends").state, live_runs(results))


def kill(process: BaseProcess | subprocess.Popen[Any], number: int) -> None:
    assert process.pid is not None
    os.kill(process.pid, number)


def test_a_killed_run_is_told_from_a_living_one(tmp_path: Path) -> None:
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        run = begun(folder, 2 + attempt)
        assert state(folder) == "running"
        kill(run, signal.SIGKILL)
        finish([run])
        assert state(folder) == "killed"
        status = start(["status"], folder, folder / "status")
        assert finish([status]) == [0]
        said = (folder / "status").read_text()
        assert "killed; " in said
        assert "evaluations at its last heartbeat" in said
        assert str(run.pid) in said
        assert "dse run s.yaml" in said
        assert finish([start(RUN, folder, folder / "log")]) == [0]
        assert state(folder) == "done"


def test_a_hangup_ends_a_run_as_ctrl_c_does(tmp_path: Path) -> None:
    run = begun(tmp_path)
    kill(run, signal.SIGHUP)
    kill(run, signal.SIGHUP)  # both the shell and the system may send one
    assert finish([run]) == [130]
    assert state(tmp_path) == "interrupted"
    assert "To continue: dse run s.yaml" in (tmp_path / "log").read_text()
    assert 5 <= stored(tmp_path) < 60


def test_a_hangup_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(STUDY)
    command = ["nohup", sys.executable, "-m", "dse.cli.main", *RUN]
    run = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: stored(tmp_path) >= 5)
    kill(run, signal.SIGHUP)
    assert run.wait(60) == 0
    assert state(tmp_path) == "done"


@pytest.mark.parametrize(
    "executor",
    [["serial"], ["processes", "--workers", "2"], ["ray", "--workers", "2"]],
    ids=["serial", "processes", "ray"],
)
def test_a_closed_terminal_ends_a_run_as_ctrl_c_does(tmp_path: Path, executor: list[str]) -> None:
    (tmp_path / "s.yaml").write_text(STUDY.replace("59", "399"))
    child, terminal = pty.fork()  # the child leads a session on a terminal of its own
    if child == 0:
        os.chdir(tmp_path)
        command = ["-m", "dse.cli.main", "run", "s.yaml", "--executor", *executor]
        os.execv(sys.executable, [sys.executable, *command])
    reader = os.fdopen(terminal, "rb", buffering=0)
    os.set_blocking(terminal, False)

    def read_and_look() -> bool:
        reader.read(65536)  # else the run would wait for room in the terminal's buffer
        return stored(tmp_path) >= 5

    wait_until(read_and_look)
    reader.close()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert state(tmp_path) == "interrupted"
    with closing(Results(str(tmp_path / "results.db"))) as results:
        assert results.study("ends").failures == 0
    assert stored(tmp_path) < 400


def replace(database: Path) -> None:
    other = database.with_name("other.db")
    store = Store(str(other))
    store.save_study(OTHER)
    store.close()
    other.replace(database)


LOSSES: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "deleted with its log": lambda file: [f.unlink() for f in file.parent.glob("results.db*")],
    "moved": lambda file: file.rename(file.with_name("elsewhere.db")),
    "replaced": replace,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_database_is_noticed_and_its_results_come_back(tmp_path: Path, loss: str) -> None:
    run = begun(tmp_path)
    before = stored(tmp_path)
    LOSSES[loss](tmp_path / "results.db")
    assert finish([run]) == [5]
    said = (tmp_path / "log").read_text()
    assert ("replaced" if loss == "replaced" else "deleted or moved") in said
    (command,) = (line.partition("to store it: dse ")[2] for line in said.splitlines()[-1:])
    (rescued,) = tmp_path.glob("results.rescued-*.db")
    assert str(rescued) in command
    assert finish([start(shlex.split(command), tmp_path, tmp_path / "import")]) == [0]
    back = stored(tmp_path)
    assert before <= back < 60
    assert finish([start(RUN, tmp_path, tmp_path / "again")]) == [0]
    assert f"{60 - back} evaluations done, {back} were stored" in (tmp_path / "again").read_text()
    with closing(Results(str(tmp_path / "results.db"))) as results:
        values = {p.parameters["value"]: p.metrics[0].value for p in results.points("ends")}
        assert values == {value: float(value) for value in range(60)}
        assert {study.name for study in results.studies()} >= {"ends"}


def test_what_a_damaged_database_cannot_take_is_kept(tmp_path: Path) -> None:
    run = begun(tmp_path)
    os.truncate(tmp_path / "results.db", 0)
    os.truncate(tmp_path / "results.db-wal", 0)
    (code,) = finish([run])
    said = (tmp_path / "log").read_text()
    assert code == 5, said
    (rescued,) = tmp_path.glob("results.rescued-*.db")
    assert str(rescued) in said
    with closing(Results(str(rescued))) as results:
        points = results.points("ends")
    assert len(points) >= 5
    assert all(point.metrics for point in points)
