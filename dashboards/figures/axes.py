"""Axes of parallel coordinates: where a value stands, and which values are written beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboards.figures.style import are_powers
from dashboards.quantities import in_order, is_numeric, is_wide

_FEW = 16
"""Values up to which an axis has bands: one per value, each with its own tick."""
_EDGE = 0.04
"""Space above and below a continuous axis, as a share of the height."""
_CLOSEST = 0.045
"""Least distance of two ticks, as a share of the height."""
_TICKS = 6
_NICE = (1, 2, 5, 10)
_LONGEST = 13
"""Characters of a text beside the axis."""


@dataclass(frozen=True)
class Axis:
    """One vertical axis; positions are from 0 (bottom) to 1 (top).

    Args:
        name: name of its column.
        title: title.
        kind: scale; ``texts`` are in bands of equal height.
        low: lower end, on the scale: the logarithm on a logarithmic axis.
        high: upper end.
        values: the distinct values in their order if they are few or texts, else none.
    """

    name: str
    title: str
    kind: Literal["texts", "linear", "log"]
    low: float
    high: float
    values: tuple[Any, ...] = ()

    @classmethod
    def of(cls, column: "pd.Series[Any]", title: str) -> "Axis":
        """Return the axis of a column without missing values."""
        name = str(column.name)
        if not is_numeric(column):
            texts = tuple(in_order(column))
            return cls(name, title, "texts", 0.0, max(len(texts) - 1.0, 0.0), texts)
        low, high = float(column.min()), float(column.max())
        distinct = np.sort(column.unique())
        few = tuple(distinct.tolist()) if len(distinct) <= _FEW else ()
        if is_wide(column) or are_powers(column):
            return cls(name, title, "log", log10(low), log10(high), few)
        return cls(name, title, "linear", low, high, few)

    @property
    def edge(self) -> float:
        """Space above and below: half a band where there are bands."""
        return 0.5 / len(self.values) if self.values else _EDGE

    def at(self, values: "pd.Series[Any] | Sequence[Any]") -> NDArray[np.float64]:
        """Return the positions of values, (n,)."""
        if self.kind == "texts":
            texts = [str(one) for one in values]
            scaled = pd.Categorical(texts, categories=list(self.values)).codes.astype(np.float64)
        else:
            numbers = np.asarray(values, dtype=np.float64)
            scaled = np.log10(numbers) if self.kind == "log" else numbers
        if self.high == self.low:
            return np.full(len(scaled), 0.5)
        share = (scaled - self.low) / (self.high - self.low)
        found: NDArray[np.float64] = self.edge + share * (1 - 2 * self.edge)
        return found

    def clipped(self, ends: tuple[float, float]) -> tuple[float, float]:
        """Return the positions of the ends of a range of numbers, at most those of the axis."""
        floor_, top = (10**self.low, 10**self.high) if self.kind == "log" else (self.low, self.high)
        inner = [min(max(end, floor_), top) for end in ends]
        low, high = self.at(inner).tolist()
        margin = self.band / 2
        return low - margin, high + margin

    def value(self, position: float) -> float:
        """Return the number at a position of an axis of numbers."""
        share = (position - self.edge) / (1 - 2 * self.edge)
        scaled = self.low + share * (self.high - self.low)
        return float(10**scaled) if self.kind == "log" else float(scaled)

    @property
    def band(self) -> float:
        """Height of the band of a value; 0 on a continuous axis."""
        if len(self.values) < 2:
            return 0.5 if self.values else 0.0
        return 0.7 * float(np.diff(self.at(list(self.values))).min())

    def ticks(self) -> list[tuple[float, str]]:
        """Return positions and texts of the ticks, so far apart that all can be read."""
        values = list(self.values) or self._round_numbers()
        pairs = zip(self.at(values).tolist(), values, strict=True)
        kept: list[tuple[float, str]] = []
        for position, value in pairs:
            if not kept or position - kept[-1][0] >= _CLOSEST:
                kept.append((position, _short(value)))
        return kept

    def _round_numbers(self) -> list[float]:
        if self.kind == "log":
            powers = range(floor(self.low), ceil(self.high) + 1)
            several = self.high - self.low > 3  # more decades than 2 and 5 have room for
            found = [f * 10.0**p for p in powers for f in ((1,) if several else (1, 2, 5))]
            return [one for one in found if 10**self.low <= one <= 10**self.high]
        step = _step((self.high - self.low) / _TICKS)
        first = ceil(self.low / step)
        return [n * step for n in range(first, floor(self.high / step) + 1)]


def _step(least: float) -> float:
    """Return the round number, 1, 2 or 5 times a power of ten, that is at least `least`."""
    power = 10.0 ** floor(log10(least)) if least > 0 else 1.0
    return next(nice * power for nice in _NICE if nice * power >= least * (1 - 1e-9))


def _short(value: Any) -> str:
    """Return a value with few characters: ``20k``, ``1.5M``, ``0.984``."""
    if not isinstance(value, int | float):
        text = str(value)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if sign == 'k' else size):.4g}{sign}"
    return f"{value:.4g}"
