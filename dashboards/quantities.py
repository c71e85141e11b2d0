"""Quantities that an axis can show: parameters and metrics, by a name that fits an address."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dse.analysis.columns import Column, meant
from dse.analysis.objectives import objective_columns
from dse.analysis.points import Points
from dse.contracts.metrics import Direction, Fidelity
from dse.contracts.registry import installed_metrics

ABBREVIATIONS = {"auc": "AUC", "lut": "LUT", "ff": "FF", "dsp": "DSP", "bram": "BRAM", "mse": "MSE"}
_UNITS = {"ns", "pct", "cycles", "hz", "mhz", "gev", "mm", "gb", "s"}


@dataclass(frozen=True)
class Quantity:
    """A parameter, or a metric from one backend.

    Args:
        name: name in addresses and conditions, such as ``bittrue.auc``.
        label: label on axes and in lists; of a metric, with backend and fidelity.
        unit: unit; empty for none.
        tip: description for the tooltip.
        column: column of a metric; None for a parameter.
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
        """Label with unit, without backend and fidelity."""
        name = metric_label(self.column.metric) if self.column else self.label
        return f"{name} [{self.unit}]" if self.unit else name

    @property
    def direction(self) -> Direction:
        """Direction of optimisation; a parameter counts as a cost, so smaller is better."""
        return self.column.direction if self.column else "minimise"

    def values(self, table: Points) -> "pd.Series[Any]":
        """Return one value per point; texts for a parameter that is not always a number."""
        if self.column:
            return table.numbers(self.column)["value"]
        return table.once(("values", self.name), lambda: _shown(table.parameters[self.name]))

    def interval(self, table: Points) -> pd.DataFrame | None:
        """Return the columns `low` and `high` of all points; None if the metric has no interval."""
        if self.column is None:
            return None
        numbers = table.numbers(self.column)
        return numbers if numbers["low"].notna().any() else None


def _shown(values: "pd.Series[Any]") -> "pd.Series[Any]":
    always = values.dtype != object and values.notna().all()
    return values if always else values.map(written)


def written(value: Any) -> str:
    """Return a parameter's value as text; null is the text ``none``."""
    if value is None or value != value:  # noqa: PLR0124  (not a number)
        return "none"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def in_order(texts: "pd.Series[Any]") -> list[str]:
    """Return the distinct texts: numbers by size, then the others alphabetically."""
    return sorted(texts.astype(str).unique(), key=_rank)


def _rank(text: str) -> tuple[float, str]:
    try:
        number = float(text)
    except ValueError:
        return math.inf, text
    return (number if math.isfinite(number) else math.inf), text


def axis_positions(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the position of each value on its axis: the number, or the position of a text."""
    return values if is_numeric(values) else category_positions(values)


def category_positions(texts: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the position of each text among the distinct texts, counted from 0."""
    codes = pd.Categorical(texts.astype(str), categories=in_order(texts)).codes
    return pd.Series(codes, index=texts.index)


def readable(name: str) -> str:
    """Return a name in words: ``total_bits`` as ``total bits``, without the unit."""
    words = name.split("_")
    if len(words) > 1 and words[-1] in _UNITS:
        words = [*words[:-1], *(["share"] if words[-1] == "pct" else [])]
    return " ".join(ABBREVIATIONS.get(word, word) for word in words)


def metric_label(metric: str) -> str:
    """Return the label of a metric as its plug-in defines it; the name in words without one."""
    info = installed_metrics().get(metric)
    return info.title if info else readable(metric)


def _unit_of(name: str) -> str:
    """Return the unit at the end of a parameter's name; empty for none."""
    last = name.rsplit("_", maxsplit=1)[-1]
    spelt = {"gev": "GeV", "pct": "%", "hz": "Hz", "mhz": "MHz", "gb": "GB"}
    return spelt.get(last, last) if last in _UNITS and "_" in name else ""


def quantities(table: Points) -> dict[str, Quantity]:
    """Return the quantities of a study by name, parameters first."""
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
    """Return backend and fidelity of a column, such as ``open, rtl``."""
    return origin_of(column.backend, column.fidelity)


def origin_of(backend: str, fidelity: Fidelity) -> str:
    """Return backend and fidelity as text; the backend alone if both have one name."""
    return backend if backend == fidelity else f"{backend}, {fidelity}"


def is_numeric(values: "pd.Series[Any]") -> bool:
    """Whether values are numbers; truth values are not, so that an axis shows them as texts."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def is_wide(values: "pd.Series[Any]") -> bool:
    """Whether numbers are positive and over so many decades that a linear axis hides small ones."""
    if not is_numeric(values) or not (values > 0).any():
        return False
    low, high = float(values.min()), float(values.max())
    return low > 0 and high >= _RATIO * low


_RATIO = 50


def objective_names(table: Points) -> list[str]:
    """Return the names of the objectives' quantities, which pages show by default.

    See `dse.analysis.objectives.objective_columns` for what an ambiguous objective stands for;
    labels say which column it is.
    """
    return table.once(
        "objective names", lambda: [table.written[one] for one in objective_columns(table)]
    )


def quantity_name(text: str, table: Points) -> str:
    """Return the full name of a quantity that an address calls by a short one, such as ``lut``.

    A text that is a full name or means nothing here is returned unchanged.

    Raises:
        UsageError: if the short name is ambiguous; the message lists the columns.
    """
    if text in quantities(table) or not meant(text, table.columns):
        return text
    return table.written[table.column(text)]
