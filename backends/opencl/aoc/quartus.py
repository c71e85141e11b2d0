"""Quartus' own results: `acl_quartus_report.txt`, `*.fit.summary` and `*.sta.summary`.

Source: user guides of Intel Quartus Prime Pro Edition, compiler and timing analyser.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from backends.opencl.aoc.usage import Fit, Usage, number
from dse.runtime.report_files import ReportError, decimal, read_text

# With the line break: a last line without one may have been cut off within its number.
_FIELD = re.compile(r"^([^:\n]+):[ \t]*([^\n]*)\n", re.MULTILINE)
_LINES = {"alut": "ALUTs", "register": "Registers", "ram_block": "RAM blocks"}
_LINES |= {"dsp_block": "DSP blocks"}
_SUMMARY = {"register": "Total registers", "ram_block": "Total RAM Blocks"}
_SUMMARY |= {"dsp_block": "Total DSP Blocks"}


@dataclass(frozen=True)
class FitSummary:
    """A fit summary: resources without ALUTs, which Quartus packs into ALMs."""

    used: Usage
    version: str
    device: str


def _fields(path: Path) -> dict[str, str]:
    """Return the lines ``name: value`` of a report, without the capacity after a slash."""
    found = _FIELD.findall(read_text(path))
    return {name.strip(): value.partition("/")[0].strip() for name, value in found}


def text_fit(path: Path) -> Fit:
    """Read `acl_quartus_report.txt`: lines ``name: used / available ( percent )``.

    Raises:
        ReportError: the file is damaged; the message names the line.
    """
    fields = _fields(path)
    for name in (*_LINES.values(), "Kernel fmax"):
        if name not in fields:
            raise ReportError(path, f"{name} is missing")
    counts = {name: number(path, line, fields[line]) for name, line in _LINES.items()}
    return Fit(Usage(**counts), number(path, "Kernel fmax", fields["Kernel fmax"]))


def fit_summary(path: Path) -> FitSummary:
    """Read a `*.fit.summary`; devices without DSP blocks or RAM blocks lack those lines.

    Raises:
        ReportError: the fit failed, or the file is damaged.
    """
    fields = _fields(path)
    status = fields.get("Fitter Status", "")
    if not status.startswith("Successful"):
        raise ReportError(path, f"Fitter Status is {status.partition(' - ')[0]!r}")
    if _SUMMARY["register"] not in fields:
        raise ReportError(path, f"{_SUMMARY['register']} is missing")
    given = {name: fields[line] for name, line in _SUMMARY.items() if line in fields}
    counts = {name: number(path, _SUMMARY[name], text) for name, text in given.items()}
    version = re.match(r"[\w.]+(?: Build \d+)?", fields.get("Quartus Prime Version", ""))
    return FitSummary(Usage(**counts), version.group() if version else "", fields.get("Device", ""))


def worst_setup_slack(path: Path) -> float:
    """Return the least setup slack in ns of all clocks and timing models of a `*.sta.summary`.

    Raises:
        ReportError: the file is damaged, or has no setup analysis.
    """
    text = read_text(path)
    types = re.findall(r"^Type *: *(.*?) *\n", text, re.MULTILINE)
    slacks = re.findall(r"^Slack *: *(.*?) *\n", text, re.MULTILINE)
    if len(types) != len(slacks):
        raise ReportError(path, f"has {len(types)} lines Type, but {len(slacks)} lines Slack")
    pairs = zip(types, slacks, strict=True)
    setup = [decimal(path, f"Slack of {kind}", slack) for kind, slack in pairs if "Setup" in kind]
    if not setup:
        raise ReportError(path, "there is no setup slack")
    return min(setup)
