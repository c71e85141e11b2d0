"""What a run did so far."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dse.contracts.errors import FailureKind


@dataclass
class RunProgress:
    """What a run did so far; handed to the progress display after every change."""

    total: int = 0
    stored: int = 0
    stored_failed: int = 0
    done: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    stopping: bool = False
    failures: dict[FailureKind, int] = field(default_factory=lambda: defaultdict(int))
    failing: set[str] = field(default_factory=set)
    succeeding: set[str] = field(default_factory=set)
    last_failure: str = ""
    last_hint: str = ""
    work_s: float = 0.0
    work_done_s: float = 0.0

    def count_stored(self, backend: str, *, failed: bool) -> None:
        """Note the result of an evaluation that was known before."""
        self.stored_failed += failed
        (self.failing if failed else self.succeeding).add(backend)

    @property
    def hopeless(self) -> list[str]:
        """Backends of which every evaluation failed."""
        return sorted(self.failing - self.succeeding)

    def __add__(self, other: "RunProgress") -> "RunProgress":
        """What both did, the other one later."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in _SUMS}
        failures = defaultdict(int, self.failures)
        for kind, count in other.failures.items():
            failures[kind] += count
        last = other if other.last_failure else self
        return replace(
            other,
            **counts,
            failures=failures,
            failing=self.failing | other.failing,
            succeeding=self.succeeding | other.succeeding,
            last_failure=last.last_failure,
            last_hint=last.last_hint,
        )


_SUMS = ("total", "stored", "stored_failed", "done", "failed", "work_s", "work_done_s")


ProgressCallback = Callable[[RunProgress], None]
"""Called after every change."""
