"""Metric definitions of the tracking workload; the AUC is one of dse."""

from dse.contracts.metrics import MetricInfo

TRUE_EDGES_LOST_SHARE = MetricInfo(
    "true_edges_lost_share",
    "",
    "minimise",
    "share of true edges cut off by truncation",
    label="true edges lost",
)

METRICS = (TRUE_EDGES_LOST_SHARE,)
