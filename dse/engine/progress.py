"""Progress of a run: counts, failures and expected work."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dse.contracts.errors import FailureKind
from dse.engine.time_left import Load


@dataclass
class RunProgress:
    """Counts of a run so far; passed to the progress callback after every change.

    Args:
        total: evaluations that the plan needs.
        stored: evaluations that were stored before the run, or by another run meanwhile.
        stored_failed: how many of `stored` are failures.
        done: evaluations that succeeded in this run.
        failed: evaluations that failed in this run.
        running: evaluations that workers are doing now.
        waiting: failed evaluations that wait for another attempt.
        elsewhere: evaluations that other runs have in hand; their results are awaited.
        stopping: whether the run was asked to stop.
        failures: failures of this run by kind.
        failing: backends with a failure, stored ones included.
        succeeding: backends with a success, stored ones included.
        last_failure: backend and message of the last failure.
        last_hint: hint of the last failure.
        load: what is left to do and what the rest took, from which the time left follows.
    """

    total: int = 0
    stored: int = 0
    stored_failed: int = 0
    done: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    elsewhere: int = 0
    stopping: bool = False
    failures: dict[FailureKind, int] = field(default_factory=lambda: defaultdict(int))
    failing: set[str] = field(default_factory=set)
    succeeding: set[str] = field(default_factory=set)
    last_failure: str = ""
    last_hint: str = ""
    load: Load = field(default_factory=Load)

    def count_stored(self, backend: str, *, failed: bool) -> None:
        """Count an evaluation that another run stored, before this one or meanwhile."""
        self.stored_failed += failed
        (self.failing if failed else self.succeeding).add(backend)

    @property
    def always_failing(self) -> list[str]:
        """Backends of which every evaluation failed, sorted by name."""
        return sorted(self.failing - self.succeeding)

    def __add__(self, other: "RunProgress") -> "RunProgress":
        """Return the sum of two runs; `other` is the later one, whose current state counts."""
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
            load=self.load + other.load,
        )


_SUMS = ("total", "stored", "stored_failed", "done", "failed")


ProgressCallback = Callable[[RunProgress], None]
"""Function that is called with the progress after every change."""
