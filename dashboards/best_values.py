"""The best value of every objective of a study, as text."""

from dashboards.quantities import metric_label, objective_columns, quantities
from dashboards.source import Source
from dse.formatting import number
from dse.store.queries import StudySummary


def best_values(source: Source, study: StudySummary) -> str:
    """Return the best values of the objectives, such as ``AUC 0.98 (bittrue), LUT 1200 (open)``."""
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
