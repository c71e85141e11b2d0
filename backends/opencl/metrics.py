"""Metrics of OpenCL runs: parts of a batch's latency, rates, and sizes of a batch."""

from dse.contracts.metrics import MetricInfo

METRICS = (
    MetricInfo(
        "kernel_ns", "ns", "minimise", "time of all kernels of one batch", label="kernel time"
    ),
    MetricInfo(
        "transfer_ns",
        "ns",
        "minimise",
        "time of one batch's transfers, to the device and back",
        label="transfer time",
    ),
    MetricInfo(
        "enqueue_ns",
        "ns",
        "minimise",
        "rest of a batch's latency: preparing, enqueueing, waiting",
        label="enqueue time",
    ),
    MetricInfo("gflops", "GFLOP/s", "maximise", "rate of the dense layers' kernels", label="rate"),
    MetricInfo(
        "library_ratio",
        "",
        "maximise",
        "rate of the dense layers' kernels relative to numpy's matrix product",
        label="rate against library",
    ),
    MetricInfo("batch_nodes", "", "minimise", "mean number of nodes in a batch"),
    MetricInfo("batch_edges", "", "minimise", "mean number of edges in a batch"),
    MetricInfo("batch_bytes", "B", "minimise", "mean number of bytes sent for a batch"),
)
