"""What a report file of aoc, oneAPI or Quartus is: by its content, or by its tool's name for it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from dse.runtime.report_files import read_start

_READ = 4_000_000


class IntelReport(StrEnum):
    """What a report of Intel's tools holds; the value describes it to the user."""

    AREA = "aoc's area estimate"
    SUMMARY = "aoc's summary"
    LOOPS = "aoc's loops"
    LOOP_ATTRIBUTES = "aoc's loop attributes"
    INFO = "aoc's version and command"
    QUARTUS = "Quartus' results by aoc"
    SCRIPT = "aoc's report_data.js"
    FIT = "Quartus' results by aoc, as text"
    FIT_SUMMARY = "Quartus' fit summary"
    TIMING_SUMMARY = "Quartus' timing summary"
    LINES = "oneAPI's report"
    PARSED = "reports parsed by hls4ml"
    PRINTED = "estimate printed by aoc"
    VIEW = "data of aoc's report viewer"


@dataclass(frozen=True)
class RecognisedReport:
    """A file that looks like a report: its path and what it is."""

    path: Path
    kind: IntelReport


_NAMES = {
    "area.json": IntelReport.AREA,
    "summary.json": IntelReport.SUMMARY,
    "loops.json": IntelReport.LOOPS,
    "loop_attr.json": IntelReport.LOOP_ATTRIBUTES,
    "info.json": IntelReport.INFO,
    "quartus.json": IntelReport.QUARTUS,
    "report_data.js": IntelReport.SCRIPT,
    "acl_quartus_report.txt": IntelReport.FIT,
    "summary.ndjson": IntelReport.LINES,
    "quartus.ndjson": IntelReport.LINES,
    "loop_attr.ndjson": IntelReport.LINES,
}
_CONTENT = {
    "json": (
        (IntelReport.PARSED, r'"HLS"\s*:\s*\{\s*"total"|"HLS Estimate ALUT"'),
        (IntelReport.QUARTUS, r'"quartusFitClockSummary"'),
        (IntelReport.SUMMARY, r'"estimatedResources"'),
        (IntelReport.LOOP_ATTRIBUTES, r'"loop_attributes"'),
        (IntelReport.AREA, r'"max_resources"'),
        (IntelReport.LOOPS, r'"columns"\s*:\s*\[[^\]]*"Pipelined"'),
        (IntelReport.INFO, r'"compileInfo"|"AOC Version"'),
    ),
    "js": ((IntelReport.SCRIPT, r"(?:area|loops|summary|quartus)JSON\s*="),),
    "txt": ((IntelReport.FIT, r"^ALUTs: (?s:.*)^Kernel fmax:"),),
    "summary": (
        (IntelReport.FIT_SUMMARY, r"^Fitter Status *:"),
        (IntelReport.TIMING_SUMMARY, r"^Type *: .*\n+Slack *:"),
    ),
}
_CONTENT["log"] = ((IntelReport.PRINTED, r"^; Estimated Resource Usage Summary"),)
_CONTENT["rpt"] = (*_CONTENT["txt"], *_CONTENT["summary"])
_VIEWER = "json"
"""Folder of the JSON files that aoc's report viewer shows."""


def recognise_aoc(path: Path) -> RecognisedReport | None:
    """Return what a file is, gzipped or not; None for a file that is no report of these tools."""
    try:
        state = path.stat()
    except OSError:
        return None
    return _recognised(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=20_000)
def _recognised(path: Path, _modified: int, _size: int) -> RecognisedReport | None:
    """Return the answer for one state of a file."""
    name = path.name.removesuffix(".gz")
    named = _NAMES.get(name)
    in_viewer = path.parent.name == _VIEWER and path.parent.parent.name in {"lib", "resources"}
    # Other tools write an info.json or summary.json too: outside aoc's folder content decides.
    if named is not None and (in_viewer or not name.endswith(".json")):
        return RecognisedReport(path, named)
    for end, kind in (
        (".fit.summary", IntelReport.FIT_SUMMARY),
        (".sta.summary", IntelReport.TIMING_SUMMARY),
    ):
        if name.endswith(end):
            return RecognisedReport(path, kind)
    if in_viewer and name.endswith(".json"):
        return RecognisedReport(path, IntelReport.VIEW)
    patterns = _CONTENT.get(name.rpartition(".")[2].lower(), ())
    text = read_start(path, _READ) if patterns else ""
    for kind, pattern in patterns:
        if re.search(pattern, text, re.MULTILINE):
            return RecognisedReport(path, kind)
    is_view = in_viewer and name.endswith(".ndjson")
    return RecognisedReport(path, IntelReport.VIEW) if is_view else None
