"""The `dse` command as a user meets it, called in this process in an empty folder."""

import csv
import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from installed import distribution

from dse.cli.main import main
from dse.contracts.backend import Context, Job, Outcome
from dse.contracts.metrics import Metric
from dse.contracts.registry import BACKENDS
from dse.engine import worker
from dse.testing.noop import NoopBackend

Dse = Callable[..., "Answer"]


@dataclass(frozen=True)
class Answer:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, str]]:
        """Standard output as CSV."""
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def cells(self) -> list[list[str]]:
        """The cells of the table on standard output, without its head."""
        rows = [line.strip().strip("│") for line in self.out.splitlines() if "│" in line]
        return [[cell.strip() for cell in row.split("│")] for row in rows]

    @property
    def said(self) -> str:
        """Standard error in one line, without frames."""
        return " ".join(self.err.replace("│", " ").split())


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the noop workload is prepared once for all tests."""
    return tmp_path_factory.mktemp("shared") / "cache"


@pytest.fixture
def dse(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shared_cache: Path,
) -> Dse:
    """Call `dse` with arguments; the working folder is `tmp_path`."""
    worker.load_backend.cache_clear()  # a test before may have replaced the class
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DSE_DB", raising=False)
    monkeypatch.setenv("DSE_CACHE", str(shared_cache))
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["dse", *map(str, arguments)])
        capsys.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        return Answer(code or 0, *capsys.readouterr())

    return call


@pytest.fixture
def listed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the noop backend listed as those of plug-ins are."""
    folder = tmp_path_factory.mktemp("site")
    distribution(folder, "dse-noop", **{BACKENDS: {"noop": "dse.testing.noop:NoopBackend"}})
    monkeypatch.syspath_prepend(str(folder))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a study of the noop workload and backend; arguments replace its sections."""

    def make(file: str = "s.yaml", **sections: Any) -> str:
        tree = {
            "name": "s",
            "workload": {"name": "noop"},
            "space": {"value": [3, 1, 2]},
            "backends": ["noop"],
            "objectives": ["latency_ns"],
        } | sections
        given = {key: section for key, section in tree.items() if section is not None}
        lines = (f"{key}: {json.dumps(section)}" for key, section in given.items())
        (tmp_path / file).write_text("\n".join(lines) + "\n")
        return file

    return make


@pytest.fixture
def run(dse: Dse, write: Callable[..., str]) -> Dse:
    """`dse run FILE --executor serial …`; without a file, of the study `write` makes."""

    def call(file: str | None = None, *arguments: object) -> Answer:
        return dse("run", file or write(), "--executor", "serial", *arguments)

    return call


@pytest.fixture
def gives(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Make the noop backend answer with `metrics(value)`; returns the values it was asked."""

    def replace(metrics: Callable[[int], Sequence[Metric]]) -> list[int]:
        asked: list[int] = []

        def evaluate(self: NoopBackend, job: Job, context: Context) -> Outcome:
            value = int(str(job.parameters["value"]))
            asked.append(value)
            return Outcome(tuple(metrics(value)))

        monkeypatch.setattr(NoopBackend, "evaluate", evaluate)
        return asked

    return replace
