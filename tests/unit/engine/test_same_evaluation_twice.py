"""Two runs at the same evaluation share its folder, so they take turns."""

import threading
import time
from pathlib import Path

import pytest
from toy import REGISTRY, SquareBackend

from dse.backend import Job, Resources
from dse.engine import work
from dse.engine.work import Folders, Order, do
from dse.workload import Prepared


def test_they_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work.Registry, "installed", staticmethod(lambda: REGISTRY))
    monkeypatch.setattr(work, "prepared", lambda *_: Prepared(tmp_path, "toy"))
    work.adapter.cache_clear()
    work._workload.cache_clear()
    inside, most = 0, 0

    def watch(bits: int) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.1)
        inside -= 1

    monkeypatch.setattr(SquareBackend, "hook", staticmethod(watch))

    def order(key: str) -> Order:
        job = Job(key, "square", {"bits": 3}, "toy", {"size": 1}, "toy", tmp_path)
        folders = Folders(tmp_path / "cache", tmp_path / "artifacts")
        return Order(job, Resources(), folders, "square 1.0")

    for keys, expected in ((("same", "same"), 1), (("one", "other"), 2)):
        most = 0
        threads = [threading.Thread(target=do, args=([order(key)],)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == expected
