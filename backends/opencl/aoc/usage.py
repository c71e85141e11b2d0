"""Resources, loops and results of a fit, as the reports of an Intel FPGA's tools give them."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dse.runtime.report_files import ReportError

_COUNTS = {"alut": "ALUTs", "register": "FFs", "ram_block": "RAMs", "dsp_block": "DSPs"}
# At most 15 digits, which a float holds exactly; commas only between groups of three digits.
_NUMBER = re.compile(r"(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d+)?", re.ASCII)
_NO_INTERVAL = {"", "n/a", "-", "undefined", "unknown", "tbd"}
_INTERVAL = re.compile(r"(~|>=)?\s*(\d{1,15})", re.ASCII)


@dataclass(frozen=True)
class Usage:
    """Resource counts; None where the report does not give them.

    Args:
        alut: adaptive look-up tables.
        register: flip-flops.
        ram_block: RAM blocks (M20K on Arria 10, M10K on Cyclone V).
        dsp_block: DSP blocks.
        mlab: memory logic array blocks.
    """

    alut: float | None = None
    register: float | None = None
    ram_block: float | None = None
    dsp_block: float | None = None
    mlab: float | None = None


ARRIA_10_GX_1150 = Usage(854_400, 1_708_800, 2_713, 1_518, 42_720)
"""Capacity of the paper's device, 10AX115, by the Intel Arria 10 Device Overview."""

# Rows of summaries that are not kernels.
_SUMS = (
    "Kernel Subtotal",
    "Pipe resources",
    "Channel Resources",
    "Global Interconnect",
    "Board Interface",
    "System description ROM",
    "Total",
    "Available",
)


@dataclass(frozen=True)
class Area:
    """aoc's own estimate, before Quartus.

    Args:
        total: resources of kernels, interconnect and board.
        available: capacity by the report; from version 17 on without the board's share.
        kernels: resources by kernel.
    """

    total: Usage
    available: Usage
    kernels: Mapping[str, Usage]


@dataclass(frozen=True)
class Loop:
    """A loop of a kernel.

    Args:
        name: name in the report.
        pipelined: whether iterations overlap.
        ii: initiation interval in cycles; None where the report gives none.
        mark: ``~`` where the report calls the interval approximate, ``>=`` where it is a lower
            bound; else empty.
    """

    name: str
    pipelined: bool
    ii: int | None
    mark: str = ""

    @property
    def approximate(self) -> bool:
        """Whether the report calls the interval approximate."""
        return self.mark == "~"

    @classmethod
    def of(cls, path: Path, name: str, pipelined: str, interval: Any) -> "Loop":
        """Return a loop from the texts of a report.

        Args:
            path: the report, for the error.
            name: name of the loop.
            pipelined: ``Yes`` for a pipelined loop.
            interval: number of cycles with its mark; ``n/a`` and the like are None.

        Raises:
            ReportError: the interval is of no known form. Leaving it out could hide the worst one.
        """
        text = html.unescape(str(interval)).strip()
        found = _INTERVAL.fullmatch(text)
        if found is None and text.lower() not in _NO_INTERVAL:
            raise ReportError(path, f"II of {name} is {interval!r}, not a count")
        ii = int(found.group(2)) if found else None
        return cls(name, pipelined == "Yes", ii, (found.group(1) or "") if found else "")


@dataclass(frozen=True)
class Info:
    """A run of aoc, or of Quartus alone.

    Args:
        version: version of the tool, such as ``17.1.1 Build 273``.
        target: family, device and board; since version 20 the family alone.
        command: command line; empty where the report does not give it.
        tool: name of the tool.
    """

    version: str
    target: str
    command: str
    tool: str = "aoc"


@dataclass(frozen=True)
class Fit:
    """Results of Quartus' fit.

    Args:
        used: resources of the whole design.
        kernel_fmax_mhz: highest clock frequency of the kernels; None where no report gives it.
    """

    used: Usage
    kernel_fmax_mhz: float | None


def number(path: Path, name: str, value: Any) -> float:
    """Return a count, which may be fractional from version 20 on; raise ReportError if it is none.

    Thousands may be separated by commas.
    """
    text = str(value).strip()
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise ReportError(path, f"{name} is {value!r}, not a count")
    return float(text.replace(",", ""))


def usage_of(path: Path, place: str, names: Sequence[str], values: Sequence[Any]) -> Usage:
    """Return the resources of a row of counts, whose columns are found by name.

    Args:
        path: the report, for the error.
        place: name of the row, for the error.
        names: names of the columns.
        values: the row.

    Raises:
        ReportError: a count is missing or is not a number, or the row has too many.
    """
    if len(values) > len(names):
        raise ReportError(path, f"{place} has {len(values)} counts for {len(names)} columns")
    cells = dict(zip(names, values, strict=False))
    for column in _COUNTS.values():
        if column not in cells:
            raise ReportError(path, f"{place} has no {column}")
    counts = {n: number(path, f"{place} {c}", cells[c]) for n, c in _COUNTS.items()}
    mlab = number(path, f"{place} MLABs", cells["MLABs"]) if "MLABs" in cells else None
    return Usage(**counts, mlab=mlab)


def area_of_rows(path: Path, columns: Sequence[Any], rows: Mapping[str, Any]) -> Area:
    """Return the area of a summary, which has one row per kernel and rows of sums.

    Args:
        path: the report, for the error.
        columns: names of the columns, the first one of the rows' names.
        rows: counts by name of the row; rows without a list of counts are left out.

    Raises:
        ReportError: the total or the capacity is missing, or a count is not a number.
    """
    names = [str(column).strip() for column in columns[1:]]
    for needed in ("Total", "Available"):
        if not isinstance(rows.get(needed), list):
            raise ReportError(path, f"{needed} is missing")
    usages = {n: usage_of(path, n, names, row) for n, row in rows.items() if isinstance(row, list)}
    kernels = {name: usage for name, usage in usages.items() if name not in _SUMS}
    return Area(usages["Total"], usages["Available"], kernels)
