"""The progress line says what long evaluations are at."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from dse.cli.progress_bar import Progress, status_note, time_left
from dse.engine.progress import RunProgress
from dse.engine.task_status import PREPARING, StatusWriter
from dse.engine.time_left import BackendWork, Load

from .conftest import Dse


def test_equal_statuses_of_running_tasks_are_counted(tmp_path: Path) -> None:
    StatusWriter(tmp_path / "old", "s", (1,), "vitis")("cosim")  # of a run that was killed
    note = status_note(tmp_path, "s")
    assert note() == ""
    running = (("a", "vitis", "csynth"), ("b", "vitis", "csynth"), ("c", "open", "yosys"))
    for key, backend, text in running:
        StatusWriter(tmp_path / key, "s", (1,), backend)(text)
    StatusWriter(tmp_path / "d", "s", (2,), "bittrue")("")  # has not said
    StatusWriter(tmp_path / "e", "another", (1,), "vitis")("csynth")
    (tmp_path / "f").write_text('{"half": ')
    assert note() == "open yosys, vitis csynth (2)"


def test_tasks_that_wait_for_a_training_are_not_listed_beside_it(tmp_path: Path) -> None:
    note = status_note(tmp_path, "s")
    for key in ("a", "b"):
        StatusWriter(tmp_path / key, "s", (1,), "cpu")(PREPARING)
    assert note() == f"cpu {PREPARING} (2)"
    StatusWriter(tmp_path / "a", "s", (1,), "cpu")(f"{PREPARING}: epoch 3 of 50")
    assert note() == f"cpu {PREPARING}: epoch 3 of 50"


def test_what_waits_for_a_licence_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dse.cli.progress_bar.LOG_EVERY_S", 0.0)
    progress = Progress(Console(width=200), "s", lambda: "vitis csynth")
    progress(RunProgress(total=4, done=1, running=1, waiting=2))
    assert "1 of 4, 1 running, 2 waiting to try again, 0 failed" in capsys.readouterr().out


def test_the_steps_of_tasks_are_not_cut_on_a_narrow_terminal() -> None:
    out = StringIO()
    console = Console(file=out, width=80, force_terminal=True, _environ={})
    steps = ", ".join(f"open place and route of design {n}" for n in range(5))
    with Progress(console, "a_study_with_a_name", lambda: steps) as progress:
        progress(RunProgress(total=400, done=100, running=5))
    assert steps in " ".join(re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", out.getvalue()).split())


@pytest.mark.parametrize("text", ["vivado", "vivado=", "vivado=0", "vivado=two", "=2", "a b=1"])
def test_licence_tokens_that_make_no_sense(run: Dse, text: str) -> None:
    answer = run(None, "--licence", text)
    assert answer.code == 2
    assert "--licence vivado=2" in answer.said


def test_a_cluster_declares_its_own_tokens(dse: Dse, write: object) -> None:
    answer = dse("run", "s.yaml", "--ray-address", "host:6379", "--licence", "vivado=2")
    assert answer.code == 2
    assert """ray start --resources='{"vivado": 2}'""" in answer.said


@pytest.mark.parametrize(
    ("left_s", "text"),
    [(0.0, ""), (0.4, ""), (32.0, "about 32 s left"), (247.0, "about 4 min 10 s left")],
)
def test_the_time_left_is_said_while_there_is_some(left_s: float, text: str) -> None:
    load = Load({"b": BackendWork(left_s=left_s)}, workers=1)
    assert time_left(RunProgress(load=load)) == text


def test_the_time_left_goes_on_while_an_evaluation_blocks_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bar is drawn by a thread, and the run tells nothing until the evaluation has ended."""
    monkeypatch.setattr("dse.engine.time_left.time.monotonic", lambda: 100.0)
    load = Load({"b": BackendWork(left_s=100.0, longest_s=60.0)}, workers=1, quiet_since=90.0)
    out = StringIO()
    progress = Progress(Console(file=out, width=200, force_terminal=True), "s", lambda: "")
    progress(RunProgress(total=10, running=1, load=load))
    with progress:
        assert "about 1 min 30 s left" in out.getvalue()
        monkeypatch.setattr("dse.engine.time_left.time.monotonic", lambda: 120.0)
    assert "about 1 min 10 s left" in out.getvalue()


def test_the_reason_of_a_failure_is_printed_once(run: Dse, write: Callable[..., str]) -> None:
    answer = run(write(backends=[{"name": "noop", "behaviour": "fail"}]))
    assert answer.code == 7
    assert answer.said.count("told to fail") == 1
    assert answer.said.count("hint:") == 2  # what to do about it, and where all reasons are
