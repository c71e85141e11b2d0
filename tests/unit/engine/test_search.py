"""A search of a made-up space: what is asked, what is known, where it ends and goes on."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import SquareBackend, TokenBackend, WideBackend

from dse.contracts.backend import Outcome, Probe
from dse.contracts.errors import (
    EvaluationError,
    Failure,
    FailureKind,
    Retry,
    StudyError,
    UsageError,
)
from dse.contracts.metrics import Fidelity, Metric
from dse.engine.asking import Asking
from dse.engine.batch_runner import BatchRunner
from dse.engine.budget import BudgetTracker
from dse.engine.progress import RunProgress
from dse.engine.run import Policy, RunResult
from dse.engine.time_left import time_left_s
from dse.search.proposals import Proposals
from dse.store.queries import Results
from dse.study.models import Budget, LadderStep

RunToy = Callable[..., RunResult]

SPACE = "{bits: {range: {start: 1, stop: 12}}, width: {range: {start: 1, stop: 12}}}"
BOTH = "[square, wide]"
METHODS = ("random", "qmc", "tpe", "nsga2", "nsga3")


def rest(method: str = "tpe", points: int = 30, more: str = "") -> str:
    search = f"{{method: {method}, seed: 4, budget: {{points: {points}}}{more}}}"
    return f"objectives: [latency_ns, lut]\nsearch: {search}\n"


def chosen(tmp_path: Path, study: str = "toy") -> list[tuple[int, int]]:
    """Points in the order in which they were asked for."""
    points = Results(str(tmp_path / "results.db")).points(study)
    return [(p.parameters["bits"], p.parameters["width"]) for p in points]


@pytest.mark.parametrize("method", METHODS)
def test_as_many_points_as_the_budget_allows_each_once(
    method: str, run_toy: RunToy, tmp_path: Path
) -> None:
    result = run_toy(SPACE, BOTH, rest=rest(method))
    assert (result.state, result.ended_by) == ("done", "the budget of 30 points is spent")
    found = chosen(tmp_path)
    assert len(found) == len(set(found)) == 30
    assert result.progress.done == len({b for b, _ in found}) + len({w for _, w in found})
    again = run_toy(SPACE, BOTH, rest=rest(method))
    assert (again.progress.done, chosen(tmp_path)) == (0, found)


@pytest.mark.parametrize("method", METHODS)
def test_a_search_in_two_parts_is_the_search_in_one(
    method: str, run_toy: RunToy, tmp_path: Path
) -> None:
    """Nothing but the store is remembered; the same seed gives the same continuation."""
    run_toy(SPACE, BOTH, rest=rest(method, 28))
    whole = chosen(tmp_path)
    (tmp_path / "results.db").unlink()
    run_toy(SPACE, BOTH, rest=rest(method, 13))
    assert chosen(tmp_path) == whole[:13]
    run_toy(SPACE, BOTH, rest=rest(method, 28))
    assert chosen(tmp_path) == whole


def test_a_search_that_is_killed_goes_on_where_it_was(run_toy: RunToy, tmp_path: Path) -> None:
    run_toy(SPACE, BOTH, rest=rest(points=20))
    whole = chosen(tmp_path)
    (tmp_path / "results.db").unlink()
    left = [7]

    def killed(bits: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    SquareBackend.hook = killed
    with pytest.raises(KeyboardInterrupt):
        run_toy(SPACE, BOTH, rest=rest(points=20))
    assert Results(str(tmp_path / "results.db")).study("toy").state == "interrupted"
    SquareBackend.hook = None
    assert run_toy(SPACE, BOTH, rest=rest(points=20)).state == "done"
    assert chosen(tmp_path) == whole


def test_another_seed_is_another_search(run_toy: RunToy, tmp_path: Path) -> None:
    run_toy(SPACE, BOTH, rest=rest(), name="one")
    (tmp_path / "results.db").rename(tmp_path / "one.db")
    run_toy(SPACE, BOTH, rest=rest().replace("seed: 4", "seed: 5"))
    one = Results(str(tmp_path / "one.db")).points("one")
    assert [p.parameters for p in one] != [
        p.parameters for p in Results(str(tmp_path / "results.db")).points("toy")
    ]


def test_what_any_study_knows_costs_nothing(run_toy: RunToy, tmp_path: Path) -> None:
    run_toy("{bits: [1, 2, 3], width: 1}", BOTH, name="before")
    run_toy("{bits: [12], width: [12], size: 2}", BOTH, name="other_network")
    run_toy("{bits: [99], width: [1]}", BOTH, name="outside")
    calls = len(SquareBackend.calls)
    result = run_toy(SPACE, BOTH, rest=rest(points=5))
    found = chosen(tmp_path)
    assert found[:3] == [(1, 1), (2, 1), (3, 1)]
    assert len(found) == 8, "five points beside those known before"
    assert (12, 12) not in found[:3]
    assert result.progress.stored >= 4
    assert not {1, 2, 3} & set(SquareBackend.calls[calls:])


def test_the_last_point_of_the_space_ends_it(run_toy: RunToy, tmp_path: Path) -> None:
    text = rest(points=1000) + "constraints: [bits + width <= 5]\n"
    for method in METHODS:
        (tmp_path / "results.db").unlink(missing_ok=True)
        result = run_toy(SPACE, BOTH, rest=text.replace("tpe", method))
        assert result.ended_by == "no point of the space is left"
        assert sorted(chosen(tmp_path)) == [(b, w) for b in range(1, 5) for w in range(1, 6 - b)]


def test_failures_are_told_and_not_asked_again(run_toy: RunToy, tmp_path: Path) -> None:
    space = SPACE.replace("stop: 12}}, width", "stop: 14}}, width")
    result = run_toy(space, BOTH, rest=rest(points=60))
    found = chosen(tmp_path)
    assert result.progress.failed >= 1, "13 bits fail"
    assert len(set(found)) == 60
    late = [bits for bits, _ in found[30:]]
    assert late.count(13) <= 4, "a sampler that knows of failures avoids them"


def test_a_model_looks_where_designs_are_good(run_toy: RunToy, tmp_path: Path) -> None:
    """Small bits and small width are best in both objectives: one point beats all."""
    run_toy(SPACE, BOTH, rest=rest("tpe", 40))
    assert (1, 1) in chosen(tmp_path)
    late = chosen(tmp_path)[20:]
    assert sum(b + w for b, w in late) / len(late) < 10, "13 is the mean of random points"


def test_limits_keep_a_search_where_they_hold(run_toy: RunToy, tmp_path: Path) -> None:
    shares = []
    for more in ("", ", limits: {lut: {min: 9}}"):
        (tmp_path / "results.db").unlink(missing_ok=True)
        run_toy(SPACE, BOTH, rest=rest("tpe", 40, more))
        late = chosen(tmp_path)[20:]
        shares.append(sum(width >= 9 for _, width in late) / len(late))
    assert shares[1] > shares[0] + 0.25


def test_points_outside_an_edited_space_are_no_longer_of_the_study(
    run_toy: RunToy, tmp_path: Path
) -> None:
    run_toy(SPACE, BOTH, rest=rest("random", 20))
    small = SPACE.replace("start: 1, stop: 12}}}", "start: 1, stop: 6}}}")
    run_toy(small, BOTH, rest=rest("random", 20))
    found = chosen(tmp_path)
    assert len(found) == 20
    assert max(width for _, width in found) <= 6


def test_too_many_failures_end_a_search(run_toy: RunToy) -> None:
    def fails(bits: int) -> None:
        raise EvaluationError(FailureKind.TOOL_FAILED, "always")

    SquareBackend.hook = fails
    policy = Policy(max_failures=3)
    result = run_toy(SPACE, BOTH, policy, rest=rest())
    assert (result.state, result.progress.failed) == ("failed", 3)


LADDER = (
    "objectives: [latency_ns, lut]\nsearch: {limits: {latency_ns: {max: 50}}, ladder: "
    "[{backends: [square, wide]}, {backends: [token], keep: 0.25}]}\n"
)


def test_expensive_backends_run_on_the_best_points_only(run_toy: RunToy, tmp_path: Path) -> None:
    TokenBackend.calls.clear()
    space = "{bits: [1, 2, 3, 12], width: [1, 2, 3, 4]}"
    run_toy(space, "[square, wide, token]", rest=LADDER)
    points = Results(str(tmp_path / "results.db")).points("toy")
    assert len(points) == 16
    high = {
        (p.parameters["bits"], p.parameters["width"])
        for p in points
        if any(m.backend == "token" for m in p.metrics)
    }
    assert len(high) == 4
    assert (1, 1) in high, "the one that beats all"
    assert all(bits < 12 for bits, _ in high), "12 bits break the limit"
    assert len(TokenBackend.calls) == len({width for _, width in high})
    assert run_toy(space, "[square, wide, token]", rest=LADDER).progress.done == 0


def test_without_an_objective_yet_all_that_keep_the_limits_go_on(
    run_toy: RunToy, tmp_path: Path
) -> None:
    ladder = LADDER.replace("objectives: [latency_ns, lut]", "objectives: [lut]")
    ladder = ladder.replace("[square, wide]", "[square]").replace("keep: 0.25", "keep: 0.5")
    result = run_toy("{bits: [13, 1, 12, 2], width: [3]}", "[square, token]", rest=ladder)
    assert result.ended_by.startswith("token on 2 points")
    points = Results(str(tmp_path / "results.db")).points("toy")
    high = [p.parameters["bits"] for p in points if any(m.backend == "token" for m in p.metrics)]
    assert high == [1, 2], "13 fails, 12 breaks the limit"


def test_rerun_does_what_points_share_once(run_toy: RunToy) -> None:
    text = rest("random", 4, ", batch: 1")
    for rerun in ((), ("all",)):
        WideBackend.calls.clear()
        policy = Policy(rerun=frozenset(rerun))
        progress = run_toy("{bits: [1, 2, 3, 4], width: [5]}", BOTH, policy, rest=text).progress
        assert WideBackend.calls == [5]
        assert (progress.done, progress.stored) == (5, 0)


def test_licence_hours_are_those_of_this_study(run_toy: RunToy, tmp_path: Path) -> None:
    run_toy("{bits: [1, 2], width: [3]}", "[square, token]", name="before")
    run_toy("{bits: [1, 2], width: [3, 4]}", "[square, token]")
    results = Results(str(tmp_path / "results.db"))
    first = LadderStep(backends=("square",))
    tracker = BudgetTracker(Budget(licence_hours=1e-9), results, "toy", {"token": 2}, first)
    made = [row for row in results.durations("toy") if row[1] == "token"]
    assert len(made) == 4
    new = max(made, key=lambda row: row[2])
    assert tracker.licence_hours() == 2 * new[3] / 3600, "width 4 alone, once for its two points"
    assert "licence-hours are spent" in tracker.stop_reason(tracker.points_left())
    free = BudgetTracker(Budget(licence_hours=1e-9), results, "toy", {}, first)
    assert free.stop_reason(free.points_left()) == ""


def test_hours_on_the_clock_end_a_search(run_toy: RunToy, tmp_path: Path) -> None:
    text = rest().replace("points: 30", "hours: 0.0000001")
    result = run_toy(SPACE, BOTH, rest=text)
    assert result.ended_by == "the budget of 1e-07 h is spent"
    assert WideBackend.calls == []


def test_known_points_stay_free_when_a_ladder_has_run_on_them(
    run_toy: RunToy, tmp_path: Path
) -> None:
    run_toy("{bits: [1, 2, 3], width: [1, 2]}", BOTH, name="before")
    ladder = ", ladder: [{backends: [square, wide]}, {backends: [token], keep: 0.9}]"
    three = "[square, wide, token]"
    run_toy("{bits: [1, 2, 3, 4], width: [1, 2, 3, 4]}", three, rest=rest("random", 2, ladder))
    assert len(chosen(tmp_path)) == 8
    run_toy("{bits: [1, 2, 3, 4], width: [1, 2, 3, 4]}", three, rest=rest("random", 4, ladder))
    assert len(chosen(tmp_path)) == 10


def test_known_failures_that_will_be_tried_again_are_not_known(
    run_toy: RunToy, tmp_path: Path
) -> None:
    run_toy("{bits: [7], size: 1}", "[square]", Policy(retry=lambda _: Retry()), name="before")
    run_toy("{bits: [7, 8], size: 1}", "[square]", rest=rest("random", 1))
    points = Results(str(tmp_path / "results.db")).points("toy")
    assert len(points) == 1


def test_a_space_that_is_widened_again_has_its_points_again(
    run_toy: RunToy, tmp_path: Path
) -> None:
    run_toy(SPACE, BOTH, rest=rest("random", 12))
    wide = chosen(tmp_path)
    small = SPACE.replace("start: 1, stop: 12}}}", "start: 1, stop: 6}}}")
    run_toy(small, BOTH, rest=rest("random", 12))
    run_toy(SPACE, BOTH, rest=rest("random", 12))
    assert set(wide) <= set(chosen(tmp_path))


def test_a_budget_that_nothing_spends_is_refused(run_toy: RunToy) -> None:
    text = rest().replace("points: 30", "licence_hours: 3")
    with pytest.raises(UsageError, match="no backend takes a licence"):
        run_toy(SPACE, BOTH, rest=text)


def test_what_no_backend_gives_is_said(run_toy: RunToy) -> None:
    text = rest("tpe", 3, ", limits: {ff: {max: 3}}").replace("[latency_ns, lut]", "[lut, dsp]")
    result = run_toy(SPACE, BOTH, rest=text)
    assert result.ended_by == "the budget of 3 points is spent; no backend gave dsp, ff"


def test_a_ladder_says_on_how_many_points_it_ran(run_toy: RunToy) -> None:
    space = "{bits: [1, 2, 3, 12], width: [1, 2, 3, 4]}"
    assert run_toy(space, "[square, wide, token]", rest=LADDER).ended_by == "token on 4 points"
    none = LADDER.replace("max: 50", "max: 0")
    result = run_toy(space, "[square, wide, token]", rest=none)
    assert result.ended_by == "token on 0 points"


def test_the_steps_of_a_ladder_count_what_there_is(
    run_toy: RunToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search of 4 points with a budget of 30: its second step does not wait for the rest."""
    totals = []
    reported = vars(BatchRunner)["_extrapolated"]
    monkeypatch.setattr(
        BatchRunner,
        "_extrapolated",
        lambda self, progress: (
            totals.append(reported(self, progress).total) or reported(self, progress)
        ),
    )
    ladder = ", ladder: [{backends: [square]}, {backends: [wide], keep: 0.5}]"
    text = rest("random", 30, ladder).replace("[latency_ns, lut]", "[latency_ns]")
    result = run_toy("{bits: [1, 2, 3, 4], width: [1]}", BOTH, rest=text)
    assert totals[0] == 30
    assert totals[-1] == result.progress.total == 5, "`wide` does not read bits"


