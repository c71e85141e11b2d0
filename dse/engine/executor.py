"""The executor contract: where tasks are carried out, and how many at a time."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import ClassVar, Self

from dse.engine.worker import Task
from dse.store.records import Evaluation


class Executor(ABC):
    """Carries out tasks, in any order, each exactly once.

    Used as a context manager; leaving it ends everything it started. Results do not depend
    on the executor or its number of workers. Held to `dse.testing.ExecutorSuite`.
    """

    name: ClassVar[str]

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many evaluations can run at a time."""

    @abstractmethod
    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue tasks; returns at once."""

    @abstractmethod
    def wait(self, timeout_s: float) -> list[Evaluation]:
        """Evaluations that finished; an empty list if none did within `timeout_s`.

        Every submitted task comes back exactly once, as a failure of kind `crashed` or
        `time_limit` where its worker died or was ended.
        """

    @abstractmethod
    def cancel_pending(self) -> int:
        """Forget tasks that have not started; how many those were."""

    @property
    @abstractmethod
    def outstanding(self) -> int:
        """Orders submitted and neither returned nor cancelled."""

    @abstractmethod
    def close(self) -> None:
        """End everything, running work included."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
