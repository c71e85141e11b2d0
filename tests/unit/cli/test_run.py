"""`dse run` and `dse plan`: what is done, what is not done again, and how a run ends."""

import os
import shlex
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dse.contracts.backend import Context, Job, Outcome, Probe, Verdict
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.registry import Registry
from dse.testing.noop import NoopBackend, NoopWorkload

FAILING = [{"name": "noop", "behaviour": "fail"}]
RAISING = [{"name": "noop", "behaviour": "raise"}]


def latency(value: int) -> list[Metric]:
    return [Metric.of("latency_ns", value, Fidelity.ESTIMATE)]


def todo(dse: Any, *arguments: str) -> tuple[int, int]:
    """Evaluations that are stored and to do, as the plan says."""
    (row,) = dse("plan", "s.yaml", "--json", *arguments).json["backends"]
    return row["stored"], row["to_do"]


def test_a_run_does_everything_once(run: Any, gives: Any) -> None:
    asked = gives(latency)
    first, second = run(), run()
    assert (first.code, second.code) == (0, 0)
    assert "3 evaluations done, 0 were stored, 0 failed" in first.said
    assert "0 evaluations done, 3 were stored, 0 failed" in second.said
    assert asked == [3, 1, 2]


def test_a_run_keeps_standard_output_free(run: Any) -> None:
    assert run().out == ""


def test_only_new_points_are_done(run: Any, write: Any, gives: Any) -> None:
    asked = gives(latency)
    run()
    answer = run(write(space={"value": [1, 2, 4]}))
    assert "1 evaluations done, 2 were stored" in answer.said
    assert asked == [3, 1, 2, 4]


def test_an_override_replaces_a_value_for_one_run(run: Any, dse: Any) -> None:
    run(None, "--set", "space.value.values=[8,12]", "--set", "name=other")
    points = dse("pareto", "--study", "other", "--format", "csv").rows
    assert [point["value"] for point in points] == ["8"]
    assert "3 points" in dse("plan", "s.yaml").out


def test_a_study_without_a_space_is_one_point(run: Any, write: Any, dse: Any) -> None:
    assert run(write(space=None)).code == 0
    assert dse("show", "0", "--json").json["parameters"] == {}


def test_the_name_of_the_file_names_the_study(run: Any, write: Any, dse: Any) -> None:
    run(write("my-study.yaml", name=None))
    assert [study["name"] for study in dse("status", "--json").json] == ["my-study"]


class Broken(NoopBackend):
    """Never gives anything."""

    name = "broken"

    def evaluate(self, job: Job, context: Context) -> Outcome:
        raise EvaluationError(FailureKind.TOOL_FAILED, "it is broken")


