"""The contract of backends whose tool may run elsewhere: on a farm, or long ago."""

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dse.contracts.backend import Backend, Context, Job, Outcome
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.parameters import Assignment, Value

SCRIPT, NOTE = "run.sh", "run.json"
"""What `dse emit` puts into a job's folder to run it, and what that leaves at its end."""

_LONGEST_S = 10**8


@dataclass(frozen=True)
class RunReport:
    """What a run elsewhere left.

    Args:
        outcome: metrics, or why there are none.
        tool: what made it, as `Backend.probe` would have named it there.
        finished_at: time of the last report or log.
        duration_s: None where nothing says it.
        host: machine; empty where nothing says it.
    """

    outcome: Outcome
    tool: str
    finished_at: datetime
    duration_s: float | None = None
    host: str = ""


def read_json(path: Path) -> Any:
    """A file's JSON; None where it is none."""
    try:
        return json.loads(path.read_text(errors="replace"))
    except (ValueError, RecursionError, OSError):
        return None


def run_note(folder: Path) -> dict[str, Any] | None:
    """What a job's script noted: host, seconds, exit_code.

    Empty for a folder without such a script; None where the script has not come to its end.
    """
    if not (folder / SCRIPT).is_file():
        return {}
    found = read_json(folder / NOTE)
    if not isinstance(found, dict) or not isinstance(found.get("exit_code"), int):
        return None
    seconds = found.get("seconds")
    if not (isinstance(seconds, int) and 0 <= seconds < _LONGEST_S):
        found["seconds"] = None
    return found


def outcome_of(reading: RunReport | None) -> Outcome:
    """The outcome of a run that was made here.

    Raises:
        EvaluationError: the tool left nothing, or what went wrong.
    """
    if reading is None:
        raise EvaluationError(FailureKind.REPORT_MISSING, "the tool left nothing")
    if (failure := reading.outcome.failure) is not None:
        raise EvaluationError(failure.kind, failure.message, hint=failure.hint, log=failure.log)
    return reading.outcome


@dataclass(frozen=True)
class SourcedValue:
    """A parameter's value, and the file that says it."""

    value: Value
    source: str


class OfflineBackend(Backend):
    """A backend that can write its work out as a folder, and read back what a tool left there."""

    @abstractmethod
    def write(self, job: Job, context: Context) -> str:
        """Write all the tool needs into the evaluation's folder.

        Returns:
            Shell commands that run the tool in that folder; their output is logged.

        Raises:
            dse.contracts.errors.EvaluationError: the work cannot be written.
        """

    @abstractmethod
    def read(self, parameters: Assignment, folder: Path) -> RunReport | None:
        """What a run of `write`'s commands left; None where nothing ran there.

        Args:
            parameters: of the job; those missing hold nothing to check.
            folder: where it ran.
        """

    @abstractmethod
    def find(self, root: Path) -> Iterable[Path]:
        """Folders under `root` where this backend's tool ran, whoever made them."""

    @abstractmethod
    def describe(self, folder: Path) -> Mapping[str, tuple[SourcedValue, ...]]:
        """Parameters the files of such a folder give, each with all that say it."""

    @abstractmethod
    def identity(self, folder: Path) -> str:
        """SHA-256 of what was built there; equal only for the same design."""