GROWING = (
    ", ladder: [{backends: [square, wide], at: {width: 1}}, "
    "{backends: [square, wide], keep: 0.5, at: {width: 2}}, "
    "{backends: [square, wide, token], keep: 0.4, at: {width: 4}}]"
)
"""A width that grows from step to step, as the epochs of a training do."""


def test_a_parameter_grows_on_the_best_points_of_every_step(
    run_toy: RunToy, tmp_path: Path
) -> None:
    space = "{bits: [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14], width: [1, 2, 4]}"
    text = rest("random", 10, GROWING)
    result = run_toy(space, "[square, wide, token]", rest=text)
    assert "square, wide, width 2 on 5 points" in result.ended_by
    found = chosen(tmp_path)
    by_width = {width: sorted(b for b, w in found if w == width) for width in (1, 2, 4)}
    assert [len(bits) for bits in by_width.values()] == [10, 5, 2]
    assert by_width[2] == by_width[1][:5], "the fewest bits are the best"
    assert by_width[4] == by_width[2][:2]
    assert run_toy(space, "[square, wide, token]", rest=text).progress.done == 0
    assert chosen(tmp_path) == found, "the budget is of the first step's points"


@pytest.mark.parametrize("killed_at", [4, 11, 14])
def test_a_growing_search_that_is_killed_goes_on_where_it_was(
    killed_at: int, run_toy: RunToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the search, and in each of the later steps."""
    space = "{bits: {range: {start: 1, stop: 12}}, width: [1, 2, 4]}"
    backends, text = "[square, wide, token]", rest("tpe", 8, GROWING)
    run_toy(space, backends, rest=text)
    whole = chosen(tmp_path)
    (tmp_path / "results.db").unlink()
    batches = itertools.count(1)
    evaluate = BatchRunner.evaluate

    def killed(*given: Any, **named: Any) -> Any:
        if next(batches) == killed_at:
            raise KeyboardInterrupt
        return evaluate(*given, **named)

    monkeypatch.setattr(BatchRunner, "evaluate", killed)
    with pytest.raises(KeyboardInterrupt):
        run_toy(space, backends, rest=text)
    assert len(chosen(tmp_path)) < len(whole)
    run_toy(space, backends, rest=text)
    assert chosen(tmp_path) == whole


def test_each_step_of_a_ladder_has_its_own_limit(run_toy: RunToy, tmp_path: Path) -> None:
    """Latencies are squares of the bits, and those of the search's own limit would be two."""
    space = "{bits: [1, 2, 3, 4, 5, 6], width: [1, 2, 4]}"
    own = GROWING.replace("at: {width: 1}", "at: {width: 1}, limits: {latency_ns: {min: 9}}")
    own = own.replace("at: {width: 2}", "at: {width: 2}, limits: {latency_ns: {min: 16}}")
    text = rest("random", 6, own.replace("0.5", "1.0") + ", limits: {latency_ns: {min: 25}}")
    result = run_toy(space, "[square, wide, token]", rest=text)
    found = chosen(tmp_path)
    assert sorted(b for b, w in found if w == 2) == [3, 4, 5, 6]
    assert sorted(b for b, w in found if w == 4) == [4, 5]
    assert "no backend gave" not in result.ended_by


def test_a_search_is_told_of_the_limit_of_its_first_step(
    run_toy: RunToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[int, float] = {}
    propose = Proposals.next

    def noting(self: Proposals, known: Any, count: int) -> Any:
        told.update({one.rows[1] + 1: one.violation for one in known})
        return propose(self, known, count)

    monkeypatch.setattr(Proposals, "next", noting)
    first = "{backends: [square, wide], limits: {lut: {max: 4}}}"
    more = f", limits: {{lut: {{max: 1}}}}, ladder: [{first}, {{backends: [token]}}]"
    run_toy(SPACE, "[square, wide, token]", rest=rest("random", 12, more))
    assert len(told) > 4
    assert told == {width: max(width / 4 - 1, 0) for width in told}


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("{width: 3}", "3 is not in the space"),
        ("{widht: 2}", "'widht' is no parameter with values of its own"),
        ("{}", "this step does not say its width"),
        ("{width: 1}", "'square' is in the ladder twice"),
        ("{width: 2, bits: 1}", "the first step does not say its bits"),
    ],
)
def test_what_a_step_sets_is_checked(at: str, says: str, run_toy: RunToy) -> None:
    ladder = ", ladder: [{backends: [square, wide], at: {width: 1}}, "
    ladder += f"{{backends: [square], at: {at}}}]"
    with pytest.raises(StudyError, match=says):
        run_toy("{bits: [1, 2], width: [1, 2]}", BOTH, rest=rest("random", 2, ladder))


