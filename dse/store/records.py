"""What goes into the store, independent of tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dse.backend import Job, Outcome
from dse.errors import FailureKind
from dse.parameters import Value

StudyState = Literal["running", "done", "interrupted", "failed"]


@dataclass(frozen=True)
class StudyRecord:
    """A study as it is run: its file's text and what counts as good."""

    name: str
    description: str
    path: str
    source: str
    objectives: Mapping[str, str]


@dataclass(frozen=True)
class Provenance:
    """Which tool made an evaluation, and how."""

    adapter_version: int
    tool: str
    dse_version: str
    host: str
    started_at: datetime
    duration_s: float
    attempts: int = 1


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation, ready to be stored."""

    job: Job
    outcome: Outcome
    provenance: Provenance


@dataclass(frozen=True)
class Known:
    """What the store says about a key."""

    evaluation_id: int
    failure: FailureKind | None


@dataclass(frozen=True)
class Point:
    """A stored point: its row and its parameters."""

    id: int
    number: int
    parameters: Mapping[str, Value]
