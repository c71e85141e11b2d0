"""Outcome of a run of aoc, from the reports of one design."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from backends.opencl.aoc.metrics import COUNTS, KERNEL_FMAX, WORST_II
from backends.opencl.aoc.oneapi import OneApiReports
from backends.opencl.aoc.parsed import ParsedReports
from backends.opencl.aoc.places import files_of
from backends.opencl.aoc.recognise import IntelReport
from backends.opencl.aoc.reports import AocReports
from backends.opencl.aoc.usage import ARRIA_10_GX_1150, Area, Fit, Info, Loop, Usage
from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Assignment, Value
from dse.runtime.report_files import ReportError

_Read = TypeVar("_Read")
Reports = AocReports | OneApiReports | ParsedReports


def reports_at(place: Path) -> Reports:
    """Return the reader for the reports of a design.

    Raises:
        ReportError: hls4ml's JSON is damaged.
    """
    files = files_of(place)
    if IntelReport.PARSED in files:
        return ParsedReports(files[IntelReport.PARSED])
    return OneApiReports(place) if IntelReport.LINES in files else AocReports(place)


class _Reading:
    """What the reports give; where not all are needed, a damaged one is left out with a warning."""

    def __init__(self, reports: Reports, *, complete: bool) -> None:
        self._complete = complete
        self.warnings: list[str] = []
        self.problem: ReportError | None = None
        self.area: Area | None = self._attempt(reports.area)
        self.fit: Fit | None = self._attempt(reports.fit)
        slack = reports.slack_ns if isinstance(reports, AocReports) else None
        self.slack_ns: float | None = self._attempt(slack) if slack else None
        self.info: Info | None = self._attempt(reports.info)
        self.loops: list[Loop] = self._attempt(reports.loops) or []

    def _attempt(self, read: Callable[[], _Read | None]) -> _Read | None:
        try:
            return read()
        except ReportError as error:
            if self._complete:
                raise
            self.problem = self.problem or error
            self.warnings.append(f"{Path(error.where).name}: {error.message}")
            return None

    @property
    def intervals(self) -> list[int]:
        """Initiation intervals of the pipelined loops that the reports give."""
        return [loop.ii for loop in self.loops if loop.pipelined and loop.ii is not None]


def outcome_at(
    place: Path, parameters: Assignment, *, complete: bool
) -> tuple[Outcome | None, str]:
    """Return the outcome, None where there are no numbers, and the tool with its version.

    Args:
        place: place of the design.
        parameters: of the job, as far as they are known.
        complete: whether every report must be readable; else a damaged one is left out with a
            warning, as long as another one has numbers.

    Raises:
        ReportError: a report is damaged, or the fit that was requested is missing.
    """
    read = _Reading(reports_at(place), complete=complete)
    tool = f"{read.info.tool} {read.info.version}".strip() if read.info else "aoc"
    found = tuple(_metrics(read))
    if not found:
        if read.problem is not None:
            raise read.problem
        return None, tool
    if parameters.get("compile") == "full" and read.fit is None:
        raise read.problem or ReportError(place, "there is no result of Quartus' fit")
    return Outcome(found, _facts(read)), tool


def _metrics(read: _Reading) -> Iterator[Metric]:
    yield from _counts(read.area.total if read.area else None, read.fit)
    if read.intervals:
        yield WORST_II.metric(max(read.intervals), Fidelity.CSYNTH)
    if read.fit is not None and read.fit.kernel_fmax_mhz is not None:
        yield KERNEL_FMAX.metric(read.fit.kernel_fmax_mhz, Fidelity.IMPLEMENTED)
    if read.slack_ns is not None:
        yield Metric.of("clock_slack_ns", read.slack_ns, Fidelity.IMPLEMENTED)


def _counts(estimated: Usage | None, fit: Fit | None) -> Iterator[Metric]:
    """Yield every count of the fit, else of the estimate; each carries its own fidelity."""
    for info in COUNTS:
        fitted = getattr(fit.used, info.name) if fit else None
        value = fitted if fitted is not None else getattr(estimated, info.name, None)
        if value is not None:
            fidelity = Fidelity.CSYNTH if fitted is None else Fidelity.IMPLEMENTED
            yield info.metric(value, fidelity)


def _facts(read: _Reading) -> dict[str, Value]:
    """Return the effective configuration: target, command, loops, capacity, kernels, warnings."""
    target = read.info.target if read.info else ""
    effective: dict[str, Value] = {
        "target": target,
        "command": read.info.command if read.info else "",
        "loops": {
            f"{number} {loop.name}": loop.mark + str(loop.ii)
            for number, loop in enumerate(read.loops)
            if loop.pipelined
        },
    }
    # The device's own capacity where it is known: reports leave out the board's share.
    available = ARRIA_10_GX_1150 if "10AX115" in target else None
    if available is None and read.area is not None:
        available = read.area.available
    if available is not None:
        # No parameter names the device, so its capacity goes with the counts it belongs to.
        effective["available"] = {name: most for name, most in vars(available).items() if most}
    if read.area is not None:
        effective["resources"] = {
            name: {k: v for k, v in vars(usage).items() if v is not None}
            for name, usage in read.area.kernels.items()
        }
    if read.warnings:
        effective["warning"] = "; ".join(read.warnings)
    return effective
