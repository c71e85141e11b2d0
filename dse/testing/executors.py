"""What every executor must do; inherit `ExecutorSuite` and say how to make one."""

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

_LIMIT_S = 120.0


def task(folder: Path, value: int, **parameters: Value) -> Task:
    """An task for the no-op backend."""
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
    """Wait for everything outstanding."""
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
        """A fresh executor."""

    def test_every_order_comes_back_once(self, tmp_path: Path) -> None:
        """Nothing is lost or doubled, whatever the number."""
        with self.make() as executor:
            executor.submit([task(tmp_path, value) for value in range(150)])
            assert executor.outstanding == 150
            found = collect(executor)
        values = {e.job.parameters["value"]: e.outcome.metrics[0].value for e in found}
        assert len(found) == 150
        assert values == {value: float(value) for value in range(150)}

    def test_failures_are_typed(self, tmp_path: Path) -> None:
        """An load_backend's failure, its crash, and the death of its process."""
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
        """And says so."""
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

    def test_cancelled_orders_do_not_come_back(self, tmp_path: Path) -> None:
        """What has not started is forgotten; what runs is finished."""
        with self.make() as executor:
            executor.submit([task(tmp_path, value, sleep_s=0.5) for value in range(40)])
            executor.wait(30.0)
            cancelled = executor.cancel_pending()
            found = collect(executor)
        assert cancelled > 0
        assert len(found) + cancelled <= 40
