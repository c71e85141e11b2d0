"""The executor contract: where tasks run, and how many at a time."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import ClassVar, Self

from dse.engine.worker import Task
from dse.store.records import Evaluation


class Executor(ABC):
    """Runs tasks in any order, each exactly once; base class of all executors.

    An executor is a context manager; leaving it ends every process that it started. Results
    must not depend on the executor or its number of workers. `dse.testing.ExecutorSuite`
    checks an implementation against this contract.
    """

    name: ClassVar[str]

    @property
    @abstractmethod
    def workers(self) -> int:
        """Number of evaluations that can run at a time."""

    @property
    def preparers(self) -> int:
        """Number of networks that can be prepared at a time; by default one by each worker."""
        return self.workers

    @abstractmethod
    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks and return at once."""

    @abstractmethod
    def wait(self, timeout_s: float) -> list[Evaluation]:
        """Return evaluations that have finished; an empty list if none does in `timeout_s`.

        Every submitted task is returned exactly once: as a failure of kind `crashed`,
        `out_of_memory` or `time_limit` where its worker died or was killed.
        """

    @abstractmethod
    def cancel_pending(self) -> int:
        """Drop tasks that have not started and return how many were dropped."""

    @property
    @abstractmethod
    def outstanding(self) -> int:
        """Number of tasks submitted and neither returned nor cancelled."""

    @abstractmethod
    def close(self) -> None:
        """End all tasks, running ones included."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
