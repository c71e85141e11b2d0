"""Cycles and counts of designs, by metric name; shares of a part follow from them on reading."""

from collections.abc import Iterable, Mapping

from backends.modelgraph.settings import DEFAULT_PART
from dse.contracts.metrics import CATALOGUE, Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter

TARGET = (
    # Any part is legal: only shares need its capacity, and they are computed on reading.
    Parameter("part", str, DEFAULT_PART, "FPGA part whose capacity gives utilisation"),
    Parameter("clock_period_ns", float, 5.0, "requested clock period", unit="ns", minimum=0.1),
)
"""Parameters of every backend that counts resources itself."""

COUNTS = ("lut", "ff", "dsp", "bram_18k")
"""Counts of what a part holds, which every backend that makes circuits gives."""

CYCLES = ("latency_cycles", "latency_ns", "interval_cycles", "interval_ns")


def hardware_metrics(
    latency_cycles: int,
    interval_cycles: int,
    counts: Mapping[str, int],
    parameters: Assignment,
    fidelity: Fidelity,
    own: Iterable[MetricInfo] = (),
) -> tuple[Metric, ...]:
    """Return cycles, the times they take at the clock asked for, and counts.

    Args:
        latency_cycles: first input to last output.
        interval_cycles: from one input to the next.
        counts: by metric name.
        parameters: with those of `TARGET`.
        fidelity: of all of them.
        own: definitions of counts that the framework does not define.
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
