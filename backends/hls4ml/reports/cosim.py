"""Co-simulation report (`*_cosim.rpt`): latency and interval of the simulated RTL.

Source: UG902 and UG1399, co-simulation report.
"""

from dataclasses import dataclass
from pathlib import Path

from backends.hls4ml.reports.csynth import Timing
from backends.hls4ml.reports.tables import tables
from dse.runtime.report_files import ReportError, cycles, read_text

_LANGUAGES = ("Verilog", "VHDL")


@dataclass(frozen=True)
class Cosim:
    """A co-simulation report.

    Args:
        language: Verilog or VHDL.
        passed: whether the outputs agreed with C simulation.
        timing: cycles; each None where the report gives none (NA).
    """

    language: str
    passed: bool
    timing: Timing


def read_cosim(path: Path) -> Cosim:
    """Read a co-simulation report; a failed co-simulation is returned, not raised.

    Raises:
        ReportError: the file is missing or damaged, or nothing ran.
    """
    rows = [row for table in tables(read_text(path)) for row in table.rows]
    by_language = {row[0]: row for row in rows if len(row) >= 8 and row[0] in _LANGUAGES}
    if not by_language:
        raise ReportError(path, "there is no row for Verilog or VHDL")
    for language in _LANGUAGES:
        row = by_language.get(language)
        if row is not None and row[1] in {"Pass", "Fail"}:
            return Cosim(language, row[1] == "Pass", _timing(path, row))
    raise ReportError(path, "neither Verilog nor VHDL was simulated")


def _timing(path: Path, row: list[str]) -> Timing:
    """Read cycles; columns are status, latency min, avg, max, interval min, avg, max."""
    places = {"latency min": 2, "latency max": 4, "interval min": 5, "interval max": 7}
    return Timing(*(cycles(path, name, row[place]) for name, place in places.items()))
