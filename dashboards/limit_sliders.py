"""Sliders of limits: their values are in the unit of the column, their texts in the shown one."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import isfinite

import numpy as np
import pandas as pd
from dash import dcc

from dashboards import components as ui
from dashboards.ranges import Range
from dashboards.units import Readable
from dse.formatting import exact

_STEPS = 200
"""Steps of a slider at most, up to two more to make its ends round; it has at least 80."""
_MARKS = (5, 3, 2)
"""Distances of marks along a slider, at most; fewer where their texts are long."""
_ROOM = 32
"""Letters of marks and of the spaces between them that fit below a slider."""
_SPACE = 3
_ALIKE = Decimal("1e-12")
"""Difference of numbers, relative to them, up to which they are one number."""


def limit_slider(
    name: str, values: "pd.Series[float]", chosen: Range | None, readable: Readable
) -> dcc.RangeSlider | None:
    """Return the slider of a limit; None without finite values, or with one beyond all steps.

    Addresses have its values, so that these stay in the unit of the column. Its ends and steps
    are round, so that handles reach what people name, such as 4 ms. A handle at its border limits
    nothing.

    Args:
        name: name of the limit in the address.
        values: values of all points.
        chosen: ends of the limit, of which one may be infinite; None for all.
        readable: divisor and quantity of what is shown.
    """
    finite = values[np.isfinite(values)]
    if finite.empty:
        return None
    divisor, quantity = readable
    ends = round_ends(float(finite.min()), float(finite.max()), whole=bool((finite % 1 == 0).all()))
    if ends is None:
        return None
    low, high, step = ends
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
        value=np.clip(chosen or (low, high), low, high).tolist(),
        marks=marks(low, high, divisor) or None,
        allow_direct_input=False,  # fields would have the unit of the column, and have no labels
        tooltip=shown,
    )


def round_ends(
    low: float, high: float, *, whole: bool = False
) -> tuple[float, float, float] | None:
    """Return ends that hold two numbers, and a step of which they are multiples.

    None where floating point has no such numbers.

    Args:
        low: the least.
        high: the largest.
        whole: whether steps are whole numbers.
    """
    first, last = Decimal(repr(low)), Decimal(repr(high))
    # where all values are equal, but for what arithmetic leaves, a slider still needs a range
    size = max(abs(first), abs(last))
    alike = last - first <= size * _ALIKE
    step = _step((size or Decimal(1)) if alike else last - first, _STEPS)
    step = max(step, Decimal(1)) if whole else step
    last = last + step * (_STEPS if alike else 0)
    ends = _multiple(first, step, ROUND_FLOOR), _multiple(last, step, ROUND_CEILING)
    found = float(ends[0]) + 0.0, float(ends[1]) + 0.0, float(step)  # -0.0 + 0.0 is 0.0
    return found if found[2] and all(map(isfinite, found)) else None


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
    return {repr(place): exact(place / divisor) for place in places}


def _step(span: Decimal, most: int) -> Decimal:
    """Return the least of 1, 2 and 5 times a power of ten that a span has at most `most` times."""
    least = span / most
    power = Decimal(1).scaleb(least.adjusted())
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= least)


def _multiple(value: Decimal, step: Decimal, towards: str) -> Decimal:
    return (value / step).to_integral_value(rounding=towards) * step
