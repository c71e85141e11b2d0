"""Metrics of the bit-true evaluation."""

from dse.contracts.metrics import MetricInfo

OVERFLOW_SHARE = MetricInfo(
    "overflow_share", "", "minimise", "share of casts that wrapped or saturated"
)

METRICS = (OVERFLOW_SHARE,)
