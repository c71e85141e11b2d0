"""Contract of backends whose runs can be emitted as a folder and imported when they are done."""

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dse.contracts.backend import Backend, Context, Job, Outcome
from dse.contracts.errors import DataError, EvaluationError, FailureKind
from dse.contracts.parameters import Assignment, Value

SCRIPT, NOTE = "run.sh", "run.json"
"""Script that `dse emit` writes into a job's folder, and the file that it writes when it ends."""

_LONGEST_S = 10**8  # three years: a longer run time comes from a wrong clock or a damaged file


@dataclass(frozen=True)
class RunReport:
    """Result of a tool run, read from its folder.

    Args:
        outcome: metrics, or why there are none.
        tool: tool and version, as `Backend.probe` names them on the machine of the run.
        finished_at: time of the last report or log.
        duration_s: run time; None if the files do not give it.
        host: name of the machine; empty if the files do not give it.
    """

    outcome: Outcome
    tool: str
    finished_at: datetime
    duration_s: float | None = None
    host: str = ""


def read_json(path: Path) -> Any:
    """Return the JSON value in a file; None if it cannot be read or is not JSON."""
    try:
        return parse_json(path.read_text(errors="replace"))
    except OSError:
        return None


def parse_json(text: str) -> Any:
    """Return the value of a JSON text; None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def run_note(folder: Path) -> dict[str, Any] | None:
    """Read what the script of an emitted job has written at its end.

    Returns:
        ``host``, ``seconds`` (None if not plausible) and ``exit_code``. Empty if the folder has no
        such script, because the tool was run directly. None if the script has not ended.

    Raises:
        DataError: the file cannot be read, or is damaged: a disk was full, or it was copied in
            part.
    """
    if not (folder / SCRIPT).is_file():
        return {}
    if not (folder / NOTE).exists():
        return None
    try:
        found = parse_json((folder / NOTE).read_text(errors="replace"))
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        hint = "give yourself the right to read it; the result is still there"
        raise DataError(
            f"{NOTE} cannot be read: {problem}", where=str(folder), hint=hint
        ) from error
    if not isinstance(found, dict) or type(found.get("exit_code")) is not int:
        hint = f"copy the folder again; or remove its {NOTE}, then run the job again"
        raise DataError(f"{NOTE} is damaged", where=str(folder), hint=hint)
    seconds = found.get("seconds")
    if not (isinstance(seconds, int) and 0 <= seconds < _LONGEST_S):
        found["seconds"] = None
    return found


def outcome_of(reading: RunReport | None) -> Outcome:
    """Return the outcome of a run that has just ended on this machine.

    Args:
        reading: result of `OfflineBackend.read`.

    Raises:
        EvaluationError: the run failed, or the tool wrote no report.
    """
    if reading is None:
        raise EvaluationError(FailureKind.REPORT_MISSING, "the tool wrote no report")
    if (failure := reading.outcome.failure) is not None:
        raise EvaluationError(failure.kind, failure.message, hint=failure.hint, log=failure.log)
    return reading.outcome


@dataclass(frozen=True)
class SourcedValue:
    """A parameter's value, and the file it was read from."""

    value: Value
    source: str


class OfflineBackend(Backend):
    """Backend that can write a job as a folder for its tool, and read the results in a folder.

    The tool may run on another machine, or may have run before dse was used.
    """

    @abstractmethod
    def write(self, job: Job, context: Context) -> str:
        """Write everything the tool needs into the evaluation's folder.

        Returns:
            Shell commands that run the tool in that folder; their output is logged.

        Raises:
            dse.contracts.errors.EvaluationError: the job cannot be written.
        """

    @abstractmethod
    def read(self, parameters: Assignment, folder: Path) -> RunReport | None:
        """Return the result of a run of `write`'s commands; None if nothing ran in the folder.

        Args:
            parameters: of the job, to check the reports against; those that are absent are not
                checked.
            folder: folder of the run.
        """

    @abstractmethod
    def find(self, root: Path) -> Iterable[Path]:
        """Return the places of all designs under `root`, whether dse wrote them or not.

        A place is the folder that the other methods take, or a single file where several designs
        have their reports in one folder. A design with damaged reports has a place too.
        """

    def report_files(self, root: Path) -> Mapping[Path, str]:  # noqa: ARG002  (for subclasses)
        """Return all files under `root` that look like the tool's reports, with what each is."""
        return {}

    def used_files(self, place: Path) -> Iterable[Path]:  # noqa: ARG002  (for subclasses)
        """Return the files of a place that `read` takes its result from."""
        return ()

    def solutions(self, place: Path) -> Sequence[Path]:  # noqa: ARG002  (for subclasses)
        """Return all solutions of a place's project where several lie in it, else nothing.

        `dse import --solution` chooses one of them by the name of its folder.
        """
        return ()

    @abstractmethod
    def describe(self, folder: Path) -> Mapping[str, tuple[SourcedValue, ...]]:
        """Return the parameter values that a folder's files give, with every file that does."""

    @abstractmethod
    def identity(self, folder: Path) -> str:
        """Return a SHA-256 of the design in a folder; equal only for equal designs."""
