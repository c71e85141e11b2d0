"""The contract of backends whose tool may run elsewhere: on a farm, or long ago."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dse.backend import Backend, Context, Job, Outcome
from dse.parameters import Assignment, Value


@dataclass(frozen=True)
class Reading:
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


@dataclass(frozen=True)
class Found:
    """A parameter's value, and the file that says it."""

    value: Value
    source: str


class Elsewhere(Backend):
    """A backend that can write its work out as a folder, and read back what a tool left there."""

    @abstractmethod
    def write(self, job: Job, context: Context) -> str:
        """Write all the tool needs into the evaluation's folder.

        Returns:
            Shell commands that run the tool in that folder; their output is logged.

        Raises:
            dse.errors.EvaluationError: the work cannot be written.
        """

    @abstractmethod
    def read(self, parameters: Assignment, folder: Path) -> Reading | None:
        """What a run of `write`'s commands left; None where nothing ran there.

        Args:
            parameters: of the job; those missing hold nothing to check.
            folder: where it ran.
        """

    @abstractmethod
    def find(self, root: Path) -> Iterable[Path]:
        """Folders under `root` where this backend's tool ran, whoever made them."""

    @abstractmethod
    def describe(self, folder: Path) -> Mapping[str, tuple[Found, ...]]:
        """Parameters the files of such a folder give, each with all that say it."""

    @abstractmethod
    def identity(self, folder: Path) -> str:
        """SHA-256 of what was built there; equal only for the same design."""
