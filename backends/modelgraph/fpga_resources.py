"""What designs take of their part."""

from collections.abc import Mapping

from backends.modelgraph.settings import DEFAULT_PART
from dse.analysis.utilisation import capacity, part_problem
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Assignment, Parameter

TARGET = (
    Parameter(
        "part",
        str,
        DEFAULT_PART,
        "FPGA part whose capacity gives utilisation",
        validator=part_problem,
    ),
    Parameter("clock_period_ns", float, 5.0, "requested clock period", "ns", minimum=0.1),
)
"""Parameters of every backend that counts resources itself."""

SHARES = ("lut", "ff", "dsp", "bram_18k")
"""Counts that are also given as shares of the part."""

CYCLES = ("latency_cycles", "latency_ns", "interval_cycles", "interval_ns")


def hardware_metrics(
    latency_cycles: int,
    interval_cycles: int,
    counts: Mapping[str, int],
    parameters: Assignment,
    fidelity: Fidelity,
) -> tuple[Metric, ...]:
    """Cycles, the times they take at the clock asked for, counts, and shares of the part.

    Args:
        latency_cycles: first input to last output.
        interval_cycles: from one input to the next.
        counts: by metric name; `SHARES` among them.
        parameters: with those of `TARGET`.
        fidelity: of all of them.
    """
    clock, part = float(str(parameters["clock_period_ns"])), capacity(str(parameters["part"]))
    values: dict[str, float] = {
        "latency_cycles": latency_cycles,
        "latency_ns": latency_cycles * clock,
        "interval_cycles": interval_cycles,
        "interval_ns": interval_cycles * clock,
        **counts,
        **{f"{name}_pct": 100 * counts[name] / getattr(part, name) for name in SHARES},
    }
    return tuple(Metric.of(name, value, fidelity) for name, value in values.items())
