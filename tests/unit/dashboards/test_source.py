"""What is read once, and when it is read again."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dashboards import source as module
from dashboards.source import Source
from dse.analysis.points import Points
from dse.contracts.errors import StoreError, UsageError
from dse.engine.heartbeat import LiveRun
from dse.store.changes import Changes
from dse.store.store import Store
from dse.testing.stores import evaluation

from .conftest import STUDY, fill, outcome


@pytest.fixture
def two(database: str) -> Source:
    """Studies `bits` and `more`."""
    store = Store(database)
    fill(store, replace(STUDY, name="more"))
    store.close()
    return Source(database)


def add_point(database: str, study: str, bits: int) -> None:
    store = Store(database)
    row = store.study_id(study)
    assert row is not None
    (point,) = store.save_points(row, [{"bits": bits, "mode": "SAT"}], leaving=())
    store.record(
        [evaluation(f"new {bits}", outcome(0.5, 1.0), "open")], {f"new {bits}": [point.id]}
    )
    store.close()


def test_a_change_of_another_study_leaves_a_table_as_it_is(two: Source, database: str) -> None:
    bits, more, stamp = two.table("bits"), two.table("more"), two.stamp()
    count = len(more.parameters)
    assert two.stamp() == stamp
    add_point(database, "more", 99)
    assert two.stamp() != stamp
    assert two.table("bits") is bits
    assert two.table("more") is not more
    assert len(two.table("more").parameters) == count + 1


def test_an_evaluation_that_two_studies_share_changes_both(two: Source, database: str) -> None:
    """Done again by one of them, with other numbers."""
    store = Store(database)
    for name in ("bits", "more"):
        row = store.study_id(name)
        assert row is not None
        (point,) = store.save_points(row, [{"bits": 6, "mode": "WRAP"}], leaving=())
        store.record([evaluation("both", outcome(0.5, 1.0), "csim")], {"both": [point.id]})
    before = Changes(two.results).by_study()
    store.record([evaluation("both", outcome(0.6, 1.0), "csim")], {"both": [point.id]})
    store.close()
    after = Changes(two.results).by_study()
    assert all(before[name] != after[name] for name in ("bits", "more"))


def test_running_a_study_again_with_nothing_new_changes_nothing(two: Source, database: str) -> None:
    store = Store(database)
    row = store.study_id("bits")
    assert row is not None
    before = Changes(two.results).by_study()
    known = two.table("bits").parameters.to_dict("records")
    points = store.save_points(row, known, leaving=())
    done = evaluation("bits0", outcome(0.6, 100.0), "open")
    found = store.known(["bits0"])["bits0"].evaluation_id
    store.link([(points[0].id, done.job.backend, found)])
    store.close()
    assert Changes(two.results).by_study() == before


def test_what_took_long_is_read_rarely_and_pages_are_told_when(
    two: Source, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK_S", 0.0)
    monkeypatch.setattr(module, "REST", 50.0)
    table = two.table("bits")
    table.once("work", lambda: time.sleep(0.02))  # so that it rests a second
    add_point(database, "bits", 77)
    assert two.table("bits") is table
    stamp = two.stamp()
    deadline = time.monotonic() + 30
    while two.stamp() == stamp and time.monotonic() < deadline:
        time.sleep(0.05)
    assert two.stamp() != stamp
    assert 77 in two.table("bits").parameters["bits"].tolist()


def test_threads_that_ask_for_the_same_wait_for_one(source: Source) -> None:
    table, calls = source.table("bits"), []

    def make() -> int:
        calls.append(1)
        time.sleep(0.1)
        return len(calls)

    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(table.once("key", make))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1] * 8
    assert 0.1 <= table.spent_s < 0.5


def test_what_cannot_be_made_is_asked_for_again(source: Source) -> None:
    table: Points = source.table("bits")

    def fail() -> int:
        raise UsageError("no")

    with pytest.raises(UsageError):
        table.once("key", fail)
    assert table.once("key", lambda: 3) == 3


def test_a_large_table_is_read_ahead(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE", 1)
    read = threading.Event()
    monkeypatch.setattr(Points, "read_all", lambda _, _quiet_s: read.set())
    source.table("bits")
    assert read.wait(10)


def test_pages_go_before_what_is_read_ahead(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, read, waits = source.table("bits"), list[object](), list[float]()
    monkeypatch.setattr(Points, "numbers", lambda _, column: read.append(column))

    def sleep(seconds: float) -> None:
        assert not read
        waits.append(seconds)
        table.once(len(waits), lambda: 1)  # pages go on reading
        if len(waits) == 3:
            raise InterruptedError

    monkeypatch.setattr("dse.analysis.points.sleep", sleep)
    with pytest.raises(InterruptedError):
        table.read_all(1e9)
    table.read_all(-1.0)  # no page has read for any time
    assert read == list(table.columns)


def test_another_file_in_its_place_is_opened(source: Source, database: str, tmp_path: Path) -> None:
    assert [study.name for study in source.studies()] == ["bits"]
    stamp = source.stamp()
    other = Store(str(tmp_path / "other.db"))
    fill(other, replace(STUDY, name="other"))
    other.close()
    (tmp_path / "other.db").replace(database)
    assert source.stamp() != stamp
    assert [study.name for study in source.studies()] == ["other"]


def test_a_database_that_is_gone_is_said_to_be(source: Source, database: str) -> None:
    moved = Path(database).rename(f"{database}.away")
    with pytest.raises(StoreError, match="no such database"):
        source.stamp()
    moved.rename(database)
    assert source.stamp()
    assert [study.name for study in source.studies()] == ["bits"]


def test_what_is_no_database_in_its_place_is_an_error(source: Source, database: str) -> None:
    Path(f"{database}.new").write_text("nonsense " * 100)
    Path(f"{database}.new").replace(database)
    with pytest.raises(StoreError):
        source.stamp()


def test_a_killed_run_changes_the_stamp(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    before = source.stamp()
    killed = LiveRun("bits", "here", 1, 0.0, 0.0, lost=True)
    monkeypatch.setattr("dashboards.source.live_runs", lambda _: [killed])
    assert source.stamp() != before
