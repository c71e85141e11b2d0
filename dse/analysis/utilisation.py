"""What parts hold: the table of devices, and the user's additions to it."""

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path

from dse.contracts.errors import DataError, nearest

EXTRA = "DSE_PARTS"
"""Environment variable: a CSV file with the columns of `parts.csv`, whose rows come first."""


@dataclass(frozen=True)
class Capacity:
    """Resources of one device; block RAM in units of 18 Kb."""

    lut: int
    ff: int
    dsp: int
    bram_18k: int
    uram: int
    source: str


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
    columns = ("device", *(field.name for field in fields(Capacity)))
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        hint = f"columns: {','.join(columns)}"
        raise DataError(f"there is no column '{missing[0]}'", where=f"{file}:1", hint=hint)
    found = {}
    for row in reader:
        place = f"{file}:{reader.line_num}"
        counts = {name: _count(row[name], place, name) for name in columns[1:-1]}
        found[row["device"].strip().lower()] = Capacity(**counts, source=row["source"] or "")
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
    """What is wrong with a part; empty for nothing."""
    try:
        capacity(part)
    except ValueError as error:
        return str(error)
    return ""
