"""Co-simulation: latency and interval of the RTL as simulated (cosim.rpt).

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
    """What was simulated.

    Args:
        language: Verilog or VHDL.
        passed: whether outputs agreed with C simulation.
        timing: None each where the tool gives none.
    """

    language: str
    passed: bool
    timing: Timing


def read_cosim(path: Path) -> Cosim:
    """The language that ran; a failed co-simulation is a report too.

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
    places = {"latency min": 2, "latency max": 4, "interval min": 5, "interval max": 7}
    return Timing(*(cycles(path, name, row[place]) for name, place in places.items()))
