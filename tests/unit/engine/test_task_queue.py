"""Which tasks a worker gets next."""

from collections import deque
from pathlib import Path

import pytest

from dse.contracts.backend import Job, Resources
from dse.engine.task_queue import being_prepared, next_batch
from dse.engine.worker import Folders, Task


@pytest.fixture
def make(tmp_path: Path):
    """Maker of tasks of a backend and a network."""
    folders = Folders(tmp_path / "cache", tmp_path / "artifacts")

    def task(backend: str, network: str) -> Task:
        job = Job(
            key=backend + network,
            backend=backend,
            parameters={},
            workload="w",
            workload_parameters={},
            fingerprint=network,
            base=tmp_path,
        )
        return Task(job=job, resources=Resources(), folders=folders, tool="")

    return task


def names(tasks) -> list[str]:
    return [task.job.key for task in tasks]


def test_no_worker_waits_for_a_network_that_another_one_trains(make, tmp_path):
    """Two backends of two designs, each a network: both networks are trained at once."""
    queue = deque(make(backend, net) for net in ("1", "2") for backend in ("bittrue", "estimate"))
    first = next_batch(queue, 4, lambda _: True)
    assert names(first) == ["bittrue1"]
    busy = being_prepared([first])
    assert busy == {"1"}
    second = next_batch(queue, 4, lambda _: True, busy)
    assert names(second) == ["bittrue2"]
    assert names(queue) == ["estimate1", "estimate2"]
    assert next_batch(queue, 4, lambda _: True, being_prepared([first, second])) == []
    (tmp_path / "cache" / "networks" / "1").mkdir(parents=True)
    busy = being_prepared([first, second])
    assert names(next_batch(queue, 4, lambda _: True, busy)) == ["estimate1"]


def test_a_batch_ends_before_a_task_that_has_to_wait(make):
    queue = deque(make("bittrue", net) for net in ("1", "2", "3"))
    assert names(next_batch(queue, 1, lambda _: True, {"2"})) == ["bittrue1"]
    assert names(queue) == ["bittrue2", "bittrue3"]
