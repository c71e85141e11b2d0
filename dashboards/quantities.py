"""What can stand on an axis: parameters and metrics, by a name fit for an address."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dse.analysis.columns import Column, meant, order_of
from dse.analysis.points import Points
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Direction, Fidelity
from dse.contracts.registry import installed_metrics

ABBREVIATIONS = {"auc": "AUC", "lut": "LUT", "ff": "FF", "dsp": "DSP", "bram": "BRAM", "mse": "MSE"}
_UNITS = {"ns", "pct", "cycles", "hz", "mhz", "gev", "mm", "gb", "s"}


@dataclass(frozen=True)
class Quantity:
    """A parameter, or a metric from one backend.

    Args:
        name: in addresses and conditions, such as ``bittrue.auc``.
        label: on axes and in lists, with backend and fidelity of a metric.
        unit: empty for none.
        tip: what it means.
        column: of a metric.
    """

    name: str
    label: str
    unit: str = ""
    tip: str = ""
    column: Column | None = None

    @property
    def title(self) -> str:
        """Label with unit."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label

    @property
    def short(self) -> str:
        """What it is, with unit, without where it comes from."""
        name = metric_label(self.column.metric) if self.column else self.label
        return f"{name} [{self.unit}]" if self.unit else name

    @property
    def direction(self) -> Direction:
        """Which way is better; smaller, for a parameter."""
        return self.column.direction if self.column else "minimise"

    def values(self, table: Points) -> "pd.Series[Any]":
        """One value per point; of a parameter that is not always a number, texts."""
        if self.column:
            return table.numbers(self.column)["value"]
        return table.once(("values", self.name), lambda: _shown(table.parameters[self.name]))

    def interval(self, table: Points) -> pd.DataFrame | None:
        """`low` and `high` of each point; None where there are none."""
        if self.column is None:
            return None
        numbers = table.numbers(self.column)
        return numbers if numbers["low"].notna().any() else None


def _shown(values: "pd.Series[Any]") -> "pd.Series[Any]":
    always = values.dtype != object and values.notna().all()
    return values if always else values.map(written)


def written(value: Any) -> str:
    """A parameter's value as a text; null is a value too."""
    if value is None or value != value:  # noqa: PLR0124  (not a number)
        return "none"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def in_order(texts: "pd.Series[Any]") -> list[str]:
    """Each text once: numbers by size, then the others."""
    return sorted(texts.astype(str).unique(), key=_rank)


def _rank(text: str) -> tuple[float, str]:
    try:
        number = float(text)
    except ValueError:
        return math.inf, text
    return (number if math.isfinite(number) else math.inf), text


def along(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Where each value is on its axis."""
    return values if is_numeric(values) else places(values)


def places(texts: "pd.Series[Any]") -> "pd.Series[Any]":
    """Where each text is on an axis of texts."""
    codes = pd.Categorical(texts.astype(str), categories=in_order(texts)).codes
    return pd.Series(codes, index=texts.index)


def readable(name: str) -> str:
    """``total_bits`` as ``total bits``, abbreviations in capitals, without the unit."""
    words = name.split("_")
    if len(words) > 1 and words[-1] in _UNITS:
        words = [*words[:-1], *(["share"] if words[-1] == "pct" else [])]
    return " ".join(ABBREVIATIONS.get(word, word) for word in words)


def metric_label(metric: str) -> str:
    """Return the label of a metric as its plug-in defines it; the name in words without one."""
    info = installed_metrics().get(metric)
    return info.title if info else readable(metric)


def _unit_of(name: str) -> str:
    last = name.rsplit("_", maxsplit=1)[-1]
    spelt = {"gev": "GeV", "pct": "%", "hz": "Hz", "mhz": "MHz", "gb": "GB"}
    return spelt.get(last, last) if last in _UNITS and "_" in name else ""


def quantities(table: Points) -> dict[str, Quantity]:
    """All of a study by name: parameters first."""
    return table.once("quantities", lambda: _quantities(table))


def _quantities(table: Points) -> dict[str, Quantity]:
    listed = [Quantity(name, readable(name), _unit_of(name)) for name in table.names]
    listed += [_metric(column, table) for column in table.columns]
    return {quantity.name: quantity for quantity in listed}


def _metric(column: Column, table: Points) -> Quantity:
    name = table.written[column]
    info = installed_metrics().get(column.metric)
    origin = source_of(column)
    tip = f"{info.description if info else column.metric}; {column.direction}; from {origin}"
    return Quantity(name, f"{metric_label(column.metric)} ({origin})", column.unit, tip, column)


def source_of(column: Column) -> str:
    """Backend and fidelity in few words."""
    return origin_of(column.backend, column.fidelity)


def origin_of(backend: str, fidelity: Fidelity) -> str:
    """The same, where they are apart."""
    return backend if backend == fidelity else f"{backend}, {fidelity}"


def is_numeric(values: "pd.Series[Any]") -> bool:
    """Whether they can stand on an axis of numbers."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def objective_columns(table: Points, objectives: Mapping[str, str]) -> list[str]:
    """Names of the objectives' quantities, where a page starts without being asked.

    An objective that may mean several columns starts with the one closest to the built design
    that tells designs apart, of equals the first by name: what shows it says which it is.
    """
    return [name for objective in objectives for name in _start(objective, table)]


def _start(objective: str, table: Points) -> list[str]:
    found = meant(objective, table.columns)
    try:
        return [table.written[table.column(objective)]] if found else []
    except UsageError:

        def rank(column: Column) -> tuple[bool, int, tuple[str, str, int]]:
            extent = table.extents[column]
            return extent.low == extent.high, -column.fidelity.rank, order_of(column)

        closest = min(found, key=rank)
        return [table.written[closest]]


def quantity_name(text: str, table: Points) -> str:
    """The full name of what an address calls by a short one, such as ``lut``.

    Returns:
        The text itself where it is a full name, or means nothing here.

    Raises:
        UsageError: it may mean several columns; the message lists them.
    """
    if text in quantities(table) or not meant(text, table.columns):
        return text
    return table.written[table.column(text)]
