"""Metric definitions of the tracking workload; the AUC is one of dse."""

from dse.contracts.metrics import MetricInfo

TRUE_EDGES_LOST_SHARE = MetricInfo(
    "true_edges_lost_share",
    "",
    "minimise",
    "share of true edges cut off by truncation",
    label="true edges lost",
)

EDGE_EFFICIENCY = MetricInfo(
    "edge_efficiency",
    "",
    "maximise",
    "share of all true edges that are kept and selected, at the workload's `purity`",
    label="edge efficiency",
)

BORDER_EDGES_SHARE = MetricInfo(
    "true_edges_at_borders_share",
    "",
    "minimise",
    "share of true edges between hits of different sectors, which are in no graph",
    label="true edges at borders",
)

NODES_P95 = MetricInfo(
    "graph_nodes_p95", "", "minimise", "nodes that 95 % of the graphs do not exceed, before padding"
)
EDGES_P95 = MetricInfo(
    "graph_edges_p95", "", "minimise", "edges that 95 % of the graphs do not exceed, before padding"
)

METRICS = (TRUE_EDGES_LOST_SHARE, EDGE_EFFICIENCY, BORDER_EDGES_SHARE, NODES_P95, EDGES_P95)
