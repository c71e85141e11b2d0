"""The time left of a run, against simulated runs whose end is known."""

from dataclasses import replace

import numpy as np
import pytest

from dse.contracts.backend import Resources
from dse.engine.pace import Pace
from dse.engine.time_left import BackendWork, Load, factors, time_left_s

SLOW = {"csim": (20.0, 3.0), "open": (40.0, 0.6), "estimate": (0.2, 10.0)}
"""By backend: what its adapter expects in seconds, and how many times that its evaluations take."""


def simulated(workers: int, seed: int, prepare_s: float) -> list[tuple[float, float]]:
    """Run 20 evaluations of each backend; return (seconds left, estimate) after every one."""
    rng = np.random.default_rng(seed)
    tasks = [
        (name, expected, expected * times * rng.lognormal(0, 0.3))
        for name, (expected, times) in SLOW.items()
        for _ in range(20)
    ]
    tasks.sort(key=lambda task: -task[1])  # as runs do: one of each, then the longest first
    first = [tasks[0], tasks[20], tasks[40]]
    tasks.sort(key=lambda task: task not in first)
    load = Load({n: BackendWork(20 * e, e) for n, (e, _) in SLOW.items()}, workers)
    free, ends = [prepare_s] * workers, []
    for name, expected, took in tasks:
        worker = int(np.argmin(free))
        free[worker] += took
        ends.append((free[worker], name, expected, took))
    end, found = max(free), []
    for index, (now, name, expected, took) in enumerate(sorted(ends)):
        load.end(name, expected, took)
        load.evaluated_s += took if index else 0.0
        load.there_s = (now - min(ends)[0]) * workers
        found.append((end - now, time_left_s(load) or 0.0))
    return found


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("prepare_s", [0.0, 500.0], ids=["prepared", "after a long training"])
def test_the_estimate_holds(workers: int, prepare_s: float) -> None:
    """The announced end is off by less than a tenth of the whole run; 15 % before half of it."""
    for share, most in ((0.1, 0.15), (0.25, 0.15), (0.5, 0.1), (0.75, 0.1), (0.9, 0.1)):
        errors = []
        for seed in range(20):
            run = simulated(workers, seed, prepare_s)
            true_s, estimate_s = run[int(share * len(run))]
            errors.append(abs(estimate_s - true_s) / run[0][0])
        assert np.median(errors) < most, (share, workers)


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert time_left_s(Load()) is None
    assert time_left_s(Load({"b": BackendWork(9.0)})) is None  # no executor yet


def test_what_is_under_way_for_longer_than_expected_is_not_about_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The time left falls until even the longest should have ended, then it grows."""
    clock = [0.0]
    monkeypatch.setattr("dse.engine.pace.time.monotonic", lambda: clock[0])
    load, needs = Load(), Resources(expected_s=7.0)
    pace = Pace(load, 1)
    for _ in range(2):
        pace.add("b", needs)
    said = []
    for clock[0] in (0.0, 5.0, 10.0, 40.0):
        pace.tick()
        said.append(time_left_s(load))
    assert said == [14, 9, 10, 40]
    pace.end("b", needs, 41.0)
    pace.tick()
    assert time_left_s(load) == pytest.approx(41)
    pace.end("b", needs, 41.0)
    clock[0] = 90.0
    pace.tick()
    assert time_left_s(load) == 0  # nothing is left to wait for


def test_each_backend_has_its_own_factor() -> None:
    works = {
        "fast": BackendWork(10, 1, n_done=99, expected_s=100, took_s=50),
        "slow": BackendWork(10, 1, n_done=99, expected_s=100, took_s=400),
        "new": BackendWork(10, 1),
    }
    found = factors(works)
    assert found["fast"] == pytest.approx(0.5, rel=0.05)
    assert found["slow"] == pytest.approx(4.0, rel=0.05)
    assert found["new"] == pytest.approx(2**0.5)  # between the two


def test_the_start_of_a_backend_is_not_projected_onto_its_short_evaluations() -> None:
    load = Load({"b": BackendWork(200.0, 0.2)}, workers=2)
    for took_s in (60.0, 55.0, 0.4, 0.4):
        load.end("b", 0.2, took_s)
    assert time_left_s(load) == pytest.approx((200 - 4 * 0.2) * 2 / 2)


def test_the_longest_evaluation_is_waited_for() -> None:
    assert time_left_s(Load({"b": BackendWork(60.0, 60.0)}, workers=8)) == pytest.approx(60)


def test_a_search_is_extrapolated_from_its_batches() -> None:
    first = Load({"b": BackendWork(0.0, 0.0, 10, 100.0, 200.0)}, workers=1)
    later = Load({"b": BackendWork(50.0, 10.0, 5, 50.0, 100.0)}, workers=1)
    both = first + later
    assert both.backends["b"] == BackendWork(50.0, 10.0, 15, 150.0, 300.0)
    assert both.extrapolated(2.0).backends["b"].left_s == pytest.approx(2 * 200 - 150)


def test_what_is_not_planned_yet_comes_on_top() -> None:
    load = Load({"b": BackendWork(left_s=10.0)}, workers=2)
    assert time_left_s(replace(load, later_s=70.0)) == pytest.approx(time_left_s(load) + 70.0)
