"""Coefficients fitted to published results: numbers with intervals, inside and outside the data."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backends.modelgraph.vendor_hls.features import Features
from backends.modelgraph.vendor_hls.predicted import Answer, Predicted, Unknown

FILE = Path(__file__).with_name("coefficients.json")
"""Written by ``benchmarks/vendor_rules.py``, with the provenance of every fit."""

REACH = 2.0
"""Beyond this many times the data's largest, or below that part of the smallest, no number."""


@dataclass(frozen=True)
class Fit:
    """A sum of features with coefficients, and how far off it was on networks left out.

    Args:
        coefficients: by name of the feature.
        spread: half the 90 % interval, as a natural logarithm of report to prediction.
        extrapolated_spread: the same for designs beyond an edge of the data that was fitted.
        ranges: smallest and largest value of each property in the data.
        designs: published designs.
        networks: networks, all of whose designs were left out together.
        median_error: median relative error of networks left out.
        ninety_percent_error: relative error that nine of ten of them stay below.
        coverage: share of the designs left out whose report was in their interval.
        pool_coverage: the same of all regimes that share the interval.
        source: where the designs come from.
    """

    coefficients: Mapping[str, float]
    spread: float
    extrapolated_spread: float
    ranges: Mapping[str, tuple[float, float]]
    designs: int
    networks: int
    median_error: float
    ninety_percent_error: float
    coverage: float
    pool_coverage: float
    source: str

    def predict(self, features: Features, properties: Mapping[str, float]) -> Answer:
        """Return the number for a layer, with the interval of its place in or outside the data."""
        outside = outside_of(self.ranges, properties)
        if too_far := [phrase for phrase, ratio in outside if ratio > REACH]:
            return Unknown(f"too far outside the published designs: {', '.join(too_far)}")
        value = sum(weight * features[name] for name, weight in self.coefficients.items())
        spread = self.extrapolated_spread if outside else self.spread
        return Predicted.within(value, spread, tuple(phrase for phrase, _ in outside))


def outside_of(
    ranges: Mapping[str, tuple[float, float]], properties: Mapping[str, float]
) -> list[tuple[str, float]]:
    """Return what lies outside the data: a phrase, and by what factor."""
    found = []
    for name, (low, high) in ranges.items():
        value = properties[name]
        if not low <= value <= high:
            data = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            ratio = value / high if value > high else low / max(value, 1e-9)
            # a property that does not vary says nothing of other values
            found.append((f"{name} {value:g} (data: {data})", math.inf if low == high else ratio))
    return found


@cache
def fits() -> Mapping[str, Fit]:
    """Return the shipped fits by ``tool/regime/quantity``."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))["fits"]
    return {name: Fit(**fit) for name, fit in stored.items()}
