"""Units in which people read times: 1.2 ms and not 1,200,000 ns."""

import re
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from dashboards.quantities import Quantity, is_numeric
from dse.analysis.points import Points
from dse.contracts.errors import UsageError
from dse.formatting import TIMES_NS, readable_time

Readable = tuple[float, Quantity]
"""Divisor, and the quantity in the unit of the divided values."""


def readable_unit(quantity: Quantity, usual: float) -> Readable:
    """Return the divisor and the quantity in the unit that a usual value is best read in."""
    divisor, unit = readable_time(usual, quantity.unit)
    return divisor, quantity if divisor == 1 else replace(quantity, unit=unit)


def in_readable_units(quantities: Mapping[str, Quantity], table: Points) -> dict[str, Readable]:
    """Return `readable_unit` of quantities, the same on all pages of a study."""
    return {key: _readable(quantity, table) for key, quantity in quantities.items()}


def _readable(quantity: Quantity, table: Points) -> Readable:
    if quantity.unit != "ns":
        return 1.0, quantity
    if quantity.column:  # a menu names many columns, which are not all read for it
        return readable_unit(quantity, table.usual(quantity.column))
    values = quantity.values(table)
    return readable_unit(quantity, float(values.median()) if is_numeric(values) else 0.0)


def shown_titles(quantities: Mapping[str, Quantity], table: Points) -> dict[str, str]:
    """Return titles for menus, with the units in which pages show the values of a study."""
    readable = in_readable_units(quantities, table)
    return {key: quantity.title for key, (_, quantity) in readable.items()}


def divided(frame: pd.DataFrame, readable: Mapping[str, Readable]) -> pd.DataFrame:
    """Return a table whose columns, and their ends `<column>_low` and `_high`, are divided."""
    found = {
        name: frame[name] / divisor
        for column, (divisor, _) in readable.items()
        for name in (column, f"{column}_low", f"{column}_high")
        if divisor != 1 and name in frame and is_numeric(frame[name])
    }
    return frame.assign(**found) if found else frame


_NUMBER = r"-?(?:\d[\d,\u2009]*(?:\.\d+)?|(?<!\.)\.\d+)(?:[eE][-+]?\d+)?"
_TYPED = re.compile(rf"({_NUMBER})\s*({'|'.join(TIMES_NS)})?(?![A-Za-z])")


def in_unit(text: str, readable: Readable) -> str:
    """Return typed numbers, such as ``0.8..1.2 ms``, as numbers in the unit that is shown.

    A number without a unit has that of the one after it. Where times are shown in the unit of
    their column, they need none; elsewhere they do, as the unit that is shown changes with the
    study's values.

    Raises:
        UsageError: times without a unit.
    """
    _, quantity = readable
    return _converted(text, readable, TIMES_NS.get(quantity.unit, 1.0))


def in_unit_of_column(text: str, readable: Readable) -> str:
    """Return the same as numbers in the unit of the column, in which they are stored.

    Raises:
        UsageError: times without a unit.
    """
    divisor, quantity = readable
    return _converted(text, readable, TIMES_NS.get(quantity.unit, 1.0) / divisor)


def _converted(text: str, readable: Readable, wanted_ns: float) -> str:
    """Return typed times in a unit of so many nanoseconds; other quantities as they are."""
    divisor, quantity = readable
    if quantity.unit not in TIMES_NS:
        return text
    unit, pieces, rest = quantity.unit if divisor == 1 else "", [], len(text)
    for one in reversed(list(_TYPED.finditer(text))):
        unit = one[2] or unit
        if not unit:
            raise _without_unit(text, quantity)
        pieces += [text[one.end() : rest], _times(one[1], TIMES_NS[unit], wanted_ns)]
        rest = one.start()
    return text[:rest] + "".join(reversed(pieces))


def _times(typed: str, unit_ns: float, wanted_ns: float) -> str:
    """Return a typed number in another unit, without what floating point adds to 4.1 * 1e6."""
    plain = typed.replace(",", "").replace("\u2009", "")
    return plain if unit_ns == wanted_ns else f"{float(plain) * unit_ns / wanted_ns:.15g}"


def _without_unit(text: str, quantity: Quantity) -> UsageError:
    shown = text[:40].strip()
    return UsageError(
        f"{quantity.label}: {shown} does not say its unit, or one that is not known",
        hint=f"units are ps, ns, µs, ms and s; of an older address write {shown} ns",
    )


def with_unit(text: str, readable: Readable) -> str:
    """Return a number or range in the unit that is shown, as it is typed: with a unit if needed."""
    divisor, quantity = readable
    return text if divisor == 1 or not text else f"{text} {quantity.unit}"
