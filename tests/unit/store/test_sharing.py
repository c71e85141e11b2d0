"""Runs on one database: who does what, and what is said of errors."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from dse.contracts.errors import DatabaseLostError, ServerSilentError, StoreError
from dse.store.merge import merge
from dse.store.patience import patient
from dse.store.queries import Results
from dse.store.runs import Claim, RunRecord
from dse.store.schema import LeaseRow, MetricRow, PointEvaluationRow, RunRow
from dse.store.store import Store
from dse.testing.stores import FAILED, STUDY, evaluation, lut

KEYS = {"a": None, "b": None, "c": None}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(str(tmp_path / "results.db"))
    yield opened
    opened.close()


def begun(store: Store) -> RunRecord:
    run = RunRecord(store, "s")
    run.begin({})
    return run


def test_what_one_run_has_in_hand_no_other_takes(store: Store) -> None:
    first, second = begun(store), begun(store)
    assert first.claim(KEYS, 2) == Claim(("a", "b"), {})
    assert second.claim(KEYS, 3) == Claim(("c",), {})
    assert second.claim({"a": None, "b": None}, 2) == Claim((), {})
    store.record([evaluation("a", lut(1))], {"a": []})
    store.record([evaluation("b", FAILED)], {"b": []})
    claim = second.claim({"a": None, "b": None}, 2)
    assert (claim.mine, set(claim.stored)) == ((), {"a", "b"})


def test_what_a_run_left_undone_is_free(store: Store) -> None:
    first, second = begun(store), begun(store)
    first.claim(KEYS, 3)
    first.end()
    assert second.claim(KEYS, 3).mine == ("a", "b", "c")


@pytest.mark.parametrize("killed", [{"pid": 2**22 + 1}, {"process_started": 1.0}])
def test_the_work_of_a_killed_run_is_free(store: Store, killed: dict[str, object]) -> None:
    first, second = begun(store), begun(store)
    first.claim(KEYS, 3)
    with store.transaction() as connection:
        connection.execute(update(RunRow).where(RunRow.id == first.id).values(**killed))
    assert second.claim(KEYS, 3).mine == ("a", "b", "c")


def test_a_repeated_evaluation_is_done_by_one_run(store: Store) -> None:
    """Both want to run it again; the second takes what the first has just stored."""
    old = evaluation("a", FAILED)
    store.record([old], {"a": []})
    wanted = {"a": store.known(["a"])["a"]}
    first, second = begun(store), begun(store)
    assert first.claim(wanted, 1).mine == ("a",)
    assert second.claim(wanted, 1) == Claim((), {})
    store.record([evaluation("a", lut(1))], {"a": []})
    assert set(second.claim(wanted, 1).stored) == {"a"}


def test_points_that_another_run_adds_stay(store: Store) -> None:
    study = store.save_study(STUDY)
    store.save_points(study, [{"bits": 1}, {"bits": 2}])
    store.save_points(study, [{"bits": 3}], leaving=())  # by the other run, meanwhile
    store.save_points(study, [{"bits": 2}], leaving=[{"bits": 1}, {"bits": 2}])
    with closing(Results(store.name)) as results:
        assert [point.parameters["bits"] for point in results.points("s")] == [2, 3]


def test_a_refused_row_is_not_called_silence(store: Store) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY constraint failed") as caught:
        store.link([(7, "b", 8)])
    assert "refused a row" in caught.value.message
    assert "answer" not in caught.value.message
    (study,) = (store.save_study(STUDY),)
    (point,) = store.save_points(study, [{}])
    store.record([evaluation("k", lut(1))], {"k": [point.id]})
    with pytest.raises(StoreError, match="UNIQUE constraint failed"), store.transaction() as c:
        c.execute(insert(MetricRow).from_select(MetricRow.__table__.c.keys(), select(MetricRow)))


def test_a_locked_database_is_said_to_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dse.store.connect.BUSY_TIMEOUT_S", 0.01)
    store = Store(str(tmp_path / "results.db"))
    with closing(sqlite3.connect(tmp_path / "results.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="stays locked") as caught:
            store.save_study(STUDY)
        assert "end that program" in caught.value.hint
    store.close()


def test_nothing_is_written_into_a_file_that_came_instead(store: Store, tmp_path: Path) -> None:
    store.save_study(STUDY)
    other = tmp_path / "other.db"
    Store(str(other)).close()
    before = other.read_bytes()
    other.replace(tmp_path / "results.db")
    with pytest.raises(DatabaseLostError, match="replaced"):
        store.save_study(STUDY)
    assert (tmp_path / "results.db").read_bytes() == before
    store.copy_to(tmp_path / "copy.db")
    with closing(Results(str(tmp_path / "copy.db"))) as results:
        assert [study.name for study in results.studies()] == ["s"]


def filled(file: Path, **values: float) -> Store:
    """Return a store with one point per key, whose `lut` is the value."""
    store = Store(str(file))
    study = store.save_study(STUDY)
    points = store.save_points(study, [{"key": key} for key in values])
    for point, (key, value) in zip(points, values.items(), strict=True):
        store.record([evaluation(key, lut(value))], {key: [point.id]})
    store.set_state(study, "done")
    return store


def luts(file: Path) -> dict[str, list[float]]:
    with closing(Results(str(file))) as results:
        points = results.points("s", replicas=True)
    return {str(p.parameters["key"]): [m.value for m in p.metrics] for p in points}


def test_databases_are_merged_by_key(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.db", tmp_path / "theirs.db"
    target, source = filled(ours, a=1, b=2), filled(theirs, b=2, c=3)
    source.record([evaluation("lost", FAILED)], {"lost": []})
    for _ in range(2):  # the second time changes nothing
        with closing(Results(str(theirs))) as results:
            assert merge(results, target).points == {"s": 2}
        assert luts(ours) == {"a": [1], "b": [2], "c": [3]}
        assert set(target.known(["a", "b", "c", "lost"])) == {"a", "b", "c", "lost"}
    with closing(Results(str(ours))) as results:
        (point,) = results.points("s", number=2, replicas=True)
        assert results.evaluations("s", 2)[0].artifacts == {"log": "k/log"}
    (metric,) = point.metrics
    assert (metric.low, metric.high) == (2.0, 4.0)
    assert metric.replicas is not None
    assert metric.replicas.tolist() == [0, 1, 2]
    target.close()
    source.close()


def test_a_merge_overwrites_no_result(tmp_path: Path) -> None:
    """Where both have other numbers, the target keeps its own, provenance included."""
    ours, theirs = tmp_path / "ours.db", tmp_path / "theirs.db"
    target, source = filled(ours, a=1, b=2, c=3), filled(theirs, a=5, b=2, d=4)
    later = evaluation("a", lut(5))
    moved = replace(later, provenance=replace(later.provenance, host="there"))
    source.record([moved, evaluation("c", FAILED)], {"a": [], "c": []})
    target.record([evaluation("d", FAILED)], {"d": []})
    with closing(Results(str(theirs))) as results:
        done = merge(results, target)
    assert luts(ours) == {"a": [1], "b": [2], "c": [3], "d": [4]}
    assert (done.new, done.replaced, done.same) == (0, 1, 3)
    ((key, metric, mine, other, origins),) = [
        (c.key, c.metric, c.ours, c.theirs, (c.our_origin, c.their_origin)) for c in done.conflicts
    ]
    assert (key, metric, mine, other) == ("a", "lut", 1, 5)
    assert origins == ("here, 2026-01-02", "there, 2026-01-02")
    with closing(Results(str(ours))) as results:
        assert [e.host for e in results.evaluations("s", 0)] == ["here"]
    target.close()
    source.close()


def test_a_merged_study_keeps_numbers_and_what_left_it(tmp_path: Path) -> None:
    source = filled(tmp_path / "theirs.db", a=1, b=2, c=3)
    study = source.study_id("s")
    assert study is not None
    source.save_points(study, [{"key": "c"}, {"key": "b"}])
    with (
        closing(Store(str(tmp_path / "ours.db"))) as target,
        closing(Results(str(tmp_path / "theirs.db"))) as results,
    ):
        merge(results, target)
        links = select(PointEvaluationRow.point_id)
        assert len(results.rows(links)) == 3
    with closing(Results(str(tmp_path / "ours.db"))) as results:
        current = [(p.number, p.parameters["key"]) for p in results.points("s")]
        every = [(p.number, p.parameters["key"]) for p in results.points("s", every=True)]
        assert len(results.rows(select(PointEvaluationRow.point_id))) == 3
    assert current == [(1, "b"), (2, "c")]
    assert every == [(0, "a"), (1, "b"), (2, "c")]
    source.close()


def test_leases_end_with_what_they_are_for(store: Store) -> None:
    run = begun(store)
    run.claim(KEYS, 3)
    store.record([evaluation("b", lut(1))], {"b": []})
    with store.reading() as connection:
        assert set(connection.scalars(select(LeaseRow.key))) == {"a", "c"}
    run.end()
    with store.reading() as connection:
        assert not connection.execute(select(LeaseRow.key)).all()


def test_a_closed_store_is_in_its_file_also_while_somebody_reads(tmp_path: Path) -> None:
    """A copy of the file alone, without SQLite's log, has all results."""
    file, copy = tmp_path / "results.db", tmp_path / "copy.db"
    with closing(Store(str(file))) as store:
        store.save_study(STUDY)
        reader = Results(str(file))
        assert len(reader.studies()) == 1
    shutil.copyfile(file, copy)
    reader.close()
    with closing(Results(str(copy))) as copied:
        assert [study.name for study in copied.studies()] == [STUDY.name]


@pytest.mark.parametrize("prefix", ["", "sqlite:///"])
def test_a_path_that_is_not_utf_8_is_refused(tmp_path: Path, prefix: str) -> None:
    folder = tmp_path / os.fsdecode(b"odd_\xff")
    folder.mkdir()
    with pytest.raises(StoreError, match="not UTF-8") as caught:
        Store(f"{prefix}{folder}/results.db")
    assert "another folder" in caught.value.hint


def test_a_claim_whose_answer_was_lost_is_given_again(store: Store) -> None:
    """The server had committed it when the connection broke: nobody else does that work."""
    run = begun(store)
    run.claim(KEYS, 2)
    assert run.claim(KEYS, 3).mine == ("a", "b", "c")


def test_a_server_that_is_restarted_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dse.store.patience._FIRST_WAIT_S", 0.001)
    away = iter([ServerSilentError("gone"), ServerSilentError("gone")])

    @patient
    def transaction(value: int) -> int:
        if error := next(away, None):
            raise error
        return value

    assert transaction(3) == 3


def test_other_errors_are_not_waited_for() -> None:
    calls = []

    @patient
    def transaction() -> None:
        calls.append(1)
        raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="full"):
        transaction()
    assert calls == [1]
