"""Units in which people read times: 1.2 ms and not 1,200,000 ns."""

from dataclasses import replace

import pandas as pd

from dashboards.quantities import Quantity

_TIMES = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"))
_LEAST = 1.0
"""Median from which on the larger unit is taken, in that unit."""


def readable_unit(quantity: Quantity, values: "pd.Series[float]") -> tuple[float, Quantity]:
    """Return the divisor and the quantity in the unit that its values are best read in.

    Only nanoseconds are changed; latencies of circuits, below 10 µs, stay in nanoseconds.
    """
    median = float(values.median()) if len(values) else 0.0
    if quantity.unit != "ns" or not median >= _CIRCUIT_NS:
        return 1.0, quantity
    divisor, unit = next((d, u) for d, u in _TIMES if median >= _LEAST * d)
    return divisor, replace(quantity, unit=unit)


_CIRCUIT_NS = 1e4
