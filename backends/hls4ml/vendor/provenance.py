"""Which tool made the reports of a design, and how it is named in provenance."""

import re
from pathlib import Path

from backends.hls4ml.reports.log import parse_log
from backends.hls4ml.reports.recognise import LOGS
from backends.hls4ml.vendor.describe import backend_of
from backends.hls4ml.vendor.project import ReportFiles, locate_reports
from backends.hls4ml.vendor.reading import VendorReports, read_reports
from backends.hls4ml.vendor.tools import provenance
from dse.runtime.report_files import ReportError, read_start

_LOG_START = 100_000  # the banner with the version is at the start of a log


def named_tool(title: str, reports: VendorReports | None, logged: str) -> str:
    """Return the tools of a result.

    Args:
        title: name of the HLS tool.
        reports: what was read; None for a failure.
        logged: version of the HLS tool by the log; empty where it gives none.
    """
    csynth, vivado = (reports.csynth, reports.vivado) if reports else (None, None)
    later = vivado.version if vivado else ""
    if reports is not None and csynth is None and not logged:
        return f"Vivado {later}".strip()
    return provenance(title, (csynth.version if csynth else "") or logged, later)


def maker(place: Path) -> str:
    """Return the backend whose tool made a design: ``vivado`` (Vivado HLS) or ``vitis``.

    By the version of the HLS tool, else of Vivado, because Vitis HLS replaced Vivado HLS with
    2020.2; versions of the form ``2020.1`` order as texts. Where no file has a version, hls4ml's
    configuration or the path may name the tool; a place that shows nothing counts as Vitis.
    """
    files = _files(place)
    if version := _version(place, files):
        return "vivado" if version < "2020.2" else "vitis"
    return _by_name(place, files) or "vitis"


def _files(place: Path) -> ReportFiles:
    try:
        return locate_reports(place)
    except ReportError:
        return ReportFiles(log=next((p for n in LOGS if (p := place / n).is_file()), None))


def _version(place: Path, files: ReportFiles) -> str:
    """Return the version of HLS, else of Vivado; empty where no file gives one."""
    try:
        reports = read_reports(place)
    except ReportError:
        reports = None
    csynth, vivado = (reports.csynth, reports.vivado) if reports else (None, None)
    if csynth is not None and csynth.version:
        return csynth.version
    logged = parse_log(read_start(files.log, _LOG_START)).version if files.log else ""
    return logged or (vivado.version if vivado else "")


def _by_name(place: Path, files: ReportFiles) -> str:
    """Return the tool by configuration, by the log's name, or by words in the path; else empty."""
    config = backend_of(place)
    if config.lower().startswith(("vivado", "vitis")):
        return "vivado" if config.lower().startswith("vivado") else "vitis"
    if files.log is not None and files.log.name.startswith("vivado_hls"):
        return "vivado"
    if files.parsed is not None:
        for part in reversed(files.parsed.parts[-4:]):  # hls4ml's own layout: Vivado/2020.1/NAME
            words = set(re.split(r"[^a-z]+", part.lower()))
            if len(found := words & {"vivado", "vitis"}) == 1:
                return found.pop()
    return ""
