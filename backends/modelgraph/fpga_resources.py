"""Metrics of a circuit: cycles, times and counts.

Utilisation is not among them: it is computed on reading, for the part in question.
"""

from collections.abc import Iterable, Mapping

from backends.modelgraph.settings import DEFAULT_PART
from dse.contracts.metrics import CATALOGUE, Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter

TARGET = (
    # Any name is legal: only utilisation needs the part's capacity, and it is computed on reading
    Parameter("part", str, DEFAULT_PART, "FPGA part whose capacity gives utilisation"),
    Parameter("clock_period_ns", float, 5.0, "requested clock period", unit="ns", minimum=0.1),
)
"""Parameters of every backend that counts resources itself."""

COUNTS = ("lut", "ff", "dsp", "bram_18k")
"""Resources with a capacity, which every backend that makes circuits counts."""

CYCLES = ("latency_cycles", "latency_ns", "interval_cycles", "interval_ns")
"""Latency and interval, in cycles and at the requested clock period."""


def hardware_metrics(
    latency_cycles: int,
    interval_cycles: int,
    counts: Mapping[str, int],
    parameters: Assignment,
    fidelity: Fidelity,
    own: Iterable[MetricInfo] = (),
) -> tuple[Metric, ...]:
    """Return the metrics of a circuit.

    Args:
        latency_cycles: cycles from the first input to the last output.
        interval_cycles: cycles from one input to the next.
        counts: counts by metric name.
        parameters: the job's parameters, those of `TARGET` among them; the requested clock
            period converts cycles to nanoseconds.
        fidelity: fidelity of every metric.
        own: definitions of metrics in `counts` that the framework does not define.
    """
    clock = float(str(parameters["clock_period_ns"]))
    values: dict[str, float] = {
        "latency_cycles": latency_cycles,
        "latency_ns": latency_cycles * clock,
        "interval_cycles": interval_cycles,
        "interval_ns": interval_cycles * clock,
        **counts,
    }
    known = {**CATALOGUE, **{info.name: info for info in own}}
    return tuple(known[name].metric(value, fidelity) for name, value in values.items())
