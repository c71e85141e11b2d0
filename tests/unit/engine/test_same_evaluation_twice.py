"""Two runs at the same evaluation share its folder, so they take turns."""

import threading
import time
from pathlib import Path

import pytest
from toy import REGISTRY, SquareBackend

from dse.contracts.backend import Job, Resources
from dse.contracts.workload import Prepared
from dse.engine import worker
from dse.engine.worker import Folders, Task, run_tasks


def test_they_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.Registry, "installed", staticmethod(lambda: REGISTRY))
    monkeypatch.setattr(worker, "prepared", lambda *_: Prepared(tmp_path, "toy"))
    worker.load_backend.cache_clear()
    worker.load_workload.cache_clear()
    inside, most = 0, 0

    def watch(bits: int) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.1)
        inside -= 1

    monkeypatch.setattr(SquareBackend, "hook", staticmethod(watch))

    def task(key: str) -> Task:
        job = Job(
            key=key,
            backend="square",
            parameters={"bits": 3},
            workload="toy",
            workload_parameters={"size": 1},
            fingerprint="toy",
            base=tmp_path,
        )
        folders = Folders(tmp_path / "cache", tmp_path / "artifacts")
        return Task(job=job, resources=Resources(), folders=folders, tool="square 1.0")

    for keys, expected in ((("same", "same"), 1), (("one", "other"), 2)):
        most = 0
        threads = [threading.Thread(target=run_tasks, args=([task(key)],)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == expected
