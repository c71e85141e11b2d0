"""Python code of a study that lies where other people write is refused before the run."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from dse.contracts.errors import UsageError
from dse.engine.run import Run
from dse.runtime.trust import VARIABLE

MODULE = """
from pathlib import Path

Path(__file__ + ".ran").touch()


def f(*arrays):
    return 0.5
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder that every user may change, with a network, data and a module."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    with ZipFile(folder / "model.keras", "w") as file:
        for member in ("config.json", "model.weights.h5"):
            file.writestr(member, "{}")
    np.savez(folder / "test.npz", x=np.zeros((2, 3)), y=np.zeros(2))
    (folder / "evil.py").write_text(MODULE)
    folder.chmod(0o777)
    return folder


def study(folder: Path, line: str, search: str = "") -> Path:
    file = folder / "s.yaml"
    file.write_text(
        f"workload:\n  name: keras\n  {line}\n"
        f"space: {{max_samples: [1, 2]}}\nbackends: [cpu]\nobjectives: [latency_ns]\n{search}"
    )
    return file


@pytest.mark.parametrize("search", ["", "search: {method: random, budget: {points: 2}, seed: 1}\n"])
@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("score: evil:f", "workload.score"),
        ("more_scores: [evil:f]", "workload.more_scores"),
        ("custom_modules: [evil]", "workload.custom_modules"),
        ("test_set: evil:f", "workload.test_set"),
    ],
)
def test_nothing_is_run_and_nothing_is_stored(
    dse: Any, theirs: Path, tmp_path: Path, line: str, key: str, search: str
) -> None:
    answer = dse("run", study(theirs, line, search), "--executor", "serial")
    assert answer.code == 3, answer.err
    said = "".join(answer.err.split())
    assert f"s.yaml:3({key}):" in said
    assert "canbewrittenbyeveryuser" in said
    assert "--trust" in said
    assert not (tmp_path / "results.db").exists()
    assert not (theirs / "evil.py.ran").exists()


def test_no_project_is_written(dse: Any, theirs: Path, tmp_path: Path) -> None:
    file = study(theirs, "score: evil:f")
    file.write_text(file.read_text().replace("cpu", "vitis"))
    answer = dse("emit", file, "--backend", "vitis", "--out", tmp_path / "farm")
    assert answer.code == 3, answer.err
    assert "s.yaml:3(workload.score):" in "".join(answer.err.split())
    assert not (tmp_path / "farm").exists()
    assert not (theirs / "evil.py.ran").exists()


def test_who_trusts_it_comes_past_the_check(
    dse: Any, theirs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(self: Run, *arguments: object) -> None:
        raise UsageError("the run has begun")

    monkeypatch.setattr(Run, "execute", begin)
    monkeypatch.setenv(VARIABLE, "0")  # it is as before after the test
    answer = dse("run", study(theirs, "score: evil:f"), "--executor", "serial", "--trust")
    assert "the run has begun" in answer.said


def test_a_plan_runs_no_code_and_is_not_refused(dse: Any, theirs: Path) -> None:
    assert dse("plan", study(theirs, "score: evil:f")).code == 0
    assert not (theirs / "evil.py.ran").exists()
