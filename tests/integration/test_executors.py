"""Both executors against the one contract."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from dse.engine.executor import Executor
from dse.engine.ray_executor import RayExecutor
from dse.engine.serial import SerialExecutor
from dse.engine.worker import Task
from dse.testing.executors import ExecutorSuite, collect, task


class TestSerial(ExecutorSuite):
    def make(self) -> Executor:
        return SerialExecutor()


class TestRay(ExecutorSuite):
    def make(self) -> Executor:
        return RayExecutor(workers=2)


def licensed(folder: Path, value: int, **needs: int) -> Task:
    one = task(folder, value, sleep_s=0.4)
    return replace(one, resources=replace(one.resources, licences=needs))


def test_licence_tokens_are_never_overdrawn_and_others_need_not_wait(tmp_path: Path) -> None:
    tasks = [licensed(tmp_path, value, vivado=1) for value in range(4)]
    free = [licensed(tmp_path, value, undeclared=3) for value in range(10, 13)]
    with RayExecutor(workers=2, licences={"vivado": 1}) as executor:
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
