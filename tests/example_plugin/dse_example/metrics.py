"""Metrics that this package defines; dse imports this module whenever it shows results.

`dse.plugins.CATALOGUE` holds those that dse defines, such as `lut` and `accuracy`.
"""

from dse.plugins import MetricInfo

TOGGLE_RATE = MetricInfo(
    "toggle_rate",
    "",
    "minimise",
    "share of input bits that change from one sample to the next",
    label="toggle rate",
)

EFFICIENCY = MetricInfo(
    "efficiency",
    "",
    "maximise",
    "share of positives that are found",
    label="signal efficiency",
)

METRICS = (TOGGLE_RATE, EFFICIENCY)
