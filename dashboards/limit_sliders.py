"""Sliders of limits: their values are in the unit of the column, their texts in the shown one."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np
import pandas as pd
from dash import dcc

from dashboards import components as ui
from dashboards.ranges import Range
from dashboards.units import Readable
from dse.formatting import number

_STEPS = 200
"""Steps of a slider at most, up to two more to make its ends round; it has at least 80."""
_MARKS = (5, 3, 2)
"""Distances of marks along a slider, at most; fewer where their texts are long."""
_ROOM = 32
"""Letters of marks and of the spaces between them that fit below a slider."""
_SPACE = 3


def limit_slider(
    name: str, values: "pd.Series[float]", chosen: Range | None, readable: Readable
) -> dcc.RangeSlider | None:
    """Return the slider of a limit; None without finite values.

    Addresses have its values, so that these stay in the unit of the column. Its ends and steps
    are round, so that handles reach what people name, such as 4 ms.

    Args:
        name: name of the limit in the address.
        values: values of all points.
        chosen: ends of the limit; None for all.
        readable: divisor and quantity of what is shown.
    """
    finite = values[np.isfinite(values)]
    if finite.empty:
        return None
    divisor, quantity = readable
    low, high, step = round_ends(float(finite.min()), float(finite.max()))
    shown = {
        "placement": "top",
        # Dash gives a function the value alone, so that the divisor is in its name, see `dse.js`
        "transform": f"dse_divided.{divisor:.0f}",
        "template": f"{{value}} {quantity.unit}".strip(),
    }
    return dcc.RangeSlider(
        low,
        high,
        step,
        id=ui.control(name, f"{low!r}..{high!r}"),
        value=list(chosen or (low, high)),
        marks=marks(low, high, divisor) or None,
        allow_direct_input=False,  # fields would have the unit of the column, and have no labels
        tooltip=shown,
    )


def round_ends(low: float, high: float) -> tuple[float, float, float]:
    """Return ends that hold two numbers, and a step of which they are multiples."""
    first, last = Decimal(repr(low)), Decimal(repr(high))
    # where all values are equal, a slider still needs a range
    step = _step(last - first or abs(first) or Decimal(1), _STEPS)
    last = last if last > first else first + step * _STEPS
    ends = _multiple(first, step, ROUND_FLOOR), _multiple(last, step, ROUND_CEILING)
    return float(ends[0]), float(ends[1]), float(step)


def marks(low: float, high: float, divisor: float) -> dict[str, str]:
    """Return texts of round numbers by their place, in the unit of the values / `divisor`."""
    found: dict[str, str] = {}
    for most in _MARKS:
        found = _every(Decimal(repr(low)), Decimal(repr(high)), most, divisor)
        if sum(len(text) + _SPACE for text in found.values()) <= _ROOM:
            break
    return found


def _every(low: Decimal, high: Decimal, most: int, divisor: float) -> dict[str, str]:
    step = _step(high - low, most)
    first, last = _multiple(low, step, ROUND_CEILING), _multiple(high, step, ROUND_FLOOR)
    places = (float(first + index * step) for index in range(int((last - first) / step) + 1))
    return {repr(place): number(place / divisor) for place in places}


def _step(span: Decimal, most: int) -> Decimal:
    """Return the least of 1, 2 and 5 times a power of ten that a span has at most `most` times."""
    least = span / most
    power = Decimal(1).scaleb(least.adjusted())
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= least)


def _multiple(value: Decimal, step: Decimal, towards: str) -> Decimal:
    return (value / step).to_integral_value(rounding=towards) * step
