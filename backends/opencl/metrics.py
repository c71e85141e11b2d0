"""Metrics of the OpenCL runs: where the time of a batch goes, and what a batch is."""

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
        "that rate against the device's matrix library",
        label="rate against library",
    ),
    MetricInfo("batch_nodes", "", "minimise", "nodes of a batch, mean"),
    MetricInfo("batch_edges", "", "minimise", "edges of a batch, mean"),
    MetricInfo("batch_bytes", "B", "minimise", "bytes sent for a batch, mean"),
)
