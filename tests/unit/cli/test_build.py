"""`dse build`: what it refuses, before anything is made."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from dse.contracts.backend import Context, Job
from dse.contracts.circuits import CircuitBackend
from dse.contracts.errors import EvaluationError, FailureKind, UsageError
from dse.engine import building
from dse.testing.noop import NoopBackend

from .conftest import Dse


class Maker(NoopBackend, CircuitBackend):
    """Writes a file, or fails where the point says so."""

    boards: ClassVar[Any] = {
        "big_board": "a big one",
        "small_board": "a small one",
        "slow_board": "ended",
    }

    def write_package(
        self, job: Job, context: Context, title: str, board: str | None
    ) -> Sequence[str]:
        (context.directory / "half").write_text(title)
        if board == "small_board":
            raise EvaluationError(FailureKind.INVALID_POINT, "it takes 12 LUT, the board has 3")
        if board == "slow_board":
            os.kill(os.getpid(), signal.SIGTERM)
        return [f"{title}: fine"]


@pytest.fixture
def makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "load_backend", lambda _: Maker())

    def call(function: str, *arguments: object, **_: object) -> object:
        return getattr(building, function.partition(":")[2])(*arguments)

    monkeypatch.setattr(building, "isolated", SimpleNamespace(call=call))


def test_a_package(run: Dse, dse: Dse, makes: None, tmp_path: Path) -> None:
    run()
    answer = dse("build", 0, "--out", tmp_path / "made")
    assert answer.code == 0
    assert "point 0 of study" in answer.said
    assert "1 file in" in answer.said
    assert [p.name for p in tmp_path.glob("made/*")] == ["half"]


def test_no_circuit(run: Dse, dse: Dse, tmp_path: Path) -> None:
    run()
    answer = dse("build", 0, "--out", tmp_path / "made")
    assert answer.code == 2
    assert "no backend made a circuit of point 0" in answer.said
    assert "add open to the backends" in answer.said


def test_no_such_point(run: Dse, dse: Dse, tmp_path: Path) -> None:
    run()
    answer = dse("build", 77, "--out", tmp_path / "made")
    assert answer.code == 5
    assert "has no current point 77" in answer.err


def test_a_board_that_does_not_exist(run: Dse, dse: Dse, makes: None, tmp_path: Path) -> None:
    run()
    answer = dse("build", 0, "--out", tmp_path / "made", "--board", "big-board")
    assert answer.code == 2
    assert "there is no board 'big-board'" in answer.said
    assert "did you mean 'big_board'?" in answer.said


def test_a_folder_that_holds_something(run: Dse, dse: Dse, makes: None, tmp_path: Path) -> None:
    run()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    answer = dse("build", 0, "--out", tmp_path / "full")
    assert answer.code == 2
    assert "is not an empty folder" in answer.said
    assert (tmp_path / "full" / "thesis.tex").read_text() == "mine"


def test_nothing_is_left_of_a_failure(run: Dse, dse: Dse, makes: None, tmp_path: Path) -> None:
    run()
    answer = dse("build", 0, "--out", tmp_path / "made", "--board", "small_board")
    assert answer.code == 1
    assert "it takes 12 LUT, the board has 3" in answer.said
    assert not (tmp_path / "made").exists()
    assert not list(tmp_path.glob(".made*"))


def test_nothing_is_left_by_a_build_that_the_system_ends(
    run: Dse, dse: Dse, makes: None, tmp_path: Path
) -> None:
    run()
    before = signal.getsignal(signal.SIGTERM)
    answer = dse("build", 0, "--out", tmp_path / "made", "--board", "slow_board")
    assert answer.code == 128 + signal.SIGTERM
    assert not (tmp_path / "made").exists()
    assert not list(tmp_path.glob(".made*"))
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_point_that_was_not_evaluated() -> None:
    """As after a run that was interrupted."""
    with pytest.raises(UsageError, match=r"evaluated by: none yet"):
        building.circuit_of(1, "noop", [])


def test_another_version_makes_another_circuit(
    run: Dse, dse: Dse, makes: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    monkeypatch.setattr(Maker, "version", 99)
    answer = dse("build", 0, "--out", tmp_path / "made")
    assert answer.code == 4
    assert "this is version 99" in answer.said


def test_a_failed_evaluation_has_no_circuit(
    run: Dse, dse: Dse, makes: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: NoopBackend, job: Job, context: Context) -> None:
        raise EvaluationError(FailureKind.TOOL_FAILED, "no rule for layer a")

    monkeypatch.setattr(NoopBackend, "evaluate", fail)
    run()
    answer = dse("build", 0, "--out", tmp_path / "made")
    assert answer.code == 2
    assert "made no circuit of point 0" in answer.said
    assert "no rule for layer a" in answer.said
