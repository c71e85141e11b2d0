"""Logs of Vivado HLS and Vitis HLS: stages started and completed, and their times.

Neither the exit line ("Exiting vitis_hls") nor an ERROR line shows whether a run succeeded: the
first is in logs of failed runs too, and runs continue after some of the second. The line of a
completed stage does. Sources: hls4ml's build_prj.tcl, which marks its stages, and the tools' own
"Finished Command" lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dse.runtime.report_files import read_text

STAGES = {
    "C SIMULATION": "csim",
    "C/RTL SYNTHESIS": "csynth",
    "C/RTL SIMULATION": "cosim",
    "EXPORT IP": "export",
    "VIVADO SYNTHESIS": "vsynth",
}
"""Names of stages in hls4ml's build_prj.tcl, with dse's names."""

_COMMANDS = {
    "csim_design": "csim",
    "csynth_design": "csynth",
    "cosim_design": "cosim",
    "export_design": "export",
}
# Times are written as "COMPLETED IN 0h2m3s" by hls4ml's script, and as "Elapsed time: 00:04:34" or
# "Elapsed time: 123.5 seconds" by the tools.
_STARTED = re.compile(r"^\*{5} ([A-Z/ ]+?) \*{5}$")
_COMPLETED = re.compile(r"^\*{5} ([A-Z/ ]+?) COMPLETED IN (\d+)h(\d+)m(\d+)s \*{5}$")
_FINISHED = re.compile(r"Finished Command (\w+) .*?Elapsed time: (?:(\d+):(\d+):)?([\d.]+)")
_BANNER = re.compile(
    r"^\*{6} (?:Vivado\(TM\) HLS|Vitis HLS|vitis|Vitis).* v(20\d\d\.\d+(?:\.\d+)?)"
)
_TOTAL = re.compile(r"Total elapsed time: ([\d.]+) seconds")
_VIVADO = ("synth_design", "opt_design", "place_design", "phys_opt_design", "route_design")


@dataclass(frozen=True)
class Log:
    """Contents of a log.

    Args:
        version: version of the HLS tool; empty where the log has no banner.
        seconds: time of every completed stage, by dse's name of the stage.
        running: the stage started last and not completed; empty for none.
        errors: ERROR lines, which do not always mean that the run failed.
        elapsed_s: time of the whole run: the tool's total, else the sum of the stages; None
            where the log has neither.
    """

    version: str
    seconds: dict[str, float]
    running: str
    errors: tuple[str, ...]
    elapsed_s: float | None


def read_log(path: Path) -> Log:
    """Read a log file.

    Raises:
        ReportError: it cannot be read, or is empty.
    """
    return parse_log(read_text(path))


def parse_log(text: str) -> Log:
    """Read the text of a log, or of a part of one that is still being written."""
    lines = [line.strip() for line in text.splitlines()]
    seconds: dict[str, float] = {}
    for line in lines:
        seconds |= _finished(line)
    versions = [found.group(1) for line in lines if (found := _BANNER.match(line))]
    total = [float(found.group(1)) for line in lines if (found := _TOTAL.search(line))]
    errors = tuple(line for line in lines if re.match(r"(CRITICAL )?ERROR\b", line))
    return Log(
        versions[0] if versions else "",
        seconds,
        _running(lines, seconds),
        errors,
        total[-1] if total else sum(seconds.values()) or None,
    )


def after_last_stage(text: str) -> str:
    """Return what a log has behind the line of the last completed stage; all without such a line.

    Vivado HLS' command csynth_design ends before hls4ml's own line of the same stage.
    """
    lines = text.splitlines()
    ends = [number for number, line in enumerate(lines, 1) if _finished(line.strip())]
    return "\n".join(lines[ends[-1] if ends else 0 :])


def _finished(line: str) -> dict[str, float]:
    """Return stage and seconds of a line that ends one; {} for any other line."""
    if found := _COMPLETED.match(line):
        name, *parts = found.groups()
        hours, minutes, rest = (int(part) for part in parts)
        return {STAGES[name]: 3600.0 * hours + 60 * minutes + rest} if name in STAGES else {}
    if found := _FINISHED.search(line):
        command, hours_text, minutes_text, rest_text = found.groups()
        spent = 3600 * int(hours_text or 0) + 60 * int(minutes_text or 0) + float(rest_text)
        return {_COMMANDS[command]: spent} if command in _COMMANDS else {}
    return {}


def _running(lines: Sequence[str], completed: dict[str, float]) -> str:
    """Return the stage, or Vivado's command, that started last; empty where it is completed."""
    found = ""
    for line in lines:
        started = _STARTED.match(line)
        if started and started.group(1) in STAGES:
            found = STAGES[started.group(1)]
        elif line.startswith("Command: ") and line.split()[1] in _VIVADO:
            found = line.split()[1]
    return "" if found in completed else found
