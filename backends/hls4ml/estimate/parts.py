"""What the parts hold (AMD data sheets DS190, DS890, DS891), and what designs take of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from backends.hls4ml.settings import DEFAULT_PART
from dse.errors import nearest
from dse.metrics import Fidelity, Metric
from dse.parameters import Assignment, Parameter


@dataclass(frozen=True)
class Capacity:
    """Resources of one part."""

    lut: int
    ff: int
    dsp: int
    bram_18k: int


PARTS = {
    "xc7z020": Capacity(53_200, 106_400, 220, 280),
    "xcku115": Capacity(663_360, 1_326_720, 5_520, 4_320),
    "xcu250": Capacity(1_728_000, 3_456_000, 12_288, 5_376),
    "xcvu13p": Capacity(1_728_000, 3_456_000, 12_288, 5_376),
    "xcvu9p": Capacity(1_182_240, 2_364_480, 6_840, 4_320),
    "xczu9eg": Capacity(274_080, 548_160, 2_520, 1_824),
}


def capacity(part: str) -> Capacity:
    """Capacity of a full part name such as ``xcku115-flvb2104-2-i``.

    Raises:
        ValueError: the device is not known; the text lists those that are.
    """
    device = part.lower().split("-")[0]
    for name, found in PARTS.items():
        if device.startswith(name):
            return found
    raise ValueError(f"capacity not known ({nearest(device, PARTS)})")


def refuse_part(part: str) -> str:
    """What is wrong with a part; empty for nothing."""
    try:
        capacity(part)
    except ValueError as error:
        return str(error)
    return ""


TARGET = (
    Parameter(
        "part", str, DEFAULT_PART, "FPGA part, for shares of its capacity", refuse=refuse_part
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
