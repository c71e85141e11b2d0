"""Units in which people read times: 1.2 ms and not 1,200,000 ns."""

import re
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from dashboards.quantities import Quantity, is_numeric
from dse.analysis.points import Points
from dse.contracts.errors import UsageError
from dse.formatting import readable_time

Readable = tuple[float, Quantity]
"""Divisor, and the quantity in the unit of the divided values."""


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


_NS = {"ns": 1.0, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9}
"""Units of times that people type; both signs of Unicode that look like a micro are known."""
_NUMBER = r"-?(?:\d[\d,\u2009]*(?:\.\d+)?|(?<!\.)\.\d+)(?:[eE][-+]?\d+)?"
_TYPED = re.compile(rf"({_NUMBER})\s*({'|'.join(_NS)})?(?![A-Za-z])")


def in_unit(text: str, readable: Readable) -> str:
    """Return typed numbers, such as ``0.8..1.2 ms``, as numbers in the unit that is shown.

    A number without a unit has that of the one after it. Where times are shown in nanoseconds,
    they need none; elsewhere they do, as the unit that is shown changes with the study's values.

    Raises:
        UsageError: times without a unit.
    """
    divisor, quantity = readable
    if quantity.unit not in _NS:
        return text
    found = list(_TYPED.finditer(text))
    unit, pieces, rest = "ns" if divisor == 1 else "", [], len(text)
    for one in reversed(found):
        unit = one[2] or unit
        if not unit:
            raise UsageError(
                f"{quantity.label}: {text[:40]} does not say its unit",
                hint=f"write {one[1]} {quantity.unit}, or another of ns, µs, ms and s",
            )
        value = float(one[1].replace(",", "").replace("\u2009", "")) * _NS[unit] / divisor
        pieces += [text[one.end() : rest], f"{value:.15g}"]
        rest = one.start()
    return text[:rest] + "".join(reversed(pieces))


def with_unit(text: str, readable: Readable) -> str:
    """Return a number or range in the unit that is shown, as it is typed: with a unit if needed."""
    divisor, quantity = readable
    return text if divisor == 1 or not text else f"{text} {quantity.unit}"
