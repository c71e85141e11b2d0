"""The numbers behind a figure as a table: one row per drawn point, under the names of its axes.

Traces say in their `meta` what they draw, as `Meaning` has it; other traces take the titles of
their axes.
"""

from base64 import b64decode
from collections.abc import Mapping
from html import unescape
from typing import Any, TypedDict

import numpy as np
import pandas as pd
import plotly.graph_objects as go


class Meaning(TypedDict, total=False):
    """What a trace draws, in its `meta`.

    Args:
        axes: names of the columns of x, y and z.
        same: columns that have one value for the whole trace, such as the metric and its unit.
        custom: further columns by name: their places in the `customdata` of each point.
    """

    axes: dict[str, str]
    same: dict[str, str]
    custom: dict[str, int]


def data_of(figure: go.Figure) -> pd.DataFrame:
    """Return the numbers behind a figure: one row per drawn point, with the name of its series.

    Columns are `series`, those of `Meaning` (else the titles of the axes, else x, y and z), and
    `point` where it is known. Lines and rings that only mark points of other series are left out.

    Raises:
        ValueError: the figure came from elsewhere and its numbers cannot be read.
    """
    parts = [_rows(trace, figure.layout) for trace in figure.data if trace.hoverinfo != "skip"]
    kept = [part for part in parts if len(part)]
    if not kept:
        return pd.DataFrame(columns=["series"])
    whole = pd.concat(kept, ignore_index=True)
    last = ["point"] if "point" in whole else []
    return whole[[name for name in whole if name not in last] + last]


def _rows(trace: Any, layout: Any) -> pd.DataFrame:
    meaning: Mapping[str, Any] = trace.meta if isinstance(trace.meta, Mapping) else {}
    given = {axis: _listed(trace[axis]) for axis in "xyz" if axis in trace}
    frame = pd.DataFrame({axis: values for axis, values in given.items() if values is not None})
    names = _titles(trace, layout) | dict(meaning.get("axes", {}))
    drawn: dict[str, Any] = {"series": pd.Series(unescape(trace.name or ""), index=frame.index)}
    for axis in map(str, frame):
        drawn[names.get(axis, axis)] = frame[axis]
        if axis == "x":
            drawn |= dict(meaning.get("same", {}))
    places = {**dict(meaning.get("custom", {})), "point": 0}
    drawn |= _custom(_listed(trace.customdata) or [], places, len(frame))
    return pd.DataFrame(drawn)[frame.notna().any(axis=1)]  # entries of the legend have no place


def _custom(rows: list[Any], places: Mapping[str, int], length: int) -> dict[str, list[Any]]:
    """Return the columns that the points carry beside their places."""
    if not rows or len(rows) != length:
        return {}
    cells = [row if isinstance(row, list) else [row] for row in rows]
    return {name: [_plain(row[place]) for row in cells] for name, place in places.items()}


def _row(one: Any) -> Any:
    return list(one) if isinstance(one, list | tuple | np.ndarray) else one


def _plain(value: Any) -> Any:
    return unescape(value) if isinstance(value, str) else value


def _titles(trace: Any, layout: Any) -> dict[str, str]:
    """Return the titles of the axes of a flat trace, by axis."""
    found = {}
    for axis in "xy":
        place = getattr(trace, f"{axis}axis", None) or axis  # those in space have none
        title = layout[f"{axis}axis{place[1:]}"].title.text
        if title:
            found[axis] = unescape(title.replace("<br>", " "))
    return found


def _listed(values: Any) -> list[Any] | None:
    """Return the values of a trace; Plotly writes long columns of numbers as base64."""
    if not isinstance(values, Mapping):
        return None if values is None else [_row(one) for one in values]
    try:
        flat = np.frombuffer(b64decode(values["bdata"]), dtype=values["dtype"])
        shape = [int(n) for n in str(values.get("shape", len(flat))).split(",")]
        listed: list[Any] = flat.reshape(shape).tolist()
    except (KeyError, TypeError) as error:
        raise ValueError(f"numbers cannot be read: {error}") from error
    return listed
