"""Conformance suite of executors: inherit `ExecutorSuite` and define `make`."""

import time
from abc import ABC, abstractmethod
from pathlib import Path

from dse.contracts.backend import Job, Resources
from dse.contracts.errors import FailureKind
from dse.contracts.parameters import Value
from dse.engine.executor import Executor
from dse.engine.worker import Folders, Task
from dse.store.records import Evaluation
from dse.testing.noop import NoopBackend, NoopWorkload

_LIMIT_S = 120.0  # starting Ray takes up to 20 s, and more on a busy machine


def task(folder: Path, value: int, **parameters: Value) -> Task:
    """Return a task for the no-op backend.

    Args:
        folder: folder of cache and artifacts.
        value: the `latency_ns` that the evaluation reports; also identifies the task.
        parameters: further parameters of `dse.testing.noop.NoopBackend`.
    """
    backend = NoopBackend()
    given: dict[str, Value] = {p.name: p.default for p in backend.parameters}
    given |= {"value": value, **parameters}
    fingerprint = NoopWorkload(folder).fingerprint({})
    job = Job(
        key=f"key-{value}",
        backend="noop",
        parameters=given,
        workload="noop",
        workload_parameters={},
        fingerprint=fingerprint,
        base=folder,
    )
    folders = Folders(folder / "cache", folder / "artifacts")
    return Task(job=job, resources=backend.plan(job), folders=folders, tool="noop 1")


def collect(executor: Executor) -> list[Evaluation]:
    """Wait for all outstanding tasks and return their evaluations."""
    found: list[Evaluation] = []
    deadline = time.monotonic() + _LIMIT_S
    while executor.outstanding and time.monotonic() < deadline:
        found += executor.wait(1.0)
    assert not executor.outstanding, "tasks were lost"
    return found


class ExecutorSuite(ABC):
    """Tests of the contract in `dse.engine.executor`."""

    @abstractmethod
    def make(self) -> Executor:
        """Return a new executor."""

    def test_every_task_comes_back_once(self, tmp_path: Path) -> None:
        """No result is lost or returned twice, also with more tasks than workers."""
        with self.make() as executor:
            executor.submit([task(tmp_path, value) for value in range(150)])
            assert executor.outstanding == 150
            found = collect(executor)
        values = {e.job.parameters["value"]: e.outcome.metrics[0].value for e in found}
        assert len(found) == 150
        assert values == {value: float(value) for value in range(150)}

    def test_failures_are_typed(self, tmp_path: Path) -> None:
        """A backend's error, its exception and the crash of its process have their own kinds."""
        tasks = [
            task(tmp_path, 1, behaviour="fail"),
            task(tmp_path, 2, behaviour="raise"),
            task(tmp_path, 3, behaviour="die", isolated=True),
            task(tmp_path, 4, isolated=True),
        ]
        with self.make() as executor:
            executor.submit(tasks)
            found = {e.job.parameters["value"]: e.outcome for e in collect(executor)}
        kinds = {value: o.failure.kind for value, o in found.items() if o.failure}
        assert kinds == {
            1: FailureKind.TOOL_FAILED,
            2: FailureKind.CRASHED,
            3: FailureKind.CRASHED,
        }
        assert found[4].metrics[0].value == 4

    def test_time_limit_ends_the_work(self, tmp_path: Path) -> None:
        """The evaluation ends near its limit, as a failure of kind ``time_limit``."""
        slow = task(tmp_path, 1, sleep_s=60.0)
        limited = Task(
            job=slow.job,
            resources=Resources(time_limit_s=1.5, isolated=True),
            folders=slow.folders,
            tool=slow.tool,
        )
        with self.make() as executor:
            executor.submit([limited])
            (evaluation,) = collect(executor)
        assert evaluation.outcome.failure is not None
        assert evaluation.outcome.failure.kind is FailureKind.TIME_LIMIT
        assert (evaluation.provenance.duration_s or 0.0) < 30

    def test_cancelled_tasks_do_not_come_back(self, tmp_path: Path) -> None:
        """Tasks that have not started are dropped; running ones are finished."""
        with self.make() as executor:
            executor.submit([task(tmp_path, value, sleep_s=0.5) for value in range(40)])
            executor.wait(30.0)
            cancelled = executor.cancel_pending()
            found = collect(executor)
        assert cancelled > 0
        assert len(found) + cancelled <= 40
