"""Metrics of the backend `open` alone: cells that Yosys counts and vendors' reports do not."""

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
