"""Several runs on one database: all finish, nothing is done twice, and a killed one's work is."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from drivers import finish, start
from postgres import postgres_databases
from sqlalchemy import func, select

from dse.contracts.errors import StoreError
from dse.store.queries import Results
from dse.store.schema import EvaluationRow, LeaseRow, PointRow, RunRow

STARTS = 12
"""Pairs of runs that are started, 0 to 0.3 s apart."""

STUDY = """
name: two
workload: {name: noop}
space:
  value: {range: {start: 1000, stop: 1059}}
  sleep_s: 0.003
backends: [noop]
objectives: [latency_ns]
"""
SEARCH = STUDY + "search: {method: random, batch: 3, budget: {points: 24}, seed: %d}\n"

NewDatabase = Callable[[], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    """Return a function that gives the name of an empty database, another one at each call."""
    if request.param == "postgresql":
        with postgres_databases() as new:
            yield new
        return
    numbers = iter(range(1000))
    yield lambda: str(tmp_path / f"results{next(numbers)}.db")


def arguments(study: str, database: str) -> list[str]:
    return ["run", study, "--executor", "serial", "--db", database]


def count(results: Results, column: Any) -> int:
    return int(results.rows(select(func.count(column)))[0][0])


def lines(folder: Path) -> str:
    return "\n".join(f"{log.name}: {log.read_text()}" for log in sorted(folder.glob("*.log")))


def test_two_runs_finish_and_share_the_work(new_database: NewDatabase, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(STUDY)
    done = Counter[int]()
    for number in range(STARTS):
        database = new_database()
        delays = (0.0, 0.3 * number / STARTS)
        runs = [
            start(arguments("s.yaml", database), tmp_path, tmp_path / f"{number}-{i}.log", delay)
            for i, delay in enumerate(delays)
        ]
        assert finish(runs) == [0, 0], lines(tmp_path)
        with closing(Results(database)) as results:
            points = results.points("two")
            assert results.study("two").state == "done"
            assert (count(results, RunRow.id), count(results, LeaseRow.key)) == (0, 0)
        assert [point.number for point in points] == list(range(60))
        values = {point.parameters["value"]: point.metrics[0].value for point in points}
        assert values == {value: float(value) for value in range(1000, 1060)}
        for log in tmp_path.glob(f"{number}-*.log"):
            said = log.read_text()
            done[number] += int(said.split(" points; ")[1].split(" evaluations done")[0])
    assert set(done.values()) == {60}, "an evaluation was done by both runs"


def test_searches_of_one_study_finish(new_database: NewDatabase, tmp_path: Path) -> None:
    database = new_database()
    runs = []
    for i in range(3):
        (tmp_path / f"s{i}.yaml").write_text(SEARCH % i)
        runs.append(start(arguments(f"s{i}.yaml", database), tmp_path, tmp_path / f"{i}.log"))
    assert finish(runs) == [0, 0, 0], lines(tmp_path)
    with closing(Results(database)) as results:
        points = results.points("two", every=True)
        assert len(points) == count(results, EvaluationRow.id) == count(results, PointRow.id)
    assert len(points) >= 24
    assert all(point.metrics for point in points)
    assert sorted(point.number for point in points) == list(range(len(points)))


def test_the_work_of_a_killed_run_is_taken_over(new_database: NewDatabase, tmp_path: Path) -> None:
    slow = STUDY.replace("0.003", "0.05")
    (tmp_path / "s.yaml").write_text(slow)
    for number in range(4):
        database = new_database()
        first = start(arguments("s.yaml", database), tmp_path, tmp_path / "first.log")
        _wait_until(partial(_has_rows, database, EvaluationRow.id, 2 + number))
        second = start(arguments("s.yaml", database), tmp_path, tmp_path / "second.log")
        _wait_until(partial(_has_rows, database, RunRow.id, 2))
        assert first.pid is not None
        os.kill(first.pid, signal.SIGKILL)
        assert finish([second]) == [0], lines(tmp_path)
        with closing(Results(database)) as results:
            assert count(results, EvaluationRow.id) == 60
            assert all(point.metrics for point in results.points("two"))
        finish([first])


def _has_rows(database: str, column: Any, least: int) -> bool:
    try:
        with closing(Results(database)) as results:
            return count(results, column) >= least
    except StoreError:  # the first run has not created it yet
        return False


def _wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
