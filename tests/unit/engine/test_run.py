"""What a run does, does not do again, and keeps."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy import SquareBackend, WideBackend

from dse.contracts.errors import EvaluationError, FailureKind, NoNodeError, Retry, StoreError
from dse.engine import run
from dse.engine.run import Policy, RunResult
from dse.engine.serial import SerialExecutor
from dse.store.queries import Results
from dse.store.records import Evaluation, Known

RunToy = Callable[..., RunResult]


def latencies(tmp_path: Path) -> dict[int, float]:
    points = Results(str(tmp_path / "results.db")).points("toy")
    return {p.parameters["bits"]: m.value for p in points for m in p.metrics}


def test_everything_once_and_never_again(run_toy: RunToy, tmp_path: Path) -> None:
    first = run_toy("{bits: [1, 2, 3]}")
    assert (first.progress.done, first.progress.stored, first.state) == (3, 0, "done")
    assert latencies(tmp_path) == {1: 1, 2: 4, 3: 9}
    second = run_toy("{bits: [1, 2, 3]}")
    assert (second.progress.done, second.progress.stored) == (0, 3)
    assert sorted(SquareBackend.calls) == [1, 2, 3]


def test_only_what_is_new_is_done_and_points_keep_their_numbers(
    run_toy: RunToy, tmp_path: Path
) -> None:
    run_toy("{bits: [1, 2]}")
    result = run_toy("{bits: [2, 5]}")
    assert (result.progress.done, result.progress.stored) == (1, 1)
    points = Results(str(tmp_path / "results.db")).points("toy")
    assert {p.number: p.parameters["bits"] for p in points} == {1: 2, 2: 5}


def test_equal_work_of_many_points_is_one_evaluation(run_toy: RunToy, tmp_path: Path) -> None:
    result = run_toy("{bits: [1, 2, 3], width: [4, 8]}", "[square, wide]")
    assert (result.progress.total, result.progress.done) == (5, 5)
    assert sorted(SquareBackend.calls) == [1, 2, 3]
    assert sorted(WideBackend.calls) == [4, 8]
    points = Results(str(tmp_path / "results.db")).points("toy")
    assert len(points) == 6
    for point in points:
        values = {m.name: m.value for m in point.metrics}
        bits, width = point.parameters["bits"], point.parameters["width"]
        assert values == {"latency_ns": bits**2, "lut": width}


def test_failures_are_data(run_toy: RunToy, tmp_path: Path) -> None:
    result = run_toy("{bits: [12, 13, 99]}")
    assert (result.progress.done, result.progress.failed) == (1, 2)
    assert result.progress.failures == {FailureKind.TOOL_FAILED: 1, FailureKind.INVALID_POINT: 1}
    results = Results(str(tmp_path / "results.db"))
    (evaluation,) = results.evaluations("toy", 1)
    assert evaluation.failure == {
        "kind": "tool_failed", "message": "thirteen", "hint": "12", "log": "the log",
    }  # fmt: skip
    assert results.points("toy")[1].metrics == ()
    (refused,) = results.evaluations("toy", 2)
    assert refused.failure["message"] == "bits = 99 cannot be built"


@pytest.mark.parametrize(
    ("rerun", "again"), [((), 0), (("failed",), 1), (("tool_failed",), 1), (("licence",), 0)]
)
def test_rerun(run_toy: RunToy, rerun: tuple[str, ...], again: int) -> None:
    run_toy("{bits: [12, 13]}")
    run_toy("{bits: [12, 13]}", policy=Policy(rerun=frozenset(rerun)))
    assert SquareBackend.calls.count(13) == 1 + again
    assert SquareBackend.calls.count(12) == 1


def test_rerun_all_replaces(run_toy: RunToy, tmp_path: Path) -> None:
    run_toy("{bits: [12, 13]}")
    result = run_toy("{bits: [12, 13]}", policy=Policy(rerun=frozenset({"all"})))
    assert (result.progress.done, result.progress.failed) == (1, 1)
    assert latencies(tmp_path) == {12: 144}


def test_transient_failures_are_tried_again_others_not(run_toy: RunToy, tmp_path: Path) -> None:
    result = run_toy("{bits: [7, 13]}")
    assert (result.progress.done, result.progress.failed) == (1, 1)
    assert SquareBackend.calls.count(7) == 2
    assert SquareBackend.calls.count(13) == 1
    (evaluation,) = Results(str(tmp_path / "results.db")).evaluations("toy", 0)
    assert evaluation.attempts == 2


def test_a_licence_is_waited_for(run_toy: RunToy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The n-th attempt waits n times as long; other work goes on meanwhile."""
    slept: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += 10.0

    def refuse(bits: int) -> None:
        if bits == 5 and SquareBackend.calls.count(5) <= 2:
            raise EvaluationError(FailureKind.LICENCE, "all in use")

    monkeypatch.setattr(run.time, "sleep", sleep)
    monkeypatch.setattr(run.time, "monotonic", lambda: clock[0])
    SquareBackend.hook = staticmethod(refuse)
    result = run_toy("{bits: [5, 6]}", policy=Policy(retry=lambda _: Retry(5, 60.0)))
    assert (result.progress.done, result.progress.failed) == (2, 0)
    assert SquareBackend.calls == [5, 6, 5, 5]
    assert clock[0] >= 60 + 120


