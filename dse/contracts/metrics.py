"""Metrics: numbers that know their unit, direction, fidelity and uncertainty."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Direction = Literal["minimise", "maximise"]


class Fidelity(StrEnum):
    """How close to the built design a number is; see `rank` for the order."""

    FLOAT = "float"
    EMULATED = "emulated"
    ESTIMATE = "estimate"
    CSIM = "csim"
    CSYNTH = "csynth"
    RTL = "rtl"
    VSYNTH = "vsynth"
    IMPLEMENTED = "implemented"
    MEASURED = "measured"

    @property
    def rank(self) -> int:
        """Position in the order; equal ranks are equally close to the built design."""
        return _RANKS[self]


_RANKS = {
    Fidelity.FLOAT: 0,
    Fidelity.EMULATED: 1,
    Fidelity.ESTIMATE: 1,
    Fidelity.CSIM: 2,
    Fidelity.CSYNTH: 3,
    Fidelity.RTL: 3,
    Fidelity.VSYNTH: 4,
    Fidelity.IMPLEMENTED: 5,
    Fidelity.MEASURED: 5,
}


@dataclass(frozen=True)
class MetricInfo:
    """What a metric name means, wherever it comes from.

    Args:
        name: of the metric.
        unit: of its values; empty for none.
        direction: which way is better.
        description: what it is.
        capacity: for a count of something that a part holds, the column of the parts table that
            says how many; `share_of` then has its share in percent, which is computed on reading.
    """

    name: str
    unit: str
    direction: Direction
    description: str
    capacity: str = ""


SHARE_SUFFIX = "_pct"
"""Ends the name of a count's share of its part."""


def share_of(count: MetricInfo) -> MetricInfo:
    """Return the metric that is a count's share of a part: `lut_pct` for `lut`."""
    text = f"share of the part's {count.description}"
    return MetricInfo(f"{count.name}{SHARE_SUFFIX}", "%", count.direction, text)


def _catalogue(*rows: tuple[str, str, Direction, str]) -> dict[str, MetricInfo]:
    own = [MetricInfo(*row, capacity=row[0] if row[0] in _COUNTED else "") for row in rows]
    shares = [share_of(info) for info in own if info.capacity]
    return {info.name: info for info in (*own, *shares)}


_COUNTED = {
    *("lut", "ff", "dsp", "bram_18k", "uram"),  # AMD
    *("alut", "register", "ram_block", "dsp_block", "mlab"),  # Intel
}
"""Counts whose capacity has the same name in the parts table."""


CATALOGUE = _catalogue(
    ("auc", "", "maximise", "area under the ROC curve"),
    ("accuracy", "", "maximise", "share of correct classifications"),
    ("mse", "", "minimise", "mean squared error"),
    ("latency_cycles", "cycles", "minimise", "first input to last output"),
    ("latency_ns", "ns", "minimise", "first input to last output"),
    ("interval_cycles", "cycles", "minimise", "initiation interval: from one input to the next"),
    ("interval_ns", "ns", "minimise", "initiation interval: from one input to the next"),
    ("batch_latency_ns", "ns", "minimise", "time of one batch"),
    ("throughput_hz", "1/s", "maximise", "inferences per second"),
    ("kernel_ns", "ns", "minimise", "time of all kernels of one batch"),
    ("transfer_ns", "ns", "minimise", "time of one batch's transfers, to the device and back"),
    ("enqueue_ns", "ns", "minimise", "rest of a batch's latency: preparing, enqueueing, waiting"),
    ("gflops", "GFLOP/s", "maximise", "rate of the dense layers' kernels"),
    ("library_ratio", "", "maximise", "that rate against the device's matrix library"),
    ("batch_nodes", "", "minimise", "nodes of a batch, mean"),
    ("batch_edges", "", "minimise", "edges of a batch, mean"),
    ("batch_bytes", "B", "minimise", "bytes sent for a batch, mean"),
    ("lut", "", "minimise", "look-up tables"),
    ("ff", "", "minimise", "flip-flops"),
    ("dsp", "", "minimise", "DSP slices"),
    ("bram_18k", "", "minimise", "18 Kb block RAMs"),
    ("srl", "", "minimise", "look-up tables used as shift registers, part of lut"),
    ("carry", "", "minimise", "4-bit carry chains"),
    ("logic_levels", "", "minimise", "cells on the longest path between registers"),
    ("clock_slack_ns", "ns", "maximise", "requested clock period less the achieved one"),
    ("alut", "", "minimise", "adaptive look-up tables of an Intel FPGA"),
    ("register", "", "minimise", "flip-flops of an Intel FPGA"),
    ("ram_block", "", "minimise", "RAM blocks of an Intel FPGA (M20K, M10K)"),
    ("dsp_block", "", "minimise", "DSP blocks of an Intel FPGA"),
    ("mlab", "", "minimise", "memory logic array blocks of an Intel FPGA"),
    ("worst_ii", "cycles", "minimise", "largest initiation interval of a pipelined loop"),
    ("kernel_fmax_mhz", "MHz", "maximise", "highest clock of the kernels after a fit"),
    ("overflow_share", "", "minimise", "share of casts that wrapped or saturated"),
    ("true_edges_lost_share", "", "minimise", "share of true edges cut off by truncation"),
)
"""Metric names every part of dse agrees on, shares of counts among them. Backends may add theirs."""


@dataclass(frozen=True, eq=False)
class Metric:
    """One number with all it takes to trust it.

    Args:
        name: a name of `CATALOGUE`, or the backend's own.
        value: the number; finite.
        fidelity: how it was obtained.
        unit: unit of value and interval.
        direction: which way is better.
        low: lower end of the 95 % interval, if known.
        high: upper end of the 95 % interval, if known.
        replicas: bootstrap replicas, shape (n_replicas,); replica i of every point
            with the same evaluation set drew the same resample, so differences are paired.
    """

    name: str
    value: float
    fidelity: Fidelity
    unit: str
    direction: Direction
    low: float | None = None
    high: float | None = None
    replicas: NDArray[np.float64] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not np.isfinite(self.value):
            raise ValueError(f"metric {self.name} is {self.value}: a metric is a finite number")

    @classmethod
    def of(
        cls,
        name: str,
        value: float,
        fidelity: Fidelity,
        *,
        low: float | None = None,
        high: float | None = None,
        replicas: NDArray[np.float64] | None = None,
    ) -> "Metric":
        """A metric of the catalogue: unit and direction are looked up."""
        info = CATALOGUE[name]
        return cls(name, float(value), fidelity, info.unit, info.direction, low, high, replicas)
