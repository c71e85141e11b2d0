"""Backends read a network in the process that has prepared it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy import REGISTRY, SquareBackend, ToyWorkload

from dse.contracts.backend import Job
from dse.contracts.workload import Prepared
from dse.engine import worker
from dse.engine.worker import Folders

Prepare = Callable[[], Path]


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepare:
    """Prepare the toy network; return the folder of the cache."""
    monkeypatch.setattr(worker.Registry, "installed", staticmethod(lambda: REGISTRY))
    monkeypatch.setattr(
        ToyWorkload, "prepare", lambda _, __, folder, ___: Prepared(folder, "toy-1")
    )
    worker.load_backend.cache_clear()
    folders = Folders(tmp_path, tmp_path / "artifacts")
    job = Job(
        key="k",
        backend="square",
        parameters={},
        workload="toy",
        workload_parameters={},
        fingerprint="toy-1",
        base=tmp_path,
    )

    def run() -> Path:
        worker.prepare_workload(job, folders, lambda _: None, tmp_path / "new")
        return tmp_path

    return run


def test_the_backend_of_the_job_reads_it(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: Any, prepared: Prepared, cache: Path) -> None:
        (cache / "read").write_text(f"{prepared.directory.name} {prepared.fingerprint}")

    monkeypatch.setattr(SquareBackend, "read_network", read)
    assert (prepare() / "read").read_text() == "new toy-1"


def test_a_network_that_it_cannot_read_is_kept(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any) -> None:
        raise RuntimeError("no such layer")

    monkeypatch.setattr(SquareBackend, "read_network", read)
    assert "RuntimeError: no such layer" in (prepare() / "prepare.log").read_text()
