"""Everything that can go wrong: errors with an exit code, and failures that are data.

An error (`DseError`) ends a command. It says what happened, where, and what to do,
and carries the exit code of the process. A failure (`Failure`) belongs to one
evaluation: it is stored with its kind, reason and log, and the study goes on.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class DseError(Exception):
    """Base of every error a user can meet.

    Args:
        message: what happened, in one sentence.
        where: the place, such as ``study.yaml:12 (space.total_bits)``.
        hint: what to do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without calling `__init__`, whose arguments differ between classes."""
        return (_restore, (type(self), self.args, self.__dict__))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"


def _restore(kind: type[DseError], args: tuple[Any, ...], state: dict[str, Any]) -> DseError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(DseError):
    """The command line asks for something that does not make sense."""

    exit_code = 2


class StudyError(DseError):
    """The study file is wrong: `where` names file, line and path in the file."""

    exit_code = 3


class DataError(DseError):
    """Input data is wrong: `where` names file, row and column as far as they are known."""

    exit_code = 4


class StoreError(DseError):
    """The results database cannot be opened, read, written or migrated."""

    exit_code = 5


class ToolMissingError(DseError):
    """A tool or package that the command needs is not on this machine."""

    exit_code = 6


class PluginConflictError(ToolMissingError):
    """Two packages give one name, so neither can be used under it."""


class TooManyFailuresError(DseError):
    """A run was stopped, or ended, because evaluations failed."""

    exit_code = 7


@dataclass(frozen=True)
class Retry:
    """What is done about a failure besides storing it.

    Args:
        attempts: further attempts in the same run.
        wait_s: time before the first of them; the n-th waits n times as long.
        later: whether the next run tries again without being told to.
    """

    attempts: int = 0
    wait_s: float = 0.0
    later: bool = False


class FailureKind(StrEnum):
    """Why one evaluation has no metrics."""

    INVALID_POINT = "invalid_point"
    """The point asks for something that cannot be built or evaluated, such as a layer that the
    backend does not know or a part that is not installed."""

    TOOL_MISSING = "tool_missing"
    """The tool behind the backend, or a package, is not on the machine that ran the evaluation."""

    TIME_LIMIT = "time_limit"
    """The evaluation took longer than its `time_limit_s`."""

    OUT_OF_MEMORY = "out_of_memory"
    """The tool ran out of memory, or held more than `memory_limit_gb`."""

    DISK_FULL = "disk_full"
    """There was no space left, or a quota was used up."""

    LICENCE = "licence"
    """No licence for the tool was free or valid."""

    TOOL_FAILED = "tool_failed"
    """The tool ended with an error that is not one of the other kinds."""

    REPORT_MISSING = "report_missing"
    """The tool ended without an error, but a report is missing or damaged."""

    DIVERGED = "diverged"
    """Training ended without a usable network."""

    CRASHED = "crashed"
    """The tool or the backend ended abnormally."""

    @property
    def retry(self) -> Retry:
        """What is done about it; nothing where the same work would fail again."""
        return _RETRIES.get(self, Retry())


_RETRIES = {
    FailureKind.LICENCE: Retry(attempts=5, wait_s=60.0, later=True),
    FailureKind.CRASHED: Retry(attempts=1, later=True),
    FailureKind.DISK_FULL: Retry(later=True),
}


@dataclass(frozen=True)
class Failure:
    """The typed reason of a failed evaluation, stored beside it."""

    kind: FailureKind
    message: str
    log: str = ""
    hint: str = ""


class EvaluationError(DseError):
    """Raised inside a backend or workload; the engine stores it as a `Failure`."""

    def __init__(
        self, kind: FailureKind, message: str, *, where: str = "", hint: str = "", log: str = ""
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.kind = kind
        self.log = log

    @property
    def failure(self) -> Failure:
        """The same reason as data."""
        place = f"{self.where}: " if self.where else ""
        return Failure(self.kind, f"{place}{self.message}", self.log, self.hint)


def nearest(name: str, legal: Iterable[str]) -> str:
    """Hint that lists the legal names and, where one is close, the one probably meant."""
    names = sorted(legal)
    close = difflib.get_close_matches(name, names, n=1)
    meant = f"did you mean '{close[0]}'? " if close else ""
    return f"{meant}legal: {', '.join(names)}" if names else meant.strip()
