"""Tasks that are run where the folders of the run are not seen. No Ray is needed."""

import hashlib
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dse.contracts.backend import Job
from dse.contracts.errors import FailureKind
from dse.engine.preparing import Preparing
from dse.engine.receiving import show, take_in
from dse.engine.visiting import Parcel, Update, run_here
from dse.engine.worker import Task, prepare_network
from dse.runtime.parcels import packed
from dse.testing.executors import task


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cache of another machine."""
    monkeypatch.setenv("DSE_CACHE", str(tmp_path / "node"))
    return tmp_path / "node"


def sent(one: Task) -> tuple[dict[str, Parcel], list[str]]:
    """The parcel of a task's network, and how often it is fetched."""
    assert prepare_network(one) is None
    content = packed(one.folders.networks / one.job.fingerprint)
    return {one.job.fingerprint: Parcel(hashlib.sha256(content).hexdigest(), content)}, []


def run(one: Task, parcels: dict[str, Parcel], fetched: list[str]) -> list[Update]:
    def fetch(content: bytes) -> bytes:
        fetched.append("once")
        return content

    return list(run_here([one], parcels, fetch))


def test_a_network_is_fetched_once_and_results_come_back(tmp_path: Path, node: Path) -> None:
    tasks = [task(tmp_path / "home", value, behaviour="keep") for value in (1, 2)]
    parcels, fetched = sent(tasks[0])
    for one in tasks:
        (update,) = run(one, parcels, fetched)
        found = take_in(one, update.returned[0])
        assert found.job == one.job
        (artifact,) = found.outcome.artifacts
        kept = json.loads((tmp_path / "home" / "artifacts" / artifact.path).read_text())
        assert kept == dict(one.job.parameters)
    assert fetched == ["once"]
    # what evaluations leave on the node is its cache alone
    assert [path.name for path in (node / "received").iterdir()] == [
        parcels[tasks[0].job.fingerprint].name[:32]
    ]


def test_networks_that_differ_share_nothing_though_their_settings_do(
    tmp_path: Path, node: Path
) -> None:
    for name in ("one", "two"):
        one = task(tmp_path / name, 1)
        assert prepare_network(one) is None
        (one.folders.networks / one.job.fingerprint / "weights").write_text(name)
        run(one, *sent(one))
    weights = {path.read_text() for path in node.rglob("weights")}
    assert weights == {"one", "two"}


def test_statuses_of_long_tasks_come_while_they_run(tmp_path: Path, node: Path) -> None:
    one = task(tmp_path, 1, sleep_s=1.2)
    first, *_, last = run(one, *sent(one))
    assert "sleeping" in first.statuses[one.job.key]
    show([one], first.statuses)
    assert one.folders.status(one.job.key).read_text() == first.statuses[one.job.key]
    take_in(one, last.returned[0])
    assert not one.folders.status(one.job.key).exists()


def test_artifacts_that_cannot_be_stored_are_a_failure(tmp_path: Path, node: Path) -> None:
    one = task(tmp_path, 1, behaviour="keep")
    (update,) = run(one, *sent(one))
    (tmp_path / "artifacts").write_text("in the way")
    failure = take_in(one, update.returned[0]).outcome.failure
    assert failure
    assert failure.kind is FailureKind.DISK_FULL


def taken(preparing: Preparing) -> tuple[list[Task], list[FailureKind]]:
    ready: list[Task] = []
    kinds: list[FailureKind] = []
    deadline = time.monotonic() + 30
    while preparing.outstanding and time.monotonic() < deadline:
        more, failures = preparing.take(0.2)
        ready += more
        kinds += [one.outcome.failure.kind for one in failures if one.outcome.failure]
    return ready, kinds


def test_tasks_wait_for_their_network_and_then_no_more(tmp_path: Path) -> None:
    preparing, tasks = Preparing(1), [task(tmp_path, value) for value in range(3)]
    assert preparing.submit(tasks) == []
    assert preparing.outstanding == 3
    assert taken(preparing) == (tasks, [])
    assert (tasks[0].folders.networks / tasks[0].job.fingerprint).is_dir()
    assert preparing.submit(tasks) == tasks


def test_every_task_of_a_network_that_cannot_be_prepared_fails(tmp_path: Path) -> None:
    def broken(value: int) -> Task:
        one = task(tmp_path, value)
        job: Job = replace(one.job, workload="keras", fingerprint="f", workload_parameters={})
        return replace(one, job=job)

    preparing = Preparing(1)
    preparing.submit([broken(1), broken(2), task(tmp_path, 3)])
    ready, kinds = taken(preparing)
    assert [one.job.parameters["value"] for one in ready] == [3]
    assert kinds == [FailureKind.CRASHED] * 2


def test_tasks_that_wait_can_be_dropped(tmp_path: Path) -> None:
    preparing = Preparing(1)
    preparing.submit([task(tmp_path, value) for value in range(3)])
    assert (preparing.cancel(), preparing.outstanding) == (3, 0)