def test_what_waits_is_stored_as_failed_when_the_run_is_stopped(
    run_toy: RunToy, tmp_path: Path
) -> None:
    def stop(bits: int) -> None:
        if bits == 6:
            os.kill(os.getpid(), signal.SIGINT)
        raise EvaluationError(FailureKind.LICENCE, "all in use")

    SquareBackend.hook = staticmethod(stop)
    result = run_toy("{bits: [5, 6]}", policy=Policy(retry=lambda _: Retry(5, 3600.0)))
    assert (result.state, result.progress.failed) == ("interrupted", 2)
    (group,) = Results(str(tmp_path / "results.db")).failures("toy")
    assert (group.kind, group.points) == ("licence", (0, 1))


@pytest.mark.parametrize(
    ("kind", "again"),
    [
        (FailureKind.LICENCE, True),
        (FailureKind.DISK_FULL, True),
        (FailureKind.CRASHED, True),
        (FailureKind.TOOL_FAILED, False),
        (FailureKind.OUT_OF_MEMORY, False),
    ],
)
def test_what_the_next_run_tries_again(kind: FailureKind, again: bool) -> None:
    assert Policy().wants(Known(1, kind)) is again


def test_a_backend_of_which_nothing_succeeds_is_named(run_toy: RunToy) -> None:
    space = "{bits: [13], width: [4, 8]}"
    for rest in ("", "", "search: {method: random, budget: {points: 2}}"):  # new, stored, searched
        progress = run_toy(space, "[square, wide]", rest=rest).progress
        assert progress.always_failing == ["square"]
        assert progress.succeeding == {"wide"}
    assert run_toy("{bits: [12, 13]}").progress.always_failing == []


def test_max_failures_stops_early(run_toy: RunToy) -> None:
    result = run_toy("{bits: [13, 1, 2, 3]}", policy=Policy(max_failures=1))
    assert result.state == "failed"
    assert SquareBackend.calls == [13]


def test_interrupt_drains_and_the_next_run_goes_on(run_toy: RunToy, tmp_path: Path) -> None:
    def interrupt(bits: int) -> None:
        if bits == 2:
            os.kill(os.getpid(), signal.SIGINT)

    SquareBackend.hook = staticmethod(interrupt)
    result = run_toy("{bits: [1, 2, 3, 4]}")
    assert result.state == "interrupted"
    assert latencies(tmp_path) == {1: 1, 2: 4}
    SquareBackend.hook = None
    assert run_toy("{bits: [1, 2, 3, 4]}").progress.done == 2
    assert latencies(tmp_path) == {1: 1, 2: 4, 3: 9, 4: 16}


def test_an_edited_study_shows_no_results_of_the_old_network(
    run_toy: RunToy, tmp_path: Path
) -> None:
    run_toy("{bits: [1, 2, 3]}")

    def interrupt(bits: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    SquareBackend.hook = staticmethod(interrupt)
    run_toy("{bits: [1, 2, 3]}", workload="{name: toy, size: 2}")
    assert latencies(tmp_path) == {1: 1}
    SquareBackend.hook = None
    back = run_toy("{bits: [1, 2, 3]}", workload="{name: toy, size: 1}")
    assert (back.progress.done, back.progress.stored) == (0, 3)  # nothing was deleted
    assert latencies(tmp_path) == {1: 1, 2: 4, 3: 9}


@pytest.mark.parametrize(
    ("limit_s", "again"), [(1.0, False), (0.5, False), (2.0, True), (None, True)]
)
def test_a_higher_time_limit_gives_another_chance(limit_s: float | None, again: bool) -> None:
    known = Known(1, FailureKind.TIME_LIMIT, time_limit_s=1.0)
    assert Policy().wants(known, limit_s) is again


def test_an_adapter_that_breaks_is_a_crash_with_its_traceback(
    run_toy: RunToy, tmp_path: Path
) -> None:
    def explode(bits: int) -> None:
        raise ZeroDivisionError("oops")

    SquareBackend.hook = staticmethod(explode)
    result = run_toy("{bits: [1]}", policy=Policy(retry=lambda _: Retry()))
    assert result.progress.failures == {FailureKind.CRASHED: 1}
    (evaluation,) = Results(str(tmp_path / "results.db")).evaluations("toy", 0)
    assert "ZeroDivisionError: oops" in str(evaluation.failure["message"])
    assert "explode" in str(evaluation.failure["log"])


def test_replicas_survive_the_store(run_toy: RunToy, tmp_path: Path) -> None:
    run_toy("{bits: [5]}")
    (point,) = Results(str(tmp_path / "results.db")).points("toy", replicas=True)
    replicas: Any = point.metrics[0].replicas
    assert replicas.tolist() == [5.0, 6.0, 7.0]


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such database"):
        Results(str(tmp_path / "results.db"))


def test_a_cluster_whose_nodes_are_gone_interrupts_the_run_and_stores_no_failure(
    run_toy: RunToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(self: SerialExecutor, timeout_s: float) -> list[Evaluation]:
        if len(SquareBackend.calls) == 2:
            raise NoNodeError("no node of the cluster could run backend square")
        return waits(self, timeout_s)

    waits = SerialExecutor.wait
    with monkeypatch.context() as patch:
        patch.setattr(SerialExecutor, "wait", wait)
        with pytest.raises(NoNodeError):
            run_toy("{bits: [1, 2, 3, 4]}")
    assert latencies(tmp_path) == {1: 1, 2: 4}
    study = Results(str(tmp_path / "results.db")).study("toy")
    assert (study.state, study.failures) == ("interrupted", 0)
    again = run_toy("{bits: [1, 2, 3, 4]}").progress
    assert (again.done, again.stored, again.failed) == (2, 2, 0)
