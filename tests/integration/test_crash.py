"""kill -9 at random moments loses at most what was in flight."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

STUDY = """
name: crash
workload: {name: noop}
space:
  value: {range: {start: 0, stop: 59}}
  sleep_s: 0.05
backends: [noop]
"""


def results(database: Path) -> list[tuple[Any, ...]]:
    """Everything that must be equal: points, keys, metrics and links."""
    query = """
        SELECT point.number, point.parameters, evaluation.key, evaluation.status,
               metric.name, metric.value
        FROM point JOIN point_evaluation ON point_evaluation.point_id = point.id
        JOIN evaluation ON evaluation.id = point_evaluation.evaluation_id
        JOIN metric ON metric.evaluation_id = evaluation.id ORDER BY point.number
    """
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return connection.execute(query).fetchall()


def command(_folder: Path, executor: str) -> list[str]:
    tail = ["run", "study.yaml", "--executor", executor]
    tail += ["--workers", "2"] if executor != "serial" else []
    return [sys.executable, "-m", "dse.cli.main", *tail]


def calm_and_wild(folder: Path, study: str) -> tuple[Path, Path]:
    """Make two folders with a study, and run it undisturbed in the first."""
    (calm := folder / "calm").mkdir()
    (wild := folder / "wild").mkdir()
    for one in (calm, wild):
        (one / "study.yaml").write_text(study)
    subprocess.run(command(calm, "serial"), cwd=calm, check=True, capture_output=True)
    return calm, wild


def started(folder: Path, executor: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command(folder, executor), cwd=folder, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize(
    "executor", ["serial", pytest.param("processes", marks=pytest.mark.slow), "ray"]
)
def test_killed_runs_end_as_an_undisturbed_one(tmp_path: Path, executor: str) -> None:
    calm, wild = calm_and_wild(tmp_path, STUDY)
    dice = random.Random(6)
    database = wild / "results.db"
    for _ in range(4):
        process = started(wild, executor)
        deadline = time.monotonic() + 60
        while not database.is_file() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        time.sleep(dice.uniform(0.1, 2.0 if executor == "serial" else 12.0))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run(command(wild, "serial"), cwd=wild, check=True, capture_output=True)
    assert b"0 failed" in done.stderr
    assert results(database) == results(calm / "results.db")
    assert len(results(database)) == 60


def test_ctrl_c_prints_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    process = subprocess.Popen(
        command(tmp_path, "serial"), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    database = tmp_path / "results.db"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        time.sleep(0.1)
        if database.is_file():
            time.sleep(1.0)
            break
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "dse run study.yaml" in printed
    assert 0 < len(results(database)) < 60


DAY = STUDY.replace("stop: 59", "stop: 2879").replace("sleep_s: 0.05", "sleep_s: 0.03")
"""A day of evaluations of half a minute each, a thousand times as fast."""

_INTERRUPTIONS = 48
"""One every half an hour, on average."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGKILL)


def n_stored(database: Path) -> int:
    """Return how many evaluations there are; 0 where the database is not made yet."""
    if not database.is_file():
        return 0
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM evaluation").fetchone()[0])
    except sqlite3.OperationalError:  # its tables are not made yet
        return 0


def interrupted(folder: Path, executor: str, dice: random.Random) -> None:
    """Run on, and end the run in some way about half an hour of that day after its first result."""
    database = folder / "results.db"
    before, deadline = n_stored(database), time.monotonic() + 120
    process = started(folder, executor)
    while n_stored(database) == before and process.poll() is None:
        assert time.monotonic() < deadline, "nothing was stored"
        time.sleep(0.02)
    time.sleep(min(dice.expovariate(1 / 1.8), 5.0))
    chosen = dice.choice(_SIGNALS)
    if process.poll() is None:
        os.kill(process.pid, chosen)
        if chosen == signal.SIGINT and dice.random() < 0.3:  # an impatient user
            time.sleep(0.05)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGINT)
    process.wait(120)


@pytest.mark.slow
def test_a_day_of_interruptions_ends_as_an_undisturbed_day(tmp_path: Path) -> None:
    calm, wild = calm_and_wild(tmp_path, DAY)
    dice = random.Random(24)
    for _ in range(_INTERRUPTIONS):
        interrupted(wild, dice.choice(("serial", "processes")), dice)
    done = subprocess.run(command(wild, "serial"), cwd=wild, check=True, capture_output=True)
    assert b"0 failed" in done.stderr
    assert results(wild / "results.db") == results(calm / "results.db")
    assert len(results(wild / "results.db")) == 2880
