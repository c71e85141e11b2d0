"""Best value of every objective of a study, in words."""

from dashboards.quantities import metric_label, objective_columns, quantities
from dashboards.source import Source
from dse.formatting import number
from dse.store.queries import StudySummary


def best_values(source: Source, study: StudySummary) -> str:
    """Best value of every objective, each with its backend."""
    table = source.table(study.name)
    known = quantities(table)
    texts = []
    for name in objective_columns(table, study.objectives):
        quantity = known[name]
        assert quantity.column is not None  # noqa: S101
        extent = table.extents[quantity.column]
        value = extent.high if quantity.direction == "maximise" else extent.low
        metric = metric_label(quantity.column.metric)
        texts.append(f"{metric} {number(value, quantity.unit)} ({quantity.column.backend})")
    return ", ".join(texts)