@pytest.fixture
def immediate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make the backend wide one that a search may ask."""
    monkeypatch.setattr(WideBackend, "immediate", True)


def test_what_a_backend_gives_at_once_is_asked_for_and_not_stored(
    run_toy: RunToy, tmp_path: Path, immediate: None
) -> None:
    result = run_toy(SPACE, BOTH, rest=rest("layerwise", 12))
    assert result.progress.total == result.progress.done
    asked = set(WideBackend.calls)
    assert asked == set(range(1, 13))
    found = chosen(tmp_path)
    evaluated = {one.parameters["width"] for one in evaluations(tmp_path, "wide")}
    assert evaluated == {width for _, width in found}
    assert evaluated < asked
    assert set(SquareBackend.calls) == {bits for bits, _ in found}


def evaluations(tmp_path: Path, backend: str) -> list[Any]:
    """Stored evaluations of a backend."""
    results = Results(str(tmp_path / "results.db"))
    numbers = [point.number for point in results.points("toy")]
    every = (one for number in numbers for one in results.evaluations("toy", number))
    return [one for one in every if one.backend == backend]


def test_a_search_that_asks_is_the_same_in_two_parts(
    run_toy: RunToy, tmp_path: Path, immediate: None
) -> None:
    run_toy(SPACE, BOTH, rest=rest("layerwise", 14))
    whole = chosen(tmp_path)
    (tmp_path / "results.db").unlink()
    run_toy(SPACE, BOTH, rest=rest("layerwise", 9))
    run_toy(SPACE, BOTH, rest=rest("layerwise", 14))
    assert chosen(tmp_path) == whole


def test_networks_of_designs_that_are_not_evaluated_are_not_asked_about(
    run_toy: RunToy, tmp_path: Path, immediate: None
) -> None:
    """Every size is a network of its own; in a search of 16 points most are of no point."""
    space = "{bits: [1, 2], width: [1, 2, 3], size: {range: {start: 1, stop: 40}}}"
    run_toy(space, BOTH, rest=rest("layerwise", 16))
    known = {p.parameters["size"] for p in Results(str(tmp_path / "results.db")).points("toy")}
    assert len(known) <= 16
    evaluated = 16
    assert len(WideBackend.calls) <= 3 * len(known) + evaluated


def test_what_fails_by_accident_is_no_refusal(
    run_toy: RunToy, tmp_path: Path, immediate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Widths up to four run out of memory when they are asked for, and are chosen all the same."""
    asks = BatchRunner.ask

    def ask(self: BatchRunner, plan: Any) -> dict[str, Any]:
        found = asks(self, plan)
        failure = Outcome(failure=Failure(FailureKind.OUT_OF_MEMORY, "asked too much"))
        small = {k for k, job in plan.jobs.items() if job.parameters["width"] <= 4}
        return {key: failure if key in small else one for key, one in found.items()}

    monkeypatch.setattr(BatchRunner, "ask", ask)
    run_toy(SPACE, BOTH, rest=rest("layerwise", 25))
    assert sum(width <= 4 for _, width in chosen(tmp_path)) > 8


