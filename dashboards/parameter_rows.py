"""Rows and ranges of the parameters page, in the units in which people read times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboards import components as ui
from dashboards.address import Address
from dashboards.figures.axes import Axis
from dashboards.figures.parallel import axes_of
from dashboards.parameter_view import frame_of, titles_of
from dashboards.quantities import in_order, is_numeric, quantities
from dashboards.ranges import Ranges, within, written
from dashboards.source import Source
from dashboards.units import Readable, divided, in_readable_units, in_unit, with_unit


@dataclass(frozen=True)
class Shown:
    """What the page shows, in the units in which people read times.

    Args:
        frame: rows without missing values, one column per axis.
        titles: titles of the columns.
        colour: column that colours lines; empty for none.
        readable: quantities of the columns and their divisors.
        address: the address, from which the ranges are read.
        stored: the same rows in the units of the store.
        stored_titles: titles of their columns.
    """

    frame: pd.DataFrame
    titles: dict[str, str]
    colour: str
    readable: Mapping[str, Readable]
    address: Address
    stored: pd.DataFrame
    stored_titles: dict[str, str]

    @classmethod
    def of(cls, source: Source, address: Address) -> "Shown":
        """Read it from an address."""
        frame, titles, colour = frame_of(source, address)
        table = source.table(source.study(address.text("study")).name)
        known = quantities(table)
        readable = in_readable_units({name: known[name] for name in titles}, table)
        return cls(
            frame=divided(frame, readable),
            titles=titles_of([quantity for _, quantity in readable.values()]),
            colour=colour,
            readable=readable,
            address=address,
            stored=frame,
            stored_titles=titles,
        )

    @property
    def ranges(self) -> Ranges:
        """Typed ranges, as numbers in the units of the columns.

        Raises:
            UsageError: a time lacks its unit.
        """
        return {
            name: [in_unit(text, self.readable[name]) for text in texts]
            for name, texts in ranges_of(self.address).items()
            if name in self.readable
        }

    @property
    def inside(self) -> "pd.Series[bool]":
        """Whether each row is in all ranges.

        Raises:
            UsageError: a range is none.
        """
        return within(self.frame, self.ranges)

    def controls(self, ranges: Ranges) -> list[Any]:
        """Return a field per column: typed ranges of numbers, check boxes of texts."""
        return [
            _range_control(self.frame[name], title, ranges.get(name, ()), self.readable[name])
            for name, title in self.titles.items()
        ]

    def dragged(self, box: Mapping[str, Any]) -> dict[str, str | list[str]]:
        """Return what a box over axes types into the fields, by name; see `dragged`."""
        found = dragged(axes_of(self.frame, self.titles), box)
        units = {f"{_PREFIX}{name}": one for name, one in self.readable.items()}
        return {
            name: with_unit(text, units[name]) if isinstance(text, str) else text
            for name, text in found.items()
        }


_PREFIX = "brush."
"""Start of the name of a range in the address; the name of its column follows."""
_LISTED = 30
"""Distinct texts up to which a column of texts has check boxes."""


def ranges_of(address: Address) -> Ranges:
    """Return the ranges of an address, such as ``brush.total_bits=5..9|11..12``."""
    names = [name for name in address.values if name.startswith(_PREFIX)]
    found = {name.removeprefix(_PREFIX): address.items(name) for name in names}
    return {name: texts for name, texts in found.items() if texts}


def _range_control(
    column: "pd.Series[Any]", title: str, chosen: Sequence[str], readable: Readable
) -> Any:
    name = f"{_PREFIX}{column.name}"
    if is_numeric(column):
        ends = f"{_end(column.min())} to {_end(column.max())}" if len(column) else ""
        tip = " or ".join(with_unit(text, readable) for text in ("such as 8..12", ">= 8", "8"))
        return ui.text_box(name, title, "|".join(chosen), with_unit(ends, readable), tip=tip)
    texts = {text: text for text in [*in_order(column)[:_LISTED], *chosen]}
    return ui.choices(name, title, texts, list(chosen), empty="all")


def _end(value: float) -> str:
    return f"{value:,.0f}" if _WHOLE <= abs(value) < _LARGE else f"{value:.5g}"


_WHOLE, _LARGE = 1e5, 1e15
"""Numbers between them are written without decimals and without an exponent."""


def dragged(axes: Sequence[Axis], box: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Return the ranges that a box over one or more axes sets, by name of the control.

    A box beside or between axes, such as a straight line, belongs to the axis next to it.

    Args:
        axes: axes from left to right; the n-th stands at x = n.
        box: ends of the box by direction, as Plotly reports them.
    """
    left, right = sorted(float(end) for end in box["x"])
    low, high = sorted(float(end) for end in box["y"])
    inside = [axis for place, axis in enumerate(axes) if left <= place <= right]
    next_to = min(max(round((left + right) / 2), 0), len(axes) - 1)
    return {_PREFIX + a.name: _dragged(a, low, high) for a in inside or axes[next_to:][:1]}


def _dragged(axis: Axis, low: float, high: float) -> str | list[str]:
    if axis.kind == "texts":
        places = axis.at(list(axis.values)).tolist()
        return [t for t, at in zip(axis.values, places, strict=True) if low <= at <= high]
    ends = [axis.value(min(max(end, axis.edge), 1 - axis.edge)) for end in (low, high)]
    return written(*ends)
