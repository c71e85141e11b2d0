"""Vitis HLS' summary of a whole design (`csynth.rpt`): cycles and resources, no clock.

Source: UG1399, synthesis summary report. Cells of resources hold a count and its share, such as
``139 (2%)``, or a dash for none. The one column of cycles is the worst case.
"""

import re
from pathlib import Path

from backends.hls4ml.reports.csynth import Csynth, Timing, Used
from backends.hls4ml.reports.tables import ReportTable, tables
from dse.runtime.report_files import ReportError, cycles, read_text, whole

_COUNTS = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram_18k": "BRAM", "uram": "URAM"}


def read_summary(path: Path) -> Csynth:
    """Read a summary; clock, uncertainty and capacity of the part are None.

    Raises:
        ReportError: the file is missing or damaged; the message names the field.
    """
    text = read_text(path)
    top = _line(path, text, r"== Synthesis Summary Report of '(\w+)'", "the name of the top")
    cells = _top_row(path, text, top)
    latency = cycles(path, "Latency (cycles)", cells.get("Latency (cycles)"))
    interval = cycles(path, "Interval", cells.get("Interval"))
    return Csynth(
        version=_line(path, text, r"\* Version: +(\S+)", "Version"),
        part=_line(path, text, r"\* Target device: +(\S+)", "Target device"),
        top=top,
        target_clock_ns=None,
        estimated_clock_ns=None,
        uncertainty_ns=None,
        timing=Timing(None, latency, None, interval),
        used=Used(**{name: _count(path, cells, column) for name, column in _COUNTS.items()}),
        available=None,
    )


def _line(path: Path, text: str, pattern: str, name: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ReportError(path, f"{name} is missing")
    return found.group(1)


def _top_row(path: Path, text: str, top: str) -> dict[str, str]:
    """Return the cells of the top function's row by column; names of columns are two lines."""
    for table in tables(text):
        names = _columns(table)
        if "Latency (cycles)" in names:
            for row in table.rows:
                if row[0].lstrip("+ ").rstrip("*") == top and len(row) == len(names):
                    return dict(zip(names, row, strict=True))
    raise ReportError(path, f"there is no row of {top} with its cycles")


def _columns(table: ReportTable) -> list[str]:
    return [" ".join(filter(None, parts)) for parts in zip(*table.header, strict=False)]


def _count(path: Path, cells: dict[str, str], column: str) -> int:
    """Return the count in a cell; a dash stands for none, a missing column is an error."""
    text = cells.get(column)
    if text == "-":
        return 0
    found = re.fullmatch(r"(\S+) \((?:~?\d+|\d+\.\d+)%\)", text or "")
    return whole(path, column, found.group(1) if found else text)
