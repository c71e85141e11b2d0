"""Utilisation: what designs take of a part, from the table of parts and the user's additions.

A share is never stored. It follows from a stored count and the capacity of the part in question
whenever it is read, so a corrected table corrects every answer.
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

EXTRA = "DSE_PARTS"
"""Environment variable: a CSV file with the columns of `parts.csv`, whose rows come first."""


_REQUIRED = ("lut", "ff", "dsp", "bram_18k", "uram")
"""Columns of every table of parts; those of other counts may follow."""


@dataclass(frozen=True)
class Capacity:
    """What one device holds.

    Args:
        counts: by column of the table, which `MetricInfo.capacity` names; block RAM in units of
            18 Kb. What is not known is not there.
        source: where the numbers are from.
    """

    counts: Mapping[str, float]
    source: str = ""


NOTHING = Capacity({})
"""Of a part that is not known."""


def known_parts() -> Mapping[str, Capacity]:
    """Capacities by device name, the user's before our own.

    Raises:
        DataError: the user's file cannot be read; names line and column.
    """
    return _table(os.environ.get(EXTRA, ""))


@cache
def _table(extra: str) -> Mapping[str, Capacity]:
    own = _read(files("dse.analysis").joinpath("parts.csv").read_text(), "parts.csv")
    if not extra:
        return own
    try:
        text = Path(extra).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"cannot be read: {error}", where=extra, hint=f"correct or unset {EXTRA}"
        ) from error
    return {**own, **_read(text, extra)}


def _read(text: str, file: str) -> dict[str, Capacity]:
    required = ("device", *_REQUIRED, "source")
    reader = csv.DictReader(text.splitlines())
    given = reader.fieldnames or ()
    missing = [name for name in required if name not in given]
    if missing:
        hint = f"columns: {','.join(required)}"
        raise DataError(f"there is no column '{missing[0]}'", where=f"{file}:1", hint=hint)
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
        hint = "0 for none"
        raise DataError(f"{text!r} is no count", where=f"{place} ({column})", hint=hint)
    return int(text or "")


def capacity(part: str) -> Capacity:
    """Capacity of a device, or of a full part name such as ``xcku115-flvb2104-2-i``.

    Raises:
        ValueError: the device is not known; the text lists those that are.
        DataError: the user's table cannot be read.
    """
    device, parts = part.lower().split("-")[0], known_parts()
    names = sorted((n for n in parts if device.startswith(n)), key=len)
    if not names:
        more = f"; a CSV file named by {EXTRA} adds parts"
        raise ValueError(f"capacity not known ({nearest(device, parts)}{more})")
    return parts[names[-1]]


def part_problem(part: str) -> str:
    """Return why the capacity of a part is not known; empty where it is."""
    try:
        capacity(part)
    except ValueError as error:
        return str(error)
    return ""


def capacity_of_part(part: str) -> Capacity:
    """What a part holds that a person names.

    Raises:
        UsageError: it is not known.
    """
    try:
        return capacity(part)
    except ValueError as error:
        raise UsageError(str(error), where=f"--part {part}") from error


def capacity_of_evaluation(part: str, available: Mapping[str, float]) -> Capacity:
    """What the part of an evaluation holds.

    Args:
        part: the evaluation's parameter; empty where it has none.
        available: what the tool said its device holds, for what the table does not know.
    """
    known = NOTHING if not part or part_problem(part) else capacity(part)
    return Capacity({**available, **known.counts}, known.source)


def share_factor(count: str, holds: Capacity) -> float | None:
    """Percent of a part that one of a count takes; None where nobody can say.

    Args:
        count: name of a metric.
        holds: what the part holds.
    """
    info = installed_metrics().get(count)
    most = holds.counts.get(info.capacity, 0) if info and info.capacity else 0
    return 100 / most if most else None


def without_shares(names: Collection[str]) -> set[str]:
    """Names of metrics less the shares of counts among them, which older versions stored."""
    return {n for n in names if n.removesuffix(SHARE_SUFFIX) not in {*names} - {n}}
