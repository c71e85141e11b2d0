"""Units in which people read times: 1.2 ms and not 1,200,000 ns."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from dashboards.quantities import Quantity, is_numeric
from dse.analysis.points import Points

_TIMES = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"))
_CIRCUIT_NS = 1e4
"""Latencies of circuits, below 10 µs, stay in nanoseconds."""
Readable = tuple[float, Quantity]
"""Divisor, and the quantity in the unit of the divided values."""


def readable_time(value: float, unit: str) -> tuple[float, str]:
    """Return the divisor and the unit in which a value is best read; only nanoseconds change."""
    if unit != "ns" or not abs(value) >= _CIRCUIT_NS:
        return 1.0, unit
    return next((divisor, name) for divisor, name in _TIMES if abs(value) >= divisor)


def readable_unit(quantity: Quantity, values: "pd.Series[float]") -> Readable:
    """Return the divisor and the quantity in the unit that its values are best read in.

    It is the unit of their median.
    """
    median = float(values.median()) if len(values) else 0.0
    divisor, unit = readable_time(median, quantity.unit)
    return divisor, quantity if divisor == 1 else replace(quantity, unit=unit)


def in_readable_units(quantities: Mapping[str, Quantity], table: Points) -> dict[str, Readable]:
    """Return `readable_unit` of quantities for all their values in a study."""
    return {key: _readable(quantity, table) for key, quantity in quantities.items()}


def _readable(quantity: Quantity, table: Points) -> Readable:
    if quantity.unit != "ns" or not is_numeric(quantity.values(table)):
        return 1.0, quantity
    key = ("readable unit", quantity.name)
    return table.once(key, lambda: readable_unit(quantity, quantity.values(table)))


def divided(frame: pd.DataFrame, readable: Mapping[str, Readable]) -> pd.DataFrame:
    """Return a table whose columns, and their ends `<column>_low` and `_high`, are divided."""
    found = {
        name: frame[name] / divisor
        for column, (divisor, _) in readable.items()
        for name in (column, f"{column}_low", f"{column}_high")
        if divisor != 1 and name in frame
    }
    return frame.assign(**found) if found else frame
