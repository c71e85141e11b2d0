"""What goes into the store, independent of tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dse.contracts.backend import Job, Outcome
from dse.contracts.errors import FailureKind
from dse.contracts.parameters import Value

StudyState = Literal["running", "done", "interrupted", "failed"]


@dataclass(frozen=True)
class StudyRecord:
    """A study as it is run: its file's text and what counts as good."""

    name: str
    description: str
    path: str
    source: str
    objectives: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Which tool made an evaluation, and how."""

    adapter_version: int
    tool: str
    dse_version: str
    host: str
    started_at: datetime
    duration_s: float | None
    attempts: int = 1


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation, ready to be stored."""

    job: Job
    outcome: Outcome
    provenance: Provenance


@dataclass(frozen=True)
class Known:
    """What the store says about a key.

    Args:
        evaluation_id: its row.
        failure: kind of failure, None for a success.
        time_limit_s: the limit it ran into, for that kind of failure.
    """

    evaluation_id: int
    failure: FailureKind | None
    time_limit_s: float | None = None

    @classmethod
    def of(
        cls, evaluation_id: int, kind: str | None, effective: Mapping[str, Any] | None
    ) -> "Known":
        """From the columns of an evaluation."""
        failure = FailureKind(kind) if kind else None
        return cls(evaluation_id, failure, (effective or {}).get(TIME_LIMIT))


IMPORTED = "imported"
"""Workload of evaluations whose network nobody told us."""

TIME_LIMIT = "time_limit_s"
"""Key of the effective configuration that holds the limit an evaluation ran into."""


@dataclass(frozen=True)
class Point:
    """A stored point: its row and its parameters."""

    id: int
    number: int
    parameters: Mapping[str, Value]
