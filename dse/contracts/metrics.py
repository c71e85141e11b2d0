"""Metrics: numbers with unit, direction, fidelity and uncertainty."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Direction = Literal["minimise", "maximise"]


def at_most(value: float, enough: float, direction: Direction) -> float:
    """Return a value, or what is enough where the value is better than that."""
    return (max if direction == "minimise" else min)(value, enough)


class Fidelity(StrEnum):
    """How a number was obtained, and so how close it is to the built design.

    `rank` gives the order. A front never mixes fidelities of one metric.
    """

    FLOAT = "float"
    EMULATED = "emulated"
    ESTIMATE = "estimate"
    PREDICTED = "predicted"
    CSIM = "csim"
    CSYNTH = "csynth"
    RTL = "rtl"
    VSYNTH = "vsynth"
    IMPLEMENTED = "implemented"
    MEASURED = "measured"

    @property
    def rank(self) -> int:
        """Position in the order, 0 first; equal ranks are equally close to the built design."""
        return _RANKS[self]

    @property
    def interval_percent(self) -> int:
        """Share of the true values that intervals of such numbers are made to hold."""
        return 90 if self is Fidelity.PREDICTED else 95


# equal ranks are different kinds of numbers, not better or worse ones: emulation gives outputs, for
# instance, and an estimate gives costs
_RANKS = {
    Fidelity.FLOAT: 0,
    Fidelity.EMULATED: 1,
    Fidelity.ESTIMATE: 1,
    Fidelity.PREDICTED: 1,
    Fidelity.CSIM: 2,
    Fidelity.CSYNTH: 3,
    Fidelity.RTL: 3,
    Fidelity.VSYNTH: 4,
    Fidelity.IMPLEMENTED: 5,
    Fidelity.MEASURED: 5,
}


@dataclass(frozen=True)
class MetricInfo:
    """Definition of a metric, whichever backend or workload gives it.

    A plug-in defines its own in a module with no heavy imports, so that tables of stored
    results have its labels without loading the tool; see `dse.contracts.registry.METRICS`.

    Args:
        name: name of the metric.
        unit: unit of its values; empty for none.
        direction: whether smaller or larger values are better.
        description: one line for tables and documentation.
        label: short name for axes and column heads; by default the name with spaces.
        capacity: for counts of an FPGA resource, the column of the parts table that holds the
            part's capacity; `share_of` then defines the utilisation in percent, which is computed
            when results are read.
    """

    name: str
    unit: str
    direction: Direction
    description: str
    label: str = field(default="", kw_only=True)
    capacity: str = field(default="", kw_only=True)

    @property
    def title(self) -> str:
        """The label; without one, the name with spaces."""
        return self.label or self.name.replace("_", " ")

    def metric(
        self,
        value: float,
        fidelity: Fidelity,
        *,
        low: float | None = None,
        high: float | None = None,
        replicas: NDArray[np.float64] | None = None,
    ) -> "Metric":
        """Return a value of this metric; raises as `Metric` does."""
        return Metric(
            name=self.name,
            value=float(value),
            fidelity=fidelity,
            unit=self.unit,
            direction=self.direction,
            low=low,
            high=high,
            replicas=replicas,
        )


SHARE_SUFFIX = "_pct"
"""Suffix of the names of utilisation metrics, such as `lut_pct`."""


def share_of(count: MetricInfo) -> MetricInfo:
    """Return the utilisation metric of a resource count: `lut_pct` for `lut`."""
    text = f"share of the part's {count.description}"
    label = f"{count.title} share"
    return MetricInfo(f"{count.name}{SHARE_SUFFIX}", "%", count.direction, text, label=label)


def with_shares(definitions: Iterable[MetricInfo]) -> Iterator[MetricInfo]:
    """Yield the definitions, each resource count followed by its utilisation."""
    for info in definitions:
        yield info
        if info.capacity:
            yield share_of(info)


def _defined(*definitions: MetricInfo) -> dict[str, MetricInfo]:
    return {info.name: info for info in with_shares(definitions)}


_INTERVAL = "initiation interval: from one input to the next"

CATALOGUE = _defined(
    MetricInfo("auc", "", "maximise", "area under the ROC curve", label="AUC"),
    MetricInfo("accuracy", "", "maximise", "share of correct classifications"),
    MetricInfo(
        "f1", "", "maximise", "harmonic mean of precision and recall, mean over classes", label="F1"
    ),
    MetricInfo("mse", "", "minimise", "mean squared error", label="MSE"),
    MetricInfo("mae", "", "minimise", "mean absolute error", label="MAE"),
    MetricInfo("r2", "", "maximise", "coefficient of determination", label="R²"),
    MetricInfo(
        "latency_cycles", "cycles", "minimise", "first input to last output", label="latency"
    ),
    MetricInfo("latency_ns", "ns", "minimise", "first input to last output", label="latency"),
    MetricInfo("interval_cycles", "cycles", "minimise", _INTERVAL, label="interval"),
    MetricInfo("interval_ns", "ns", "minimise", _INTERVAL, label="interval"),
    MetricInfo("batch_latency_ns", "ns", "minimise", "time of one batch", label="batch latency"),
    MetricInfo("throughput_hz", "1/s", "maximise", "inferences per second", label="throughput"),
    MetricInfo("lut", "", "minimise", "look-up tables", label="LUT", capacity="lut"),
    MetricInfo("ff", "", "minimise", "flip-flops", label="FF", capacity="ff"),
    MetricInfo("dsp", "", "minimise", "DSP slices", label="DSP", capacity="dsp"),
    MetricInfo(
        "bram_18k", "", "minimise", "18 Kb block RAMs", label="BRAM 18k", capacity="bram_18k"
    ),
    MetricInfo("uram", "", "minimise", "UltraRAM blocks", label="URAM", capacity="uram"),
    MetricInfo("logic_levels", "", "minimise", "cells on the longest path between registers"),
    MetricInfo(
        "clock_slack_ns",
        "ns",
        "maximise",
        "requested clock period less the achieved one",
        label="clock slack",
    ),
    MetricInfo("fmax_mhz", "MHz", "maximise", "highest clock frequency", label="fmax"),
)
"""Metrics that several backends or workloads share, including utilisations; plug-ins add theirs."""


@dataclass(frozen=True, eq=False, kw_only=True)  # `==` of arrays is an array, not a truth value
class Metric:
    """Value of a metric, with its fidelity and uncertainty.

    Args:
        name: name of the metric, from `CATALOGUE` or a plug-in's definition.
        value: the number; finite.
        fidelity: how it was obtained.
        unit: unit of value and interval.
        direction: whether smaller or larger values are better.
        low: lower end of the interval, if known: of 95 %, for predicted numbers of 90 %
            (`Fidelity.interval_percent`).
        high: upper end of the interval, if known.
        replicas: bootstrap replicas, shape (n_replicas,); replica i of every point
            with the same evaluation set drew the same resample, so differences are paired.

    Raises:
        ValueError: the value is infinite or not a number.
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
        """Return a value of a metric of `CATALOGUE`; for a plug-in's own, use `MetricInfo.metric`.

        Raises:
            KeyError: `CATALOGUE` has no such metric.
        """
        return CATALOGUE[name].metric(value, fidelity, low=low, high=high, replicas=replicas)
