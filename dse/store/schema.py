"""Tables of the results database; every change needs a migration in `migrations/versions`."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Declarative base; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON, datetime: DateTime(timezone=True)}  # noqa: RUF012


FAILED = "status = 'failed'"
"""Condition of an evaluation's row, as text: with a bound value its index would not be used."""


class StudyRow(Base):
    """A study: its file as it was last run, its objectives and the state of that run.

    `owner` is whose it is in a team's database; see `dse.store.owners`.
    """

    __tablename__ = "study"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str]
    path: Mapped[str]
    source: Mapped[str]
    objectives: Mapped[dict[str, Any]]
    state: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    owner: Mapped[str] = mapped_column(server_default="")


class PointRow(Base):
    """One assignment of the parameters, numbered in its study.

    `digest` identifies the assignment. `current` is false for points that the study had before
    its file was edited; they keep their number and results.
    """

    __tablename__ = "point"
    __table_args__ = (
        UniqueConstraint("study_id", "number", name="uq_point_number"),
        UniqueConstraint("study_id", "digest", name="uq_point_digest"),
        Index(None, "study_id", "current"),  # counts points
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    number: Mapped[int]
    digest: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    current: Mapped[bool]


class EvaluationRow(Base):
    """One run of one backend for one key; shared by every point with that key.

    `key` is the hash of all that determines the result, `fingerprint` that of the workload.
    `status` is "done" or "failed"; the failure columns are null for "done".
    """

    __tablename__ = "evaluation"
    __table_args__ = (
        # counts failures
        Index(None, "id", sqlite_where=text(FAILED), postgresql_where=text(FAILED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    backend: Mapped[str] = mapped_column(index=True)
    adapter_version: Mapped[int]
    tool: Mapped[str]
    workload: Mapped[str]
    fingerprint: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    workload_parameters: Mapped[dict[str, Any]]
    status: Mapped[str]
    failure_kind: Mapped[str | None]
    failure_message: Mapped[str | None]
    failure_log: Mapped[str | None]
    failure_hint: Mapped[str | None]
    effective: Mapped[dict[str, Any]]
    attempts: Mapped[int]
    started_at: Mapped[datetime]
    duration_s: Mapped[float | None]
    host: Mapped[str]
    dse_version: Mapped[str]


class PointEvaluationRow(Base):
    """Link from a point and a backend to the evaluation that holds the results."""

    __tablename__ = "point_evaluation"
    __table_args__ = (Index(None, "evaluation_id", "point_id"),)  # counts evaluations

    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), primary_key=True)
    backend: Mapped[str] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))


class MetricRow(Base):
    """One number of an evaluation.

    `low` and `high` are the ends of the 95 % interval, `replicas` the bootstrap replicas as
    little-endian float64; null where the metric has none.
    """

    __tablename__ = "metric"

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float]
    unit: Mapped[str]
    direction: Mapped[str]
    fidelity: Mapped[str]
    low: Mapped[float | None]
    high: Mapped[float | None]
    replicas: Mapped[bytes | None] = mapped_column(LargeBinary)


class ArtifactRow(Base):
    """One file of an evaluation; `path` is relative to the artifact folder of the database."""

    __tablename__ = "artifact"

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str]


class RunRow(Base):
    """A run that writes to this database now, or was killed: one that ends removes its row.

    `seen_at` is the time of the last heartbeat, on the clock of the database; `progress` are the
    counts and tasks of that moment. `machine` says to which machine's processes `pid` belongs.
    """

    __tablename__ = "run"

    id: Mapped[str] = mapped_column(primary_key=True)
    study: Mapped[str]
    host: Mapped[str]
    machine: Mapped[str]
    pid: Mapped[int]
    process_started: Mapped[float]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    progress: Mapped[dict[str, Any]]


class LeaseRow(Base):
    """An evaluation that a run has in hand, by its key; other runs wait for its result."""

    __tablename__ = "lease"

    key: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)
