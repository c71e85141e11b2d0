"""Metrics of the open flow: cells that Yosys counts beside those of the vendors' reports."""

from dse.contracts.metrics import MetricInfo

METRICS = (
    MetricInfo(
        "srl",
        "",
        "minimise",
        "look-up tables used as shift registers, part of lut",
        label="SRL",
    ),
    MetricInfo("carry", "", "minimise", "4-bit carry chains", label="carry chains"),
)
