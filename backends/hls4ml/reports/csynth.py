"""C synthesis report (`*_csynth.xml`, `*_csynth.rpt`): latency, clock and resources by HLS.

Source: UG902 and UG1399, synthesis report; schemas of Vivado HLS 2018.2 to Vitis HLS 2024.1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from backends.hls4ml.reports.tables import ReportTable, tables
from dse.runtime.report_files import ReportError, cycles, decimal, read_text, whole


@dataclass(frozen=True)
class Used:
    """Resource counts; block RAM in units of 18 Kb."""

    lut: int
    ff: int
    dsp: int
    bram_18k: int
    uram: int


@dataclass(frozen=True)
class Timing:
    """Cycles of a design or module; None where the tool does not know them."""

    latency_min: int | None
    latency_max: int | None
    interval_min: int | None
    interval_max: int | None


@dataclass(frozen=True)
class ModuleReport:
    """Cycles and resources of one module of the design."""

    timing: Timing
    used: Used


@dataclass(frozen=True)
class Csynth:
    """A C synthesis report.

    Args:
        version: version of the tool, such as ``2020.1``; empty where the report lacks it.
        part: full part name; empty where the report lacks it.
        top: name of the top function; empty where the report lacks it.
        target_clock_ns: requested clock period; None where the report lacks it.
        estimated_clock_ns: clock period that HLS expects to reach, without the uncertainty; None
            where the report lacks it.
        uncertainty_ns: margin that HLS keeps for place and route; None where the report lacks it.
        timing: cycles of the whole design.
        used: resources of the whole design.
        available: capacity of the part; None where the report lacks it.
        modules: modules by name; empty where the report does not list them.
    """

    version: str
    part: str
    top: str
    target_clock_ns: float | None
    estimated_clock_ns: float | None
    uncertainty_ns: float | None
    timing: Timing
    used: Used
    available: Used | None
    modules: Mapping[str, ModuleReport] = field(default_factory=dict)


def read_csynth(path: Path) -> Csynth:
    """Read a csynth report, XML or text by the file's name, gzipped or not.

    Raises:
        ReportError: the file is missing or damaged; the message names the field.
    """
    xml = path.name.removesuffix(".gz").endswith(".xml")
    return _XmlReport(path).report() if xml else _TextReport(path).report()


# Vivado HLS (to 2020.1) calls DSP slices DSP48E, Vitis HLS calls them DSP.
_RESOURCES = {"lut": ("LUT",), "ff": ("FF",), "dsp": ("DSP", "DSP48E"), "bram_18k": ("BRAM_18K",)}


class _XmlReport:
    """Reader of a report in XML; every method raises ReportError with the element's path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.root = ET.fromstring(read_text(path))  # noqa: S314  (a local report; no network)
        except (ET.ParseError, ValueError, LookupError) as error:
            raise ReportError(path, f"is not XML: {error}") from error
        if self.root.tag != "profile":
            raise ReportError(path, f"is not a csynth report: its root is <{self.root.tag}>")

    def report(self) -> Csynth:
        user, timing = "UserAssignments", "PerformanceEstimates/SummaryOfTimingAnalysis"
        unit = self.text(f"{timing}/unit")
        if unit != "ns":
            raise ReportError(self.path, f"{timing}/unit is {unit!r}, not ns")
        return Csynth(
            version=self.text("ReportVersion/Version"),
            part=self.text(f"{user}/Part"),
            top=self.text(f"{user}/TopModelName"),
            target_clock_ns=_period(self.path, self.number(f"{user}/TargetClockPeriod")),
            estimated_clock_ns=self.number(f"{timing}/EstimatedClockPeriod"),
            uncertainty_ns=self.number(f"{user}/ClockUncertainty"),
            timing=self.timing(self.root, "Interval-min", "Interval-max"),
            used=self.used(self.root, "AreaEstimates/Resources"),
            available=self.used(self.root, "AreaEstimates/AvailableResources"),
            modules=self.modules(),
        )

    def text(self, place: str, under: ET.Element | None = None) -> str:
        found = (self.root if under is None else under).findtext(place)
        if found is None or not found.strip():
            raise ReportError(self.path, f"{place} is missing")
        return found.strip()

    def number(self, place: str) -> float:
        return decimal(self.path, place, self.root.findtext(place))

    def timing(self, under: ET.Element, lowest: str, highest: str) -> Timing:
        base = "PerformanceEstimates/SummaryOfOverallLatency"
        names = ("Best-caseLatency", "Worst-caseLatency", lowest, highest)
        values = [
            cycles(self.path, f"{base}/{name}", self.text(f"{base}/{name}", under))
            for name in names
        ]
        return Timing(*values)

    def used(self, under: ET.Element, base: str) -> Used:
        counts = {name: self.count(under, base, tags) for name, tags in _RESOURCES.items()}
        uram = under.findtext(f"{base}/URAM")  # not in every version
        return Used(**counts, uram=0 if uram is None else whole(self.path, f"{base}/URAM", uram))

    def count(self, under: ET.Element, base: str, tags: tuple[str, ...]) -> int:
        for tag in tags:
            text = under.findtext(f"{base}/{tag}")
            if text is not None:
                return whole(self.path, f"{base}/{tag}", text)
        raise ReportError(self.path, f"{base}/{tags[0]} is missing")

    def modules(self) -> dict[str, ModuleReport]:
        found = {}
        for module in self.root.findall("ModuleInformation/Module"):
            interval = "PipelineInitiationInterval"
            timing = self.timing(module, *self._interval(module, interval))
            used = self.used(module, "AreaEstimates/Resources")
            found[self.text("Name", module)] = ModuleReport(timing, used)
        return found

    @staticmethod
    def _interval(module: ET.Element, name: str) -> tuple[str, str]:
        """Return the paths of lowest and highest interval, a range only where it varies."""
        base = f"PerformanceEstimates/SummaryOfOverallLatency/{name}/range"
        if module.find(base) is not None:
            return f"{name}/range/min", f"{name}/range/max"
        return name, name