class BrokenCounts(Broken):
    """Would give look-up tables, which no other backend does."""

    name = "counts"
    metrics = ("lut",)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have backends that never give anything, beside the one that does."""
    backends = {
        "noop": lambda: NoopBackend,
        "broken": lambda: Broken,
        "counts": lambda: BrokenCounts,
    }
    registry = Registry(backends, {"noop": lambda: NoopWorkload})
    monkeypatch.setattr(Registry, "installed", lambda: registry)


@pytest.mark.parametrize(
    ("other", "objectives", "code"),
    [
        ("broken", ["latency_ns"], 0),  # noop gives it
        ("broken", ["broken.latency_ns"], 7),
        ("broken", ["noop.latency_ns"], 0),
        ("broken", [], 7),  # the study asks for both alike
        ("counts", ["latency_ns"], 0),
        ("counts", ["latency_ns", "lut"], 7),
        ("counts", ["lut_pct"], 7),
    ],
)
def test_a_backend_that_only_fails_is_an_error_where_an_objective_needs_it(
    run: Any, write: Any, two: None, other: str, objectives: list[str], code: int
) -> None:
    answer = run(write(backends=["noop", other], objectives=objectives))
    assert answer.code == code
    assert f"every evaluation by {other} failed" in answer.err
    assert ("no objective needs it" in answer.err) == (code == 0)


def test_a_backend_that_only_fails_is_an_error(run: Any, write: Any, two: None) -> None:
    """Though another backend of the study succeeds."""
    answer = run(write(backends=["noop", "broken"], objectives=["broken.latency_ns"]))
    assert answer.code == 7
    assert "every evaluation by broken failed" in answer.err
    assert "3 evaluations done, 0 were stored, 3 failed" in answer.said
    assert run(write(backends=["noop"])).code == 0


def test_failures_are_counted_and_explained(run: Any, write: Any) -> None:
    answer = run(write(backends=FAILING))
    assert answer.code == 7  # nothing succeeded
    assert "every evaluation failed" in answer.err
    assert "0 evaluations done, 0 were stored, 3 failed" in answer.said
    assert "tool_failed: 3" in answer.said
    assert "told to fail" in answer.said
    assert "--rerun failed" in answer.said


@pytest.mark.parametrize(
    ("rerun", "failed"),
    [
        ([], 0),
        (["--rerun", "failed"], 3),
        (["--rerun", "tool_failed"], 3),
        (["--rerun", "all"], 3),
        (["--rerun", "licence"], 0),
        (["--rerun", "licence", "--rerun", "tool_failed"], 3),
    ],
)
def test_rerun_chooses_what_is_done_again(
    run: Any, write: Any, rerun: list[str], failed: int
) -> None:
    file = write(backends=FAILING)
    run(file)
    answer = run(file, *rerun)
    assert f"{3 - failed} were stored, {failed} failed" in answer.said


def test_rerun_failed_leaves_what_is_done(run: Any, gives: Any) -> None:
    def fails_at_one(value: int) -> list[Metric]:
        if value == 1:
            raise EvaluationError(FailureKind.TOOL_FAILED, "one is too small")
        return latency(value)

    gives(fails_at_one)
    run()
    asked = gives(latency)
    assert run("s.yaml", "--rerun", "failed").code == 0
    assert asked == [1]


@pytest.mark.parametrize(
    ("options", "failed"),
    [
        (["--fail-fast"], 1),
        (["--max-failures", "1"], 1),
        (["--max-failures", "2"], 2),
        (["--max-failures", "2", "--fail-fast"], 1),
    ],
)
def test_too_many_failures_end_the_run(
    run: Any, write: Any, dse: Any, options: list[str], failed: int
) -> None:
    answer = run(write(backends=FAILING), *options)
    assert answer.code == 7
    assert f"dse: error: stopped after {failed} failure" in answer.err
    (study,) = dse("status", "--json").json
    assert (study["state"], study["failures"]) == ("failed", failed)


def test_fewer_failures_than_the_limit_are_no_error(run: Any, gives: Any) -> None:
    def fail_at_one(value: int) -> list[Metric]:
        if value == 1:
            raise EvaluationError(FailureKind.TOOL_FAILED, "one")
        return [Metric.of("lut", value, Fidelity.ESTIMATE)]

    gives(fail_at_one)
    answer = run(None, "--max-failures", "2")
    assert answer.code == 0
    assert "2 evaluations done, 0 were stored, 1 failed" in answer.said


def test_a_run_goes_on_after_too_many_failures(run: Any, write: Any, dse: Any) -> None:
    file = write(backends=FAILING)
    run(file, "--fail-fast")
    assert todo(dse) == (1, 2)
    answer = run(file)
    assert answer.code == 7  # now all three have failed
    assert "1 were stored, 2 failed" in answer.said


def test_stored_failures_are_not_forgotten(run: Any, write: Any) -> None:
    file = write(backends=FAILING)
    run(file)
    answer = run(file)
    assert answer.code == 7
    assert "0 evaluations done, 3 were stored, 0 failed" in answer.said
    assert "3 of the stored ones are failures" in answer.said
    assert "--rerun failed" in answer.said


def test_the_plan_says_what_the_run_does(run: Any, write: Any, dse: Any) -> None:
    file = write()
    assert todo(dse) == (0, 3)
    run(file, "--set", "space.value=[1]")
    assert todo(dse) == (1, 2)
    run(file)
    assert todo(dse) == (3, 0)


def test_the_plan_counts_failures_that_a_run_tries_again(run: Any, write: Any, dse: Any) -> None:
    file = write(backends=RAISING)
    run(file)
    stored, again = todo(dse)
    assert f"{stored} were stored, {again} failed" in run(file).said


def test_the_plan_changes_nothing(dse: Any, write: Any, tmp_path: Path) -> None:
    answer = dse("plan", write())
    assert answer.code == 0
    assert answer.cells == [["noop", "3", "0", "3", "0 s"]]
    assert "noop 1" in answer.out
    assert [file.name for file in tmp_path.iterdir()] == ["s.yaml"]


def test_the_plan_as_json_holds_the_table(dse: Any, write: Any) -> None:
    plan = dse("plan", write(space={"value": [1, 2], "sleep_s": [0.0, 30.0]}), "--json").json
    assert (plan["study"], plan["points"]) == ("s", 4)
    (row,) = plan["backends"]
    assert row["backend"] == "noop"
    assert row["available"] is True
    assert (row["evaluations"], row["stored"], row["to_do"]) == (4, 0, 4)
    assert row["expected_s"] == 60


def test_more_workers_take_less_time(dse: Any, write: Any) -> None:
    file = write(space={"value": [1, 2], "sleep_s": [60.0]})
    plans = [dse("plan", file, "--workers", n, "--json").json for n in (1, 2)]
    assert [plan["cores"] for plan in plans] == [1, 2]
    assert plans[0]["expected_s"] - plans[1]["expected_s"] == pytest.approx(60)


def test_a_search_has_an_expected_time(dse: Any, write: Any) -> None:
    search = {"method": "random", "budget": {"points": 40}}
    space = {"value": list(range(50)), "sleep_s": [30.0]}
    file = write(space=space, search=search)
    plan = dse("plan", file, "--workers", 2, "--json").json
    assert 600 <= plan["expected_s"] <= 660
    assert "expected time: about" in dse("plan", file).out


def test_the_plan_says_what_will_not_be_built(
    run: Any, write: Any, dse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verdict(_: Any, job: Any, *__: Any) -> Verdict:
        return Verdict(
            builds=job.parameters["value"] < 3, reason="too many values", override="force: true"
        )

    run(write(space={"value": [1]}))  # the network is in the cache
    monkeypatch.setattr(NoopBackend, "verdict", verdict)
    file = write(space={"value": [1, 2, 3, 4]})
    (row,) = dse("plan", file, "--json").json["backends"]
    told = {"builds": False, "reason": "too many values", "override": "force: true"}
    assert row["verdicts"] == [told | {"evaluations": 2}]
    said = "noop will not build 2 evaluations: too many values (force: true tries it)"
    assert said in " ".join(dse("plan", file).out.split())


def test_the_plan_says_what_a_tool_on_another_machine_would_do(
    run: Any, write: Any, dse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(write(space={"value": [1]}))
    elsewhere = Probe(available=False, tool="", reason="not here", install="get it")
    monkeypatch.setattr(NoopBackend, "probe", lambda _: elsewhere)
    monkeypatch.setattr(
        NoopBackend, "verdict", lambda *_: Verdict(builds=None, reason="it is large")
    )
    file = write(space={"value": [1, 2], "sleep_s": [0.0, 30.0]})
    plan = dse("plan", file, "--json").json
    (row,) = plan["backends"]
    assert row["evaluations"] == 0
    assert row["elsewhere"]["evaluations"] == 4
    assert row["elsewhere"]["expected_s"] == pytest.approx(60, abs=1)
    assert plan["expected_s"] == 0
    said = " ".join(dse("plan", file).out.split())
    assert "noop, where the tool is: 4 evaluations, about 1 min" in said
    assert "noop may not build 4 evaluations: it is large" in said


def test_the_plan_says_what_the_verdict_waits_for(
    write: Any, dse: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(NoopBackend, "verdict", lambda *_: None)
    said = " ".join(dse("plan", write(), "--cache", tmp_path / "empty").out.split())
    assert "noop: what will be built is known once hls4ml has read 1 network" in said


@pytest.fixture
def unavailable(monkeypatch: pytest.MonkeyPatch) -> str:
    """The noop backend cannot run; how it says to install it."""
    install = "pip install 'noop[extra]'"
    probe = Probe(available=False, tool="", reason="noop is missing", install=install)
    monkeypatch.setattr(NoopBackend, "probe", lambda _: probe)
    return install


def test_a_run_without_any_tool_is_an_error(run: Any, unavailable: str, tmp_path: Path) -> None:
    answer = run()
    assert answer.code == 6
    assert unavailable in answer.err
    assert "dse doctor" in answer.err
    assert not (tmp_path / "results.db").exists()


@pytest.mark.usefixtures("listed")
def test_plan_and_doctor_say_how_to_get_a_tool(dse: Any, write: Any, unavailable: str) -> None:
    plan = dse("plan", write(), "--json").json["backends"][0]
    assert plan["available"] is False
    assert unavailable in plan["missing"]
    assert unavailable in dse("plan", "s.yaml").out
    assert unavailable in dse("doctor").out


@pytest.mark.parametrize("message", ["cannot open [/usr/lib/x.so]", "no element [last] of x"])
def test_a_message_is_shown_as_it_is(run: Any, gives: Any, message: str) -> None:
    def fail(value: int) -> list[Metric]:
        raise EvaluationError(FailureKind.TOOL_FAILED, message)

    gives(fail)
    answer = run()
    assert answer.code == 7
    assert message in answer.err


def test_an_interrupted_run_says_so_and_goes_on_later(run: Any, dse: Any, gives: Any) -> None:
    def interrupted_at_one(value: int) -> list[Metric]:
        if value == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return latency(value)

    asked = gives(interrupted_at_one)
    answer = run()
    assert answer.code == 130
    assert "interrupted" in answer.said
    assert "To continue: dse run s.yaml" in answer.said
    assert dse("status", "--json").json[0]["state"] == "interrupted"
    assert asked == [3, 1]
    again = gives(latency)
    assert run().code == 0
    assert again == [2]
    assert dse("status", "--json").json[0]["state"] == "done"


def test_a_second_interrupt_ends_at_once(run: Any, dse: Any, gives: Any) -> None:
    def interrupted_twice(value: int) -> list[Metric]:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return latency(value)

    gives(interrupted_twice)
    answer = run()
    assert answer.code == 130
    assert "Traceback" not in answer.err
    (study,) = dse("status", "--json").json
    assert (study["state"], study["evaluations"]) == ("interrupted", 0)


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("command", [["plan", "s.yaml"], ["doctor"]])
def test_an_interrupt_ends_any_command(
    dse: Any, write: Any, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    def interrupt(self: NoopBackend) -> Probe:
        raise KeyboardInterrupt

    write()
    monkeypatch.setattr(NoopBackend, "probe", interrupt)
    answer = dse(*command)
    assert answer.code == 130
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("s.yaml", []),
        ("s.yaml", ["--db", "other.db"]),
        ("s.yaml", ["--set", "space.value=[4, 5]"]),
        ("my study.yaml", []),
    ],
)
def test_the_command_a_run_proposes_does_what_it_says(
    run: Any, write: Any, dse: Any, file: str, options: list[str]
) -> None:
    answer = run(write(file, backends=FAILING), *options)
    command = answer.err.partition("to try again: ")[2].splitlines()[0]
    again = dse(*shlex.split(command)[1:], "--executor", "serial")
    assert again.code == answer.code == 7
    assert again.err.splitlines()[0] == answer.err.splitlines()[0]


def test_a_cache_that_cannot_be_is_one_error(run: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no folder")
    answer = run(None, "--cache", "notes.txt")
    assert answer.code != 0
    assert answer.err.startswith("dse: error: ")
    assert "notes.txt" in answer.err


def test_the_views_of_the_database_hold_the_results(run: Any, write: Any, tmp_path: Path) -> None:
    run(write("f.yaml", name="f", backends=FAILING))
    run()
    with closing(sqlite3.connect(tmp_path / "results.db")) as connection:
        points = connection.execute(
            "SELECT value, noop_latency_ns FROM v_points WHERE study = 's' ORDER BY point"
        ).fetchall()
        (metrics,) = connection.execute("SELECT count(*) FROM v_metrics").fetchone()
        (failures,) = connection.execute("SELECT count(*) FROM v_failures").fetchone()
    assert points == [(3, 3.0), (1, 1.0), (2, 2.0)]
    assert (metrics, failures) == (3, 3)
