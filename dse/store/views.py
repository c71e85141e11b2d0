"""SQL views for people and tools that read the database directly, such as Datasette.

* `v_metrics`: one row per point and metric, with backend, fidelity and tool.
* `v_failures`: one row per failed evaluation of a point, with kind, message and hint.
* `v_points`: one row per point, one column per parameter and per `<backend>_<metric>`. Its
  columns depend on what is stored, so it is created again at the end of a run, unlike the
  other two, which come from a migration.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, text


def create_points_view(
    connection: Connection, parameters: Iterable[str], metrics: Iterable[tuple[str, str]]
) -> None:
    """Create `v_points`, replacing an earlier one.

    Args:
        connection: in an open transaction.
        parameters: names; those of a study file are identifiers, safe to quote.
        metrics: pairs of backend and metric name.
    """
    arrow = "->>" if connection.dialect.name == "postgresql" else None
    columns = [
        f"""point.parameters {arrow} '{name}' AS "{name}\""""
        if arrow
        else f"""json_extract(point.parameters, '$."{name}"') AS "{name}\""""
        for name in parameters
    ]
    # MAX picks the one value in the group: SQLite and PostgreSQL have no PIVOT in common
    columns += [
        f"MAX(CASE WHEN evaluation.backend = '{backend}' AND metric.name = '{metric}' "
        f'THEN metric.value END) AS "{backend}_{metric}"'
        for backend, metric in metrics
    ]
    listed = ", ".join(["study.name AS study", "point.number AS point", *columns])
    connection.execute(text("DROP VIEW IF EXISTS v_points"))
    query = f"""
        CREATE VIEW v_points AS
        SELECT {listed}
        FROM point
        JOIN study ON study.id = point.study_id
        LEFT JOIN point_evaluation ON point_evaluation.point_id = point.id
        LEFT JOIN evaluation ON evaluation.id = point_evaluation.evaluation_id
        LEFT JOIN metric ON metric.evaluation_id = evaluation.id
        WHERE point.current
        GROUP BY point.id, study.name, point.number
        """  # noqa: S608  (names are identifiers or come from registered backends)
    connection.execute(text(query.replace(":", "\\:")))  # a colon begins a bound parameter
