"""Records that are written to the store, independent of its tables."""

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
    """A study as it is run.

    Args:
        name: unique in the database.
        description: from the study file.
        path: of the study file, as it was named on the command line.
        source: text of the study file.
        objectives: direction, "minimise" or "maximise", by metric.
        owner: whose it is; empty for whoever stores it.
    """

    name: str
    description: str
    path: str
    source: str
    objectives: Mapping[str, str]
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The origin of an evaluation.

    Args:
        adapter_version: version of the backend's adapter.
        tool: name and version of the tool.
        dse_version: version of dse that ran or imported it.
        host: machine that it ran on.
        started_at: in UTC.
        duration_s: None where an imported report does not state it.
        attempts: runs until this result, retries included.
    """

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
    """The stored evaluation of a key, as far as planning needs it.

    Args:
        evaluation_id: id of its row.
        failure: kind of failure; None for a success.
        time_limit_s: the time limit that it exceeded, for failures of that kind.
        started_at: start of the evaluation, which tells a repeated one from the one before.
    """

    evaluation_id: int
    failure: FailureKind | None
    time_limit_s: float | None = None
    started_at: datetime | None = None

    @classmethod
    def of(
        cls,
        evaluation_id: int,
        kind: str | None,
        started_at: datetime,
        effective: Mapping[str, Any] | None,
    ) -> "Known":
        """Build from the columns that `dse.store.queries.known_evaluations` selects."""
        failure = FailureKind(kind) if kind else None
        return cls(evaluation_id, failure, (effective or {}).get(TIME_LIMIT), started_at)


IMPORTED = "imported"
"""Workload name of imported evaluations, whose network is not known."""

TIME_LIMIT = "time_limit_s"
"""Key, in the effective configuration of a failure, of the time limit that it exceeded."""


@dataclass(frozen=True)
class Point:
    """A stored point: id of its row, number in its study, and parameters."""

    id: int
    number: int
    parameters: Mapping[str, Value]
