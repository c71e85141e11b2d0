"""Metrics that this package adds; dse imports this module whenever it shows results.

Names that dse has already, such as `lut` or `accuracy`, are in `dse.plugins.CATALOGUE`.
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
