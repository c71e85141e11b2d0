"""Errors that end a command with an exit code, and failures that are stored as data.

An error (`DseError`) ends a command. It says what happened, where, and how to fix it,
and carries the exit code of the process. A failure (`Failure`) belongs to one
evaluation: it is stored with its kind, reason and log, and the study continues.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class DseError(Exception):
    """Base class of all errors that are reported to the user.

    Args:
        message: what happened, in one sentence.
        where: the place, such as ``study.yaml:12 (space.total_bits)``; empty if there is none.
        hint: how to fix it; empty if unknown.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what pickle needs to restore the error without calling `__init__`.

        Errors cross process borders. By default pickle calls ``cls(*args)``, which loses
        keyword-only arguments and fails for subclasses with other positional ones.
        """
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
    """An option or argument of the command line is wrong, or does not fit the others."""

    exit_code = 2


class StudyError(DseError):
    """The study file is wrong; `where` names file, line and key."""

    exit_code = 3


class DataError(DseError):
    """Input data is wrong; `where` names file, row and column as far as they are known."""

    exit_code = 4


class SettingError(DataError):
    """A parameter of the workload names what is not there.

    Args:
        setting: name of the parameter; whoever has the study file adds file and line to `where`.
    """

    def __init__(self, message: str, *, setting: str, where: str = "", hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.setting = setting


class StoreError(DseError):
    """The results database cannot be opened, read, written or migrated."""

    exit_code = 5


class DatabaseLostError(StoreError):
    """The file of the results database was deleted or replaced while it was in use."""


class ServerSilentError(StoreError):
    """The database server does not answer, or broke the connection."""


class ToolMissingError(DseError):
    """A tool or package that the command needs is not installed on this machine."""

    exit_code = 6


class NoNodeError(ToolMissingError):
    """No node of the cluster could take what is left to do; the same command continues the run."""


class PluginConflictError(ToolMissingError):
    """Two packages define the same name, so neither can be used under it."""


class PluginNameError(ToolMissingError):
    """A package gives a backend or metric a name that conditions cannot contain."""


class TooManyFailuresError(DseError):
    """Evaluations failed, and the run was stopped early or ended with that result."""

    exit_code = 7


class ContradictionError(DseError):
    """Results contradict what a publication claims; `dse compare` ends so after its table."""

    exit_code = 8


@dataclass(frozen=True)
class Retry:
    """How a failed evaluation is retried.

    Args:
        attempts: further attempts in the same run.
        wait_s: time before the first further attempt; the n-th waits n times as long.
        later: whether the next run tries again without an option that asks for it.
    """

    attempts: int = 0
    wait_s: float = 0.0
    later: bool = False


class FailureKind(StrEnum):
    """Why one evaluation has no metrics."""

    INVALID_POINT = "invalid_point"
    """The point cannot be built or evaluated, such as with a layer that the backend does not
    support or a part that is not installed."""

    CONVERSION = "conversion"
    """The converted network does not compute what the trained network computes."""

    DOES_NOT_FIT = "does_not_fit"
    """The part has too few of a resource for the design, or its wires do not suffice."""

    TOOL_MISSING = "tool_missing"
    """The backend's tool, or a package, is not installed on the machine of the evaluation."""

    TIME_LIMIT = "time_limit"
    """The evaluation took longer than its `time_limit_s`."""

    OUT_OF_MEMORY = "out_of_memory"
    """The tool ran out of memory, or used more than `memory_limit_gb`."""

    DISK_FULL = "disk_full"
    """The disk was full, or a quota was exceeded."""

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
        """How it is retried; not at all where the same work would fail again."""
        return _RETRIES.get(self, Retry())


# Only failures with a cause outside the point are retried. A licence that another user holds
# gets 15 minutes in one run (1 + 2 + … + 5 waits of a minute); a full disk needs a person first.
_RETRIES = {
    FailureKind.LICENCE: Retry(attempts=5, wait_s=60.0, later=True),
    FailureKind.CRASHED: Retry(attempts=1, later=True),
    FailureKind.DISK_FULL: Retry(later=True),
}


@dataclass(frozen=True)
class Failure:
    """Reason of a failed evaluation, as it is stored.

    Args:
        kind: type of the failure.
        message: what happened, in one sentence.
        log: end of the tool's log; empty if there is none.
        hint: how to fix it; empty if unknown.
    """

    kind: FailureKind
    message: str
    log: str = ""
    hint: str = ""


class EvaluationError(DseError):
    """Error raised by a backend or workload; the engine stores it as a `Failure`."""

    def __init__(
        self, kind: FailureKind, message: str, *, where: str = "", hint: str = "", log: str = ""
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.kind = kind
        self.log = log

    @property
    def failure(self) -> Failure:
        """The error as data; `where` becomes part of the message."""
        place = f"{self.where}: " if self.where else ""
        return Failure(self.kind, f"{place}{self.message}", self.log, self.hint)


def nearest(name: str, legal: Iterable[str]) -> str:
    """Return a hint that lists the legal names and suggests the most similar one, if any.

    Args:
        name: name that is not legal.
        legal: names that are.

    Returns:
        Such as ``did you mean 'lut'? legal: dsp, ff, lut``; of many names, only the similar one
        if there is one; empty if no name is legal.
    """
    names = sorted(set(legal))
    close = difflib.get_close_matches(name, names, n=1)
    meant = f"did you mean '{close[0]}'?" if close else ""
    if not names or (close and len(names) > _MANY):
        return meant
    return f"{meant} legal: {', '.join(names)}".strip()


_MANY = 12
"""Names that are listed beside a similar one at most: a longer list hides it."""
