"""SQL views for people and tools that read the database directly, such as Datasette.

* `v_metrics`: one row per point and metric, with backend, fidelity and tool.
* `v_failures`: one row per failed evaluation of a point, with kind, message and hint.
* `v_points`: one row per point, one column per parameter and per `<backend>_<metric>`;
  remade at the end of a run that brings new names.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, text


def create_points_view(
    connection: Connection, parameters: Iterable[str], metrics: Iterable[tuple[str, str]]
) -> None:
    """(Re)place `v_points`.

    Args:
        connection: an open transaction.
        parameters: parameter names; identifiers, as the study file demands.
        metrics: pairs of backend and metric name.
    """
    arrow = "->>" if connection.dialect.name == "postgresql" else None
    columns = [
        f"""point.parameters {arrow} '{name}' AS "{name}\""""
        if arrow
        else f"""json_extract(point.parameters, '$."{name}"') AS "{name}\""""
        for name in parameters
    ]
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
    connection.execute(text(query.replace(":", "\\:")))
