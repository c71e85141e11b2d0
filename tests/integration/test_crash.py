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


@pytest.mark.parametrize(
    "executor", ["serial", pytest.param("processes", marks=pytest.mark.slow), "ray"]
)
def test_killed_runs_end_as_an_undisturbed_one(tmp_path: Path, executor: str) -> None:
    (calm := tmp_path / "calm").mkdir()
    (wild := tmp_path / "wild").mkdir()
    for folder in (calm, wild):
        (folder / "study.yaml").write_text(STUDY)
    subprocess.run(command(calm, "serial"), cwd=calm, check=True, capture_output=True)
    dice = random.Random(6)
    database = wild / "results.db"
    for _ in range(4):
        process = subprocess.Popen(
            command(wild, executor), cwd=wild, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
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
