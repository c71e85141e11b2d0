"""Vivado's reports: resources (report_utilization) and slack (report_timing_summary).

Source: UG835, both commands. Columns differ between versions (2022.2 adds Prohibited), so cells are
found by the header's names.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from backends.hls4ml.reports.csynth import Used
from backends.hls4ml.reports.tables import tables
from dse.runtime.report_files import ReportError, decimal, read_text, whole

# Names of UltraScale and UltraScale+ first, then those of the 7 series.
_ROWS = {
    "lut": ("CLB LUTs", "Slice LUTs"),
    "ff": ("CLB Registers", "Slice Registers"),
    "dsp": ("DSPs", "DSP Slices"),
    "RAMB36": ("RAMB36/FIFO",),
    "RAMB18": ("RAMB18",),
}


@dataclass(frozen=True)
class Utilisation:
    """A utilisation report.

    Args:
        version: version of Vivado.
        device: the part as Vivado writes it.
        state: Synthesized, Optimized, Fully Placed or Routed.
        used: resource counts; block RAM in units of 18 Kb.
    """

    version: str
    device: str
    state: str
    used: Used


@dataclass(frozen=True)
class TimingSummary:
    """A timing summary.

    Args:
        version: version of Vivado.
        state: design state, such as Routed; empty where the report does not give it.
        wns_ns: worst negative slack (WNS); below zero where timing is not met.
        tns_ns: total negative slack (TNS); None in a report of single paths.
        period_ns: clock period of the worst path; None where the report does not show it.
    """

    version: str
    state: str
    wns_ns: float
    tns_ns: float | None
    period_ns: float | None

    @property
    def achieved_period_ns(self) -> float | None:
        """The shortest clock period that the worst path allows; None if it is unknown."""
        return None if self.period_ns is None else self.period_ns - self.wns_ns


def read_utilisation(path: Path) -> Utilisation:
    """Read a report of `report_utilization`.

    Raises:
        ReportError: the file is missing or damaged; the message names the field.
    """
    text = read_text(path)
    cells = _used_cells(text)
    counts = {name: _count(path, cells, names) for name, names in _ROWS.items()}
    # A RAMB36 holds two blocks of 18 Kb. "Block RAM Tile" sums both kinds in units of 36 Kb.
    bram = 2 * counts.pop("RAMB36") + counts.pop("RAMB18")
    uram = cells.get("URAM")
    used = Used(**counts, bram_18k=bram, uram=whole(path, "URAM", uram) if uram is not None else 0)
    return Utilisation(
        _header_field(path, text, "Tool Version", r"Vivado v\.(\S+)"),
        _header_field(path, text, "Device", r"(\S+)"),
        _header_field(path, text, "Design State", r"([^|\n]+?)"),
        used,
    )


def _used_cells(text: str) -> dict[str, str]:
    """Return the column Used by site type; the first row of a name counts.

    Vivado marks some names with an asterisk that refers to a footnote.
    """
    found: dict[str, str] = {}
    for table in tables(text):
        header = table.header[0]
        if header[0] in {"Site Type", "Ref Name"} and "Used" in header:
            column = header.index("Used")
            for row in table.rows:
                if len(row) > column:
                    found.setdefault(row[0].rstrip("*"), row[column])
    return found


def _count(path: Path, cells: dict[str, str], names: tuple[str, ...]) -> int:
    for name in names:
        if name in cells:
            return whole(path, name, cells[name])
    raise ReportError(path, f"there is no row {names[0]}")


def _header_field(path: Path, text: str, name: str, pattern: str) -> str:
    """Return a field of the report's head; raise ReportError where it is missing."""
    found = re.search(rf"^\|? ?{name} *: *{pattern} *\|?$|^\|? ?{name} *: *{pattern} ", text, re.M)
    if found is None:
        raise ReportError(path, f"{name} is missing")
    return next(group for group in found.groups() if group)


_PATH_SLACK = re.compile(r"^Slack \((?:MET|VIOLATED)\) : +(\S+)", re.MULTILINE)
_SUMMARY = re.compile(r"^ *WNS\(ns\) +TNS\(ns\).*\n[ -]+\n(.*)$", re.MULTILINE)


def read_timing_summary(path: Path) -> TimingSummary:
    """Read a report of `report_timing_summary`, or of `report_timing` with the worst path first.

    Raises:
        ReportError: the file is missing or damaged; the message names the field.
    """
    text = read_text(path)
    wns, tns = _slack(path, text)
    period = re.search(r"^ *Requirement: +(\S+)", text, re.MULTILINE)
    state = re.search(r"^\| Design State *: (.*?) *$", text, re.MULTILINE)
    return TimingSummary(
        _header_field(path, text, "Tool Version", r"Vivado v\.(\S+)"),
        state.group(1) if state else "",
        wns,
        tns,
        decimal(path, "Requirement", period.group(1)) if period else None,
    )


def _slack(path: Path, text: str) -> tuple[float, float | None]:
    """Return WNS and TNS in ns; without a summary, the least slack of all paths and None."""
    summary = _SUMMARY.search(text)
    numbers = summary.group(1).split() if summary else []
    if len(numbers) >= 2:
        return decimal(path, "WNS", numbers[0]), decimal(path, "TNS", numbers[1])
    paths = [decimal(path, "Slack", slack) for slack in _PATH_SLACK.findall(text)]
    if summary is not None or not paths:
        raise ReportError(path, "there is no line below WNS(ns), and no path with its slack")
    return min(paths), None
