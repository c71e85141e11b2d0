"""Every executor against the one contract."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from dse.contracts.errors import FailureKind
from dse.engine.executor import Executor
from dse.engine.process_executor import ProcessExecutor
from dse.engine.ray_executor import RayExecutor
from dse.engine.serial import SerialExecutor
from dse.engine.worker import Task
from dse.testing.executors import ExecutorSuite, collect, task


class TestSerial(ExecutorSuite):
    def make(self) -> Executor:
        return SerialExecutor()


class TestProcesses(ExecutorSuite):
    def make(self) -> Executor:
        return ProcessExecutor(workers=2)


class TestRay(ExecutorSuite):
    def make(self) -> Executor:
        return RayExecutor(workers=2)


def licensed(folder: Path, value: int, **needs: int) -> Task:
    one = task(folder, value, sleep_s=0.4)
    return replace(one, resources=replace(one.resources, licences=needs))


@pytest.mark.parametrize("make", [RayExecutor, ProcessExecutor])
def test_licence_tokens_are_never_overdrawn_and_others_need_not_wait(
    tmp_path: Path, make: Callable[..., Executor]
) -> None:
    tasks = [licensed(tmp_path, value, vivado=1) for value in range(4)]
    free = [licensed(tmp_path, value, undeclared=3) for value in range(10, 13)]
    with make(workers=2, licences={"vivado": 1}) as executor:
        executor.submit([*tasks, *free])
        found = {e.job.parameters["value"]: e for e in collect(executor)}
    assert len(found) == 7
    started = sorted(found[value].provenance.started_at for value in range(4))
    ended = sorted(
        e.provenance.started_at + timedelta(seconds=e.provenance.duration_s)
        for value, e in found.items()
        if value in range(4)
    )
    assert all(after >= before for before, after in zip(ended, started[1:], strict=False))
    assert any(found[value].provenance.started_at < started[-1] for value in range(10, 13))


def test_more_memory_than_there_is_does_not_wait_for_ever(tmp_path: Path) -> None:
    one = task(tmp_path, 1)
    with RayExecutor(workers=1) as executor:
        executor.submit([replace(one, resources=replace(one.resources, memory_gb=1e6))])
        (evaluation,) = collect(executor)
    assert evaluation.outcome.failure is None


def workers() -> list[psutil.Process]:
    """Worker processes of this one."""
    return [one for one in psutil.Process().children() if "spawn_main" in "".join(one.cmdline())]


def test_a_worker_that_is_killed_loses_its_task_alone_and_is_replaced(tmp_path: Path) -> None:
    tasks = [task(tmp_path, value, sleep_s=3.0 if value < 2 else 0.0) for value in range(6)]
    with ProcessExecutor(workers=2) as executor:
        executor.submit(tasks)
        workers()[0].kill()
        found = {e.job.parameters["value"]: e.outcome.failure for e in collect(executor)}
    lost = [failure for failure in found.values() if failure]
    assert len(found) == 6
    assert [(one.kind, one.message) for one in lost] == [
        (FailureKind.CRASHED, "the worker died: SIGKILL")
    ]


def test_workers_end_with_the_executor(tmp_path: Path) -> None:
    executor = ProcessExecutor(workers=2)
    executor.submit([task(tmp_path, 2)])
    collect(executor)  # which prepares the network that the others wait for
    executor.submit([task(tmp_path, value, sleep_s=60.0) for value in range(2)])
    started = len(workers())
    executor.close()
    assert (started, workers()) == (2, [])
