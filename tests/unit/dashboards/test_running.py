"""What is running now: panels made of the signs that runs give."""

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dashboards.address import Address
from dashboards.running import MOST, panels
from dashboards.source import Source
from dse.engine import heartbeat as heartbeats
from dse.engine.heartbeat import LiveRun
from dse.engine.task_status import StatusWriter, TaskStatus
from dse.store.store import Store

from .test_pages import text_of

NOW = time.time()
TASK = TaskStatus(
    study="bits",
    points=(1, 2, 3, 4),
    backend="vitis",
    text="csynth",
    host="farm7",
    pid=4711,
    since=NOW - 200,
)
RUN = LiveRun(
    study="bits",
    host="head",
    pid=1,
    since=NOW - 4000,
    seen=NOW,
    total=1200,
    finished=900,
    failed=7,
    running=2,
    waiting=3,
    tasks=(TASK,),
)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[LiveRun]:
    """What gives signs of life."""
    found: list[LiveRun] = []
    monkeypatch.setattr("dashboards.source.live_runs", lambda _: found)
    monkeypatch.setattr("time.time", lambda: NOW)
    return found


def test_nothing_runs(source: Source) -> None:
    assert panels(source, "") == []


def test_a_run_and_its_workers(source: Source, runs: list[LiveRun]) -> None:
    runs.append(RUN)
    shown = text_of(panels(source, "bits"))
    for part in ("Running now", "900 of 1,200", "2 running", "7 failed", "3 waiting", "head"):
        assert part in shown
    for part in ("3 min 20 s", "vitis: csynth", "farm7, process 4711"):
        assert part in shown
    assert "bits 6, mode WRAP" in shown  # of point 1
    assert "/point?study=bits&point=1" in shown
    assert "and 1 more" in shown  # point 4


def test_chosen_points_go_along_within_their_study(source: Source, runs: list[LiveRun]) -> None:
    runs.append(RUN)
    chosen = Address({"study": "bits", "points": "1,3"})
    assert "study=bits&points=1%2C3&point=1" in text_of(panels(source, "bits", chosen))
    other = Address({"study": "another", "points": "1,3"})
    assert "points=" not in text_of(panels(source, "bits", other))


def test_only_the_study_that_is_looked_at(source: Source, runs: list[LiveRun]) -> None:
    runs += [RUN, replace(RUN, study="another", tasks=())]
    assert len(panels(source, "")) == 2
    assert len(panels(source, "bits")) == 1
    assert panels(source, "third") == []


def test_a_killed_run_is_said_to_be_over(source: Source, runs: list[LiveRun]) -> None:
    runs.append(replace(RUN, seen=NOW - 115, lost=True))
    shown = text_of(panels(source, ""))
    assert "Run lost" in shown
    assert "1 min 55 s" in shown
    assert "dse run" in shown
    assert "farm7" not in shown


def test_a_thousand_workers_are_not_all_listed(source: Source, runs: list[LiveRun]) -> None:
    many = tuple(replace(TASK, pid=pid) for pid in range(1000))
    runs.append(replace(RUN, tasks=many))
    assert text_of(panels(source, "")).count("farm7") == MOST
    assert f"and {1000 - MOST} more" in text_of(panels(source, ""))


def test_a_point_that_is_not_stored_yet(source: Source, runs: list[LiveRun]) -> None:
    runs.append(replace(RUN, tasks=(replace(TASK, points=(99,)), replace(TASK, points=()))))
    assert "point=99" in text_of(panels(source, ""))


def test_a_real_run_is_seen(
    source: Source, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the heartbeat of the run to the panel."""
    monkeypatch.setattr(heartbeats, "EVERY_S", 0.02)
    status = tmp_path / "status"
    with closing(Store(database)) as store, heartbeats.heartbeat(store, "bits", status):
        StatusWriter(status / "key", "bits", (1,), "cpu")("epoch 3")
        deadline = time.monotonic() + 20
        while "epoch 3" not in text_of(panels(source, "bits")) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "epoch 3" in text_of(panels(source, "bits"))
    assert panels(source, "bits") == []
