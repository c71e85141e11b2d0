"""Reports of oneAPI and of i++ parsed by hls4ml, stored as JSON.

Source: hls4ml 1.3, report/oneapi_report.py and report/quartus_report.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backends.opencl.aoc.usage import Area, Fit, Info, Loop, Usage, number
from dse.contracts.offline import parse_json
from dse.runtime.report_files import ReportError, read_text

_KEYS = {"alut": "alut", "register": "reg", "ram_block": "ram", "dsp_block": "dsp", "mlab": "mlab"}
_ESTIMATE = {"alut": "ALUT", "register": "FF", "ram_block": "RAM", "dsp_block": "DSP"}
_ESTIMATE |= {"mlab": "MLAB"}
_FITTED = {"register": "REG", "ram_block": "RAM", "dsp_block": "DSP", "mlab": "MLAB"}


class ParsedReports:
    """One parsed report, with the methods of `backends.opencl.aoc.reports.AocReports`.

    Args:
        folder: the JSON file.

    Raises:
        ReportError: it is not JSON.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tree = parse_json(read_text(folder))
        if not isinstance(tree, dict):
            raise ReportError(folder, "is not a JSON object")
        self._tree = _section(folder, tree, "report") if "report" in tree else tree

    def area(self) -> Area | None:
        """Return the compiler's estimate; its capacity is unknown where i++ made it.

        Raises:
            ReportError: a count is missing or is not a number.
        """
        if "HLS" not in self._tree:
            names = {name: f"HLS Estimate {key}" for name, key in _ESTIMATE.items()}
            if not any(name in self._tree for name in names.values()):
                return None
            return Area(self._usage(self._tree, names), Usage(), {})
        hls = _section(self.folder, self._tree, "HLS")
        total, available = (_section(self.folder, hls, name) for name in ("total", "available"))
        return Area(self._usage(total, _KEYS), self._usage(available, _KEYS), {})

    def _usage(self, row: Mapping[str, Any], names: Mapping[str, str]) -> Usage:
        counts = {name: number(self.folder, key, row.get(key)) for name, key in names.items()}
        return Usage(**counts)

    def loops(self) -> list[Loop]:
        """Return a loop with the worst interval, which is all that the file has of loops."""
        if "Loop" not in self._tree:
            return []
        interval = _section(self.folder, self._tree, "Loop").get("worstII")
        found = Loop.of(self.folder, "worst", "Yes", interval)
        if found.ii is None:
            raise ReportError(self.folder, f"worstII is {interval!r}, not a count")
        return [found]

    def info(self) -> Info | None:
        """Return None: the file gives neither version nor target."""
        return None

    def fit(self) -> Fit | None:
        """Return the results of Quartus; None before a fit.

        Raises:
            ReportError: a value is missing or is not a number.
        """
        if "Quartus" in self._tree:
            row = _section(self.folder, self._tree, "Quartus")
            return Fit(self._usage(row, _KEYS), number(self.folder, "fmax", row.get("fmax")))
        if "Clock" in self._tree:
            names = {name: f"Quartus {key}" for name, key in _FITTED.items()}
            clock = number(self.folder, "Clock", self._tree["Clock"])
            return Fit(self._usage(self._tree, names), clock)
        return None


def _section(path: Path, tree: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = tree.get(name)
    if not isinstance(found, dict):
        raise ReportError(path, f"{name} is not a JSON object")
    return found
