"""Metrics of the backend `open` alone: cells that vendors' reports do not have, and seeds."""

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
    MetricInfo(
        "lut4",
        "",
        "minimise",
        "4-input look-up tables, those of carry chains and memories too",
        label="LUT4",
        capacity="lut",
    ),
    MetricInfo("routed", "", "maximise", "share of the seeds tried that were placed and routed"),
    MetricInfo("seed", "", "minimise", "seed of place and route that gave the highest clock"),
)