def _period(path: Path, target: float) -> float:
    """Return a requested clock period.

    Raises:
        ReportError: no clock has it; latencies in ns that follow from it would be 0.
    """
    if target <= 0:
        raise ReportError(path, f"the target clock period is {target} ns, which is none")
    return target


class _TextReport:
    """Reader of a report in text; every method raises ReportError with the field's name."""

    def __init__(self, path: Path) -> None:
        self.path, self.content = path, read_text(path)
        self.tables = list(tables(self.content))

    def report(self) -> Csynth:
        clock = self._first("Clock", "Target")
        if len(clock.rows[0]) < 4:
            raise ReportError(self.path, "the timing table has too few columns")
        target, estimated, uncertainty = (
            decimal(self.path, name, text)
            for name, text in zip(
                ("target clock", "estimated clock", "uncertainty"), clock.rows[0][1:4], strict=True
            )
        )
        top = self._line(r"HLS Report for '(\w+)'", "the name of the top")
        return Csynth(
            version=self._line(r"\* Version: +(\S+)", "Version"),
            part=self._line(r"\* Target device: +(\S+)", "Target device"),
            top=top,
            target_clock_ns=_period(self.path, target),
            estimated_clock_ns=estimated,
            uncertainty_ns=uncertainty,
            timing=self._timing(),
            used=self._used("Total"),
            available=self._used("Available"),
        )

    def _line(self, pattern: str, name: str) -> str:
        found = re.search(pattern, self.content)
        if found is None:
            raise ReportError(self.path, f"{name} is missing")
        return found.group(1)

    def _first(self, *header: str) -> ReportTable:
        for table in self.tables:
            words = " ".join(cell for row in table.header for cell in row)
            if all(word in words for word in header):
                return table
        raise ReportError(self.path, f"there is no table with the columns {', '.join(header)}")

    def _timing(self) -> Timing:
        row = self._first("Latency", "Interval", "Pipeline").rows[0]
        # Vivado HLS 2018.2 prints 5 cells: min and max of latency and interval, pipeline type.
        # From 2019.2 on there are 7: min and max of the absolute latency before the interval.
        columns = {6: (0, 1, 2, 3), 7: (0, 1, 4, 5), 5: (0, 1, 2, 3)}.get(len(row))
        if columns is None:
            raise ReportError(self.path, f"the latency table has {len(row)} columns")
        names = ("latency min", "latency max", "interval min", "interval max")
        return Timing(
            *(cycles(self.path, name, row[i]) for name, i in zip(names, columns, strict=True))
        )

    def _used(self, row_name: str) -> Used:
        table = self._first("Name", "BRAM_18K", "LUT")
        row = next((row for row in table.rows if row[0] == row_name), None)
        if row is None:
            raise ReportError(self.path, f"the utilization table has no row {row_name}")
        cells = dict(zip(table.header[0], row, strict=False))
        counts = {
            name: whole(self.path, f"{row_name} {tags[0]}", _first_present(cells, tags))
            for name, tags in _RESOURCES.items()
        }
        uram = cells.get("URAM")
        return Used(**counts, uram=whole(self.path, "URAM", uram) if uram is not None else 0)


def _first_present(cells: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((cells[name] for name in names if name in cells), None)
