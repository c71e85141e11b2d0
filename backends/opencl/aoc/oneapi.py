"""Reports of oneAPI's compiler for FPGAs: one JSON object a line (`*.ndjson`).

Source: oneAPI 2025, `<project>.report.prj/reports/resources/json`; hls4ml's oneAPI backend reads
the same files.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backends.opencl.aoc.javascript import loads
from backends.opencl.aoc.places import files_of
from backends.opencl.aoc.recognise import IntelReport
from backends.opencl.aoc.reports import json_fit
from backends.opencl.aoc.usage import Area, Fit, Info, Loop, area_of_rows
from dse.runtime.report_files import ReportError, read_text


class OneApiReports:
    """Reports of one folder, with the methods of `backends.opencl.aoc.reports.AocReports`.

    Args:
        folder: folder of the files, or of the project.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lines = files_of(folder).get(IntelReport.LINES)
        self._json = lines.parent if lines else None

    @property
    def exists(self) -> bool:
        """Whether the folder has any of the reports."""
        return self._json is not None

    def _lines(self, name: str) -> tuple[Path, list[dict[str, Any]]] | None:
        """Return a report's path and objects; None where there is no such report."""
        names = (f"{name}.ndjson", f"{name}.ndjson.gz")
        paths = [self._json / one for one in names] if self._json else []
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            return None
        found = []
        for number, line in enumerate(read_text(path).splitlines(), 1):
            value = loads(line) if line.strip() else {}
            if not isinstance(value, dict):
                raise ReportError(path, f"line {number} is not a JSON object")
            found.append(value)
        return path, found

    def area(self) -> Area | None:
        """Return the compiler's estimate; None where there is none.

        Raises:
            ReportError: it is damaged; the message names the row.
        """
        read = self._lines("summary")
        if read is None:
            return None
        path, lines = read
        heads = [line for line in lines if line.get("summary_type") == "estimatedResources"]
        columns = heads[0].get("columns") if heads else None
        if not isinstance(columns, list):
            raise ReportError(path, "estimatedResources has no columns")
        rows = {
            str(line.get("name")): line.get("data")
            for line in lines
            if line.get("parent") == "estimatedResources"
        }
        return area_of_rows(path, columns, rows)

    def loops(self) -> list[Loop]:
        """Return all loops; [] where there is no report of them."""
        read = self._lines("loop_attr")
        return [] if read is None else list(_loops(*read))

    def info(self) -> Info | None:
        """Return None: these files give neither version nor target."""
        return None

    def fit(self) -> Fit | None:
        """Return the results of Quartus' fit; None before a fit.

        Raises:
            ReportError: the report is damaged.
        """
        read = self._lines("quartus")
        return None if read is None or not read[1] else json_fit(read[0], read[1][0])


def _loops(path: Path, lines: list[dict[str, Any]]) -> Iterator[Loop]:
    for line in lines:
        if line.get("type") == "loop":
            yield Loop.of(path, str(line.get("name", "")), str(line.get("pl")), line.get("ii", ""))