def test_refused_designs_are_left_out(
    run_toy: RunToy, tmp_path: Path, immediate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WideBackend, "evaluate", _refuse_small)
    run_toy(SPACE, BOTH, rest=rest("layerwise", 25))
    assert all(width > 4 for _, width in chosen(tmp_path)[8:])


def _refuse_small(self: WideBackend, job: Any, context: Any) -> Outcome:
    width = int(job.parameters["width"])
    if width <= 4:
        raise EvaluationError(FailureKind.INVALID_POINT, "too small")
    return Outcome((Metric.of("lut", float(width), Fidelity.ESTIMATE),))


def test_a_backend_that_is_gone_gives_what_is_stored(
    run_toy: RunToy, tmp_path: Path, immediate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_toy(SPACE, BOTH, rest=rest("layerwise", 9))
    monkeypatch.setattr(WideBackend, "probe", lambda _: Probe(False, "", "it is gone", "get it"))
    run_toy(SPACE, BOTH, rest=rest("layerwise", 14))
    assert len(chosen(tmp_path)) == 14


def test_a_search_that_is_stopped_while_it_asks_chooses_nothing(
    run_toy: RunToy, tmp_path: Path, immediate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_toy(SPACE, BOTH, rest=rest("layerwise", 14))
    whole = chosen(tmp_path)
    (tmp_path / "results.db").unlink()

    def ask(self: BatchRunner, plan: Any) -> dict[str, Any]:
        self.stop.set()
        return {}

    with monkeypatch.context() as patch:
        patch.setattr(BatchRunner, "ask", ask)
        assert run_toy(SPACE, BOTH, rest=rest("layerwise", 14)).state == "interrupted"
    assert chosen(tmp_path) == whole[: len(chosen(tmp_path))]
    run_toy(SPACE, BOTH, rest=rest("layerwise", 14))
    assert chosen(tmp_path) == whole


def test_hours_end_a_search_while_it_asks(
    run_toy: RunToy, tmp_path: Path, immediate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every evaluation of `wide`, asked or chosen, takes twelve minutes on this clock."""
    clock = [0.0]
    evaluate = WideBackend.evaluate

    def slow(self: WideBackend, job: Any, context: Any) -> Outcome:
        clock[0] += 720.0
        return evaluate(self, job, context)

    monkeypatch.setattr(WideBackend, "evaluate", slow)
    for module in ("budget", "asking"):
        monkeypatch.setattr(f"dse.engine.{module}.monotonic", lambda: clock[0])
    text = rest("layerwise").replace("points: 30", "hours: 1")
    result = run_toy(SPACE, BOTH, rest=text)
    assert (result.state, result.ended_by) == ("done", "the budget of 1 h is spent")
    assert len(WideBackend.calls) == 5
    assert len(chosen(tmp_path)) < 5, "some were asked for"


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_asked_once_is_not_expected_of_later_batches(
    run_toy: RunToy, immediate: None, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Asking takes an hour each time on this clock, an evaluation ten seconds at most."""
    clock, later = [0.0], []
    extrapolated, outcomes = vars(BatchRunner)["_extrapolated"], Asking.outcomes
    asks = BatchRunner.ask

    def slow(bits: int) -> None:
        clock[0] += 10.0

    def asking(self: Asking, report: Any) -> Any:
        clock[0] += 3600.0
        if fails:
            raise OSError("no executor")
        return outcomes(self, report)

    def ask(self: BatchRunner, plan: Any) -> dict[str, Any]:
        try:
            return asks(self, plan)
        except OSError:
            return {}

    def looking(self: BatchRunner, progress: RunProgress) -> RunProgress:
        found = extrapolated(self, progress)
        later.append((found.total - progress.total, found.load.later_s))
        return found

    monkeypatch.setattr(Asking, "outcomes", asking)
    monkeypatch.setattr(BatchRunner, "ask", ask)
    monkeypatch.setattr(BatchRunner, "_extrapolated", looking)
    monkeypatch.setattr("dse.engine.batch_runner.monotonic", lambda: clock[0])
    SquareBackend.hook = slow
    run_toy(SPACE, BOTH, rest=rest("layerwise", 12))
    assert clock[0] >= 3600.0
    assert all(seconds <= 10.0 * evaluations for evaluations, seconds in later)
    assert max(seconds for _, seconds in later) > 0


def test_batches_that_follow_are_expected_while_a_search_asks(
    run_toy: RunToy, immediate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two backends, thirty points; a batch takes ten seconds on this clock."""
    seen, clock, outcomes = [], itertools.count(0.0, 10.0), Asking.outcomes

    def asking(self: Asking, report: Any) -> Any:
        def looking(progress: RunProgress) -> None:
            report(progress)
            seen.append((progress, reported[-1]))

        return outcomes(self, looking)

    reported: list[RunProgress] = []
    init = BatchRunner.__init__

    def started(self: BatchRunner, *given: Any) -> None:
        init(self, *given[:-1], lambda progress: (reported.append(progress), given[-1](progress)))

    monkeypatch.setattr(Asking, "outcomes", asking)
    monkeypatch.setattr(BatchRunner, "__init__", started)
    monkeypatch.setattr("dse.engine.batch_runner.monotonic", lambda: next(clock))
    run_toy(SPACE, BOTH, rest=rest("layerwise", 30))
    assert seen
    for asked, shown in seen:
        assert shown.total == 60 + asked.total
        assert shown.load.later_s > 10.0 * 20


def test_a_value_of_the_same_evaluation_is_known(
    run_toy: RunToy, immediate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The latency depends on the bits alone, and the LUTs, which are asked for, on the width."""
    seen: list[tuple[set[int], Any]] = []

    def propose(self: Any, told: Any, count: int) -> list[tuple[int, ...]]:
        every = list(itertools.product(range(12), repeat=2))
        if told:
            seen.append(({one.rows[0] for one in told}, self._known(every)))
        return [one for one in every if one not in {known.rows for known in told}][:count]

    monkeypatch.setattr(Proposals, "next", propose)
    run_toy(SPACE, BOTH, rest=rest("layerwise", 14))
    for bits, values in seen:
        for (row, width), (latency, lut) in zip(
            itertools.product(range(12), repeat=2), values, strict=True
        ):
            assert lut == width + 1
            assert latency == (row + 1) ** 2 if row in bits else np.isnan(latency)
    assert {len(bits) for bits, _ in seen} == {1, 2}


def test_a_search_is_told_no_better_values_than_enough(
    run_toy: RunToy, immediate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many LUTs as the width; fewer than four are worth no more."""
    told_of, proposed = [], Proposals.next
    every = list(itertools.product(range(12), repeat=2))

    def propose(self: Any, told: Any, count: int) -> list[tuple[int, ...]]:
        told_of.extend((one.rows[1] + 1, one.values[1]) for one in told)
        if told:
            known = self._known(every)
            assert known[:, 1].tolist() == [max(width + 1, 4) for _, width in every]
        return proposed(self, told, count)

    monkeypatch.setattr(Proposals, "next", propose)
    text = rest("layerwise", 14).replace("lut]", "{metric: lut, enough: 4}]")
    run_toy(SPACE, BOTH, rest=text)
    assert min(width for width, _ in told_of) < 4
    assert all(lut == max(width, 4) for width, lut in told_of)


def test_the_time_left_is_that_of_the_latest_batches(
    run_toy: RunToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch takes ten seconds on this clock, whatever the backend expects: training, say."""
    seen: list[tuple[int, float | None]] = []
    extrapolated = vars(BatchRunner)["_extrapolated"]

    def looking(self: BatchRunner, progress: RunProgress) -> RunProgress:
        found = extrapolated(self, progress)
        seen.append((found.total - found.done, time_left_s(found.load)))
        return found

    clock = itertools.count(0.0, 10.0)
    monkeypatch.setattr(BatchRunner, "_extrapolated", looking)
    monkeypatch.setattr("dse.engine.batch_runner.monotonic", lambda: next(clock))
    run_toy("{bits: {range: {start: 20, stop: 60}}}", "[square]", rest=ONE_OBJECTIVE)
    late = [(n, left) for n, left in seen[5:] if left is not None]
    assert late
    assert all(left == pytest.approx(10.0 * n, abs=15.0) for n, left in late)


ONE_OBJECTIVE = """
objectives: [latency_ns]
search: {method: random, seed: 4, budget: {points: 12}, batch: 1}
"""
