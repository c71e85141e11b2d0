"""Utilisation: the share of a part that a design takes, by `parts.csv` and the user's own table.

Shares are not stored. They are computed on every read from a stored count and the capacity of the
part, so a corrected capacity corrects all results.
"""

import csv
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from dse.contracts.errors import DataError, UsageError, nearest
from dse.contracts.metrics import SHARE_SUFFIX
from dse.contracts.registry import installed_metrics
from dse.formatting import read_problem

EXTRA = "DSE_PARTS"
"""Environment variable: path of a CSV file like `parts.csv`, whose rows take precedence."""


_REQUIRED = ("lut", "ff", "dsp", "bram_18k", "uram")
"""Columns of every table of parts; columns of other capacities may follow."""


@dataclass(frozen=True)
class Capacity:
    """Capacity of one device.

    Args:
        counts: by column of the table, which `MetricInfo.capacity` names; block RAM in units of
            18 Kb. A capacity that is not known is absent, never 0.
        source: document that the numbers were read from.
    """

    counts: Mapping[str, float]
    source: str = ""


NOTHING = Capacity({})
"""Capacity of an unknown part."""


def known_parts() -> Mapping[str, Capacity]:
    """Return capacities by device name; those of the user's table take precedence.

    Raises:
        DataError: the user's table cannot be read; the message names line and column.
    """
    return _table(os.environ.get(EXTRA, ""))


@cache
def _table(extra: str) -> Mapping[str, Capacity]:
    """Return all capacities; `extra` is the path of the user's table, empty for none."""
    own = _read(files("dse.analysis").joinpath("parts.csv").read_text(), "parts.csv")
    if not extra:
        return own
    try:
        text = Path(extra).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"cannot be read: {read_problem(error)}",
            where=extra,
            hint=f"{EXTRA} names it: correct or unset the variable",
        ) from error
    return {**own, **_read(text, extra)}


def _read(text: str, file: str) -> dict[str, Capacity]:
    """Parse the text of a table; `file` names it in messages."""
    required = ("device", *_REQUIRED, "source")
    reader = csv.DictReader(text.splitlines())
    given = reader.fieldnames or ()
    missing = [name for name in required if name not in given]
    if missing:
        hint = f"columns: {','.join(required)}"
        raise DataError(f"there is no column '{missing[0]}'", where=f"{file}:1", hint=hint)
    # columns that the metrics of installed plug-ins name as their capacity
    more = {info.capacity for info in installed_metrics().values()} & {*given} - {*_REQUIRED}
    found = {}
    for row in reader:
        place = f"{file}:{reader.line_num}"
        counts = {name: _count(row[name], place, name) for name in _REQUIRED}
        counts |= {name: _count(row[name], place, name) for name in sorted(more) if row[name]}
        found[row["device"].strip().lower()] = Capacity(counts, row["source"] or "")
    return found


def _count(text: str | None, place: str, column: str) -> int:
    if not (text or "").strip().isdecimal():
        hint = "write a whole number, 0 where the device has none"
        raise DataError(f"{text!r} is no count", where=f"{place} ({column})", hint=hint)
    return int(text or "")


def capacity(part: str) -> Capacity:
    """Return the capacity of a device, or of a full part name such as ``xcku115-flvb2104-2-i``.

    Raises:
        ValueError: the device is not in the tables; the message lists those that are.
        DataError: the user's table cannot be read.
    """
    full, parts = part.lower(), known_parts()
    # Some ordering codes join device and package (xc7z020clg400-1), and some device names have a
    # hyphen (LFE5U-85F), so a device is known by the longest name that the code begins with.
    names = sorted((n for n in parts if full.startswith(n)), key=len)
    if not names:
        more = f"; a CSV file named by {EXTRA} adds parts"
        raise ValueError(f"capacity not known ({nearest(full.split('-')[0], parts)}{more})")
    return parts[names[-1]]


def part_problem(part: str) -> str:
    """Return why the capacity of a part is not known; empty where it is known."""
    try:
        capacity(part)
    except ValueError as error:
        return str(error)
    return ""


def capacity_of_part(part: str) -> Capacity:
    """Return the capacity of a part that was named by `--part`.

    Raises:
        UsageError: the capacity is not known.
    """
    try:
        return capacity(part)
    except ValueError as error:
        raise UsageError(str(error), where=f"--part {part}") from error


def capacity_of_evaluation(part: str, available: Mapping[str, float]) -> Capacity:
    """Return the capacity of the part that an evaluation was made for.

    Args:
        part: the evaluation's parameter `part`; empty where it has none.
        available: capacities that the tool reported, used where the tables have none.
    """
    known = NOTHING if not part or part_problem(part) else capacity(part)
    return Capacity({**available, **known.counts}, known.source)


def share_factor(count: str, holds: Capacity) -> float | None:
    """Return the percent of a part that a count of one takes; None without a capacity.

    Args:
        count: name of a metric, such as ``lut``.
        holds: capacity of the part.
    """
    info = installed_metrics().get(count)
    most = holds.counts.get(info.capacity, 0) if info and info.capacity else 0
    return 100 / most if most else None


def without_shares(names: Collection[str]) -> set[str]:
    """Return metrics without shares whose count is present, which older versions stored."""
    return {n for n in names if n.removesuffix(SHARE_SUFFIX) not in {*names} - {n}}
