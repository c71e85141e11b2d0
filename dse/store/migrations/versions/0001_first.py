"""The first schema: studies, points, evaluations, metrics, artifacts and the long views."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_LONG = """
    SELECT study.name AS study, point.number AS point, evaluation.backend AS backend, {columns}
    FROM point
    JOIN study ON study.id = point.study_id
    JOIN point_evaluation ON point_evaluation.point_id = point.id
    JOIN evaluation ON evaluation.id = point_evaluation.evaluation_id
"""


def upgrade() -> None:
    """Create all tables, and the views `v_metrics` and `v_failures`."""
    _studies()
    _evaluations()
    _results()


def _studies() -> None:
    op.create_table(
        "study",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("description", sa.String, nullable=False),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("objectives", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "point",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("study_id", sa.Integer, sa.ForeignKey("study.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.UniqueConstraint("study_id", "number", name="uq_point_number"),
        sa.UniqueConstraint("study_id", "digest", name="uq_point_digest"),
    )


def _evaluations() -> None:
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("backend", sa.String, nullable=False, index=True),
        sa.Column("adapter_version", sa.Integer, nullable=False),
        sa.Column("tool", sa.String, nullable=False),
        sa.Column("workload", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("workload_parameters", sa.JSON, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("failure_kind", sa.String),
        sa.Column("failure_message", sa.String),
        sa.Column("failure_log", sa.String),
        sa.Column("failure_hint", sa.String),
        sa.Column("effective", sa.JSON, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_s", sa.Double, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("dse_version", sa.String, nullable=False),
    )
    op.create_table(
        "point_evaluation",
        sa.Column("point_id", sa.Integer, sa.ForeignKey("point.id"), primary_key=True),
        sa.Column("backend", sa.String, primary_key=True),
        sa.Column(
            "evaluation_id",
            sa.Integer,
            sa.ForeignKey("evaluation.id"),
            nullable=False,
            index=True,
        ),
    )


def _results() -> None:
    evaluation = sa.ForeignKey("evaluation.id")
    op.create_table(
        "metric",
        sa.Column("evaluation_id", sa.Integer, evaluation, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("fidelity", sa.String, nullable=False),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("replicas", sa.LargeBinary),
    )
    op.create_table(
        "artifact",
        sa.Column("evaluation_id", sa.Integer, sa.ForeignKey("evaluation.id"), primary_key=True),
        sa.Column("role", sa.String, primary_key=True),
        sa.Column("path", sa.String, nullable=False),
    )
    metrics = _LONG.format(
        columns="""metric.name AS metric, metric.value AS value, metric.unit AS unit,
        metric.low AS low, metric.high AS high, metric.fidelity AS fidelity,
        evaluation.tool AS tool, evaluation.key AS evaluation"""
    )
    op.execute(
        f"CREATE VIEW v_metrics AS {metrics} JOIN metric ON metric.evaluation_id = evaluation.id"
    )
    failures = _LONG.format(
        columns="""evaluation.failure_kind AS kind, evaluation.failure_message AS message,
        evaluation.failure_hint AS hint, evaluation.tool AS tool, evaluation.key AS evaluation"""
    )
    op.execute(f"CREATE VIEW v_failures AS {failures} WHERE evaluation.status = 'failed'")
