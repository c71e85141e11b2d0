"""`dse reproduce`: the same numbers from what is stored, or what differs."""

from typing import Any

import pytest

from dse.contracts.backend import Context, Job, Outcome, Probe
from dse.contracts.metrics import Fidelity, Metric
from dse.testing.noop import NoopBackend, NoopWorkload

from .conftest import Dse


def test_a_point_that_holds(run: Dse, dse: Dse) -> None:
    run()
    answer = dse("reproduce", 0)
    assert answer.code == 0
    assert ["latency_ns", "3 ns", "3 ns", "same"] in answer.cells
    assert "reproduced" in answer.out


def test_a_point_that_is_no_longer_in_the_space(run: Dse, dse: Dse, write: Any) -> None:
    run(write(space={"value": [1, 2, 3]}))
    run(write(space={"value": [1]}))
    answer = dse("reproduce", 2)
    assert answer.code == 5
    assert "has no current point" in answer.err


def test_what_differs_is_shown(run: Dse, dse: Dse, monkeypatch: pytest.MonkeyPatch) -> None:
    run()

    def evaluate(self: NoopBackend, job: Job, context: Context) -> Outcome:
        return Outcome((Metric.of("latency_ns", 4, Fidelity.ESTIMATE),))

    monkeypatch.setattr(NoopBackend, "evaluate", evaluate)
    answer = dse("reproduce", 0)
    assert answer.code == 7
    assert ["latency_ns", "3 ns", "4 ns", "differs"] in answer.cells


def test_measured_times_may_differ(run: Dse, dse: Dse, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([5.0, 6.0])

    def evaluate(self: NoopBackend, job: Job, context: Context) -> Outcome:
        return Outcome((Metric.of("latency_ns", next(times), Fidelity.MEASURED),))

    monkeypatch.setattr(NoopBackend, "evaluate", evaluate)
    run(None, "--set", "space.value=[1]")
    answer = dse("reproduce", 0)
    assert answer.code == 0
    assert ["latency_ns", "5 ns", "6 ns", "measured"] in answer.cells


def test_a_failure_and_another_tool(run: Dse, dse: Dse, monkeypatch: pytest.MonkeyPatch) -> None:
    run()

    def fail(self: NoopBackend, job: Job, context: Context) -> Outcome:
        raise RuntimeError("gone")

    monkeypatch.setattr(NoopBackend, "probe", lambda _: Probe(True, "noop 2"))
    assert "stored with noop 1; now noop 2" in dse("reproduce", 0).out
    monkeypatch.setattr(NoopBackend, "evaluate", fail)
    answer = dse("reproduce", 0)
    assert answer.code == 7
    assert "crashed: RuntimeError: gone" in answer.out


@pytest.mark.parametrize("what", ["data", "tool", "point"])
def test_what_cannot_be_done_again(
    run: Dse, dse: Dse, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    run()
    point, says, code = 0, "have changed since this was stored", 4
    if what == "data":
        monkeypatch.setattr(NoopWorkload, "fingerprint", lambda *_: "other")
    elif what == "tool":
        monkeypatch.setattr(NoopBackend, "probe", lambda _: Probe(False, "", "gone", "get it"))
        says, code = "gone hint: get it", 6
    else:
        point, says, code = 99, "has no current point", 5
    answer = dse("reproduce", point)
    assert answer.code == code
    assert says in answer.said


def test_nothing_is_stored(run: Dse, dse: Dse, tmp_path: Any) -> None:
    run()
    before = (tmp_path / "results.db").read_bytes()
    dse("reproduce", 0)
    assert (tmp_path / "results.db").read_bytes() == before
