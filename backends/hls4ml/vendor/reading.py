"""Reports of a design: which are read, and which are left out with a warning."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from backends.hls4ml.reports.cosim import Cosim, read_cosim
from backends.hls4ml.reports.csynth import Csynth, Used, read_csynth
from backends.hls4ml.reports.export import read_export
from backends.hls4ml.reports.parsed import Parsed, read_parsed
from backends.hls4ml.reports.summary import read_summary
from backends.hls4ml.reports.vivado import read_timing_summary, read_utilisation
from backends.hls4ml.vendor.parts import same_device, spelled
from backends.hls4ml.vendor.project import ReportFiles, locate_reports
from dse.runtime.report_files import ReportError

STAGES = ("csynth", "cosim", "vsynth", "impl")
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class VivadoResult:
    """Results of Vivado's synthesis (`vsynth`) or of place and route (`impl`).

    Args:
        stage: ``vsynth`` or ``impl``.
        version: version of Vivado; empty where the report lacks it.
        part: part as Vivado writes it; empty where the report lacks it.
        used: resources of the design.
        target_clock_ns: requested clock period; None where no report gives it.
        period_ns: shortest clock period that meets timing; None where no report gives it.
    """

    stage: str
    version: str
    part: str
    used: Used
    target_clock_ns: float | None
    period_ns: float | None


@dataclass(frozen=True)
class VendorReports:
    """Contents of a design's reports; at least one of `csynth` and `vivado` is there.

    Args:
        csynth: C synthesis; None where only Vivado's reports are there.
        cosim: co-simulation; None where it did not run.
        vivado: Vivado's last stage; None where it did not run.
        warnings: messages about reports that were left out.
    """

    csynth: Csynth | None
    cosim: Cosim | None
    vivado: VivadoResult | None
    warnings: tuple[str, ...] = ()

    @property
    def stage(self) -> str:
        """The last stage that the reports cover."""
        if self.vivado is not None:
            return self.vivado.stage
        return "csynth" if self.cosim is None else "cosim"

    @property
    def part(self) -> str:
        """The part; empty where no report gives it."""
        named = self.csynth.part if self.csynth else ""
        return spelled(named or (self.vivado.part if self.vivado else ""))

    @property
    def target_clock_ns(self) -> float | None:
        """The requested clock period; None where no report gives it."""
        if self.csynth is not None and self.csynth.target_clock_ns is not None:
            return self.csynth.target_clock_ns
        return self.vivado.target_clock_ns if self.vivado else None


def read_reports(place: Path, stage: str | None = None) -> VendorReports | None:
    """Read the reports of a design; None where there is none with numbers.

    Args:
        place: the folder or report.
        stage: the stage that must have been reached, with all its reports. None accepts any; what
            is missing, damaged or of another design after C synthesis is left out with a warning.

    Raises:
        ReportError: a report is missing, damaged or of another design, or co-simulation failed.
    """
    files = locate_reports(place)
    parsed = read_parsed(files.parsed) if files.parsed else None
    csynth = _csynth(files, parsed)
    if csynth is None and stage is not None:
        return None
    later = _LaterStages(files, csynth, stage)
    cosim, vivado = later.cosim(parsed), later.vivado(parsed)
    if csynth is None and vivado is None:
        later.raise_problem()
        return None
    reports = VendorReports(csynth, cosim, vivado, tuple(later.warned))
    if stage is not None:
        _check_complete(place, reports, stage)
    return reports


def _check_complete(place: Path, reports: VendorReports, stage: str) -> None:
    if reports.stage != stage:
        raise ReportError(place, f"there is no report of {stage}")
    if reports.vivado is not None and reports.vivado.period_ns is None:
        raise ReportError(place, f"there is no timing report of {stage}")


def _csynth(files: ReportFiles, parsed: Parsed | None) -> Csynth | None:
    """Read C synthesis: the top function's report, else a summary, else hls4ml's JSON."""
    if files.csynth is not None:
        return _with_modules(read_csynth(files.csynth), files.design)
    if files.summary is not None:
        return read_summary(files.summary)
    return parsed.csynth if parsed else None


def _with_modules(csynth: Csynth, design: Path | None) -> Csynth:
    """Add modules from the design's report, because the top function's report has none."""
    if csynth.modules or design is None:
        return csynth
    return replace(csynth, modules=read_csynth(design).modules)


class _LaterStages:
    """Reader of what ran after C synthesis.

    Where no stage is required, a problem of a report is a warning, and the report is left out: the
    numbers of the earlier stages stay.
    """

    def __init__(self, files: ReportFiles, csynth: Csynth | None, stage: str | None) -> None:
        self.files, self.csynth, self.stage = files, csynth, stage
        self.warned = list(files.warnings) if stage is None else []
        self._problem: ReportError | None = None

    def raise_problem(self) -> None:
        """Raise the first problem of a report that was left out, if there is one."""
        if self._problem is not None:
            raise self._problem

    def _attempt(self, read: Callable[[], _Read]) -> _Read | None:
        try:
            return read()
        except ReportError as error:
            if self.stage is not None:
                raise
            self._problem = self._problem or error
            self.warned.append(f"{Path(error.where).name}: {error.message}")
            return None

    def cosim(self, parsed: Parsed | None) -> Cosim | None:
        path = self.files.cosim
        if self.stage not in {None, "cosim"} or self.csynth is None:
            return None
        if path is not None:
            return self._attempt(lambda: _passed(path, read_cosim(path)))
        if parsed is not None and parsed.cosim is not None and self.files.parsed is not None:
            place, found = self.files.parsed, parsed.cosim
            return self._attempt(lambda: _passed(place, found))
        return None

    def vivado(self, parsed: Parsed | None) -> VivadoResult | None:
        """Read the last stage of Vivado that is there, or the required one."""
        for stage in ("impl", "vsynth") if self.stage is None else (self.stage,):
            found = self._of_stage(stage)
            if found is not None:
                if found.period_ns is None and self.stage is None:
                    self.warned.append(f"there is no timing report of {stage}")
                return found
        if parsed is None:
            return None
        self.warned += [f"{name} is of the block design on a board" for name in parsed.left_out]
        return VivadoResult("vsynth", "", "", parsed.vsynth, None, None) if parsed.vsynth else None

    def _of_stage(self, stage: str) -> VivadoResult | None:
        """Read a stage's results from Vivado's own reports, else from export_design's."""
        path, found = self.files.utilisation.get(stage), None
        if path is not None:
            found = self._attempt(lambda: self._counted(path, stage))
        if found is None:
            export = self.files.export
            return self._attempt(lambda: self._exported(export, stage)) if export else None
        return self._timed(found)

    def _counted(self, path: Path, stage: str) -> VivadoResult:
        found = read_utilisation(path)
        self._check_device(path, found.device)
        _check_state(path, found.state, stage)
        return VivadoResult(stage, found.version, found.device, found.used, None, None)

    def _timed(self, found: VivadoResult) -> VivadoResult:
        """Add the clock: of the timing report, else of export_design's report of that stage.

        The latter has the full name of the part, too.
        """
        timing, export = self.files.timing.get(found.stage), self.files.export
        clock = self._attempt(lambda: self._clock(timing)) if timing else None
        same = self._attempt(lambda: self._exported(export, found.stage)) if export else None
        if same is not None and same_device(same.part, found.part):
            found = replace(found, part=same.part)
            clock = clock or ((same.target_clock_ns, same.period_ns) if timing is None else None)
        return replace(found, target_clock_ns=clock[0], period_ns=clock[1]) if clock else found

    def _clock(self, path: Path) -> tuple[float | None, float | None]:
        """Return the requested clock period, and the shortest that meets timing (minus WNS)."""
        timing = read_timing_summary(path)
        target = self.csynth.target_clock_ns if self.csynth else None
        if timing.period_ns is not None and target is not None:
            _check_clock(path, timing.period_ns, target)
        target = timing.period_ns if target is None else target
        return target, None if target is None else target - timing.wns_ns

    def _exported(self, path: Path, stage: str) -> VivadoResult | None:
        found = read_export(path)
        if found.routed != (stage == "impl"):
            return None
        self._check_device(path, found.part)
        if self.csynth is not None and self.csynth.target_clock_ns is not None:
            _check_clock(path, found.required_ns, self.csynth.target_clock_ns)
        clock = (found.required_ns, found.achieved_ns)
        return VivadoResult(stage, found.version, found.part, found.used, *clock)

    def _check_device(self, path: Path, device: str) -> None:
        """Check that a Vivado report is of the part of C synthesis."""
        part = self.csynth.part if self.csynth else ""
        if part and not same_device(device, part):
            raise ReportError(path, f"is of {device}, C synthesis of {part}")


def _passed(path: Path, found: Cosim) -> Cosim:
    """Return a co-simulation; raise ReportError where it failed: its cycles mean nothing then."""
    if not found.passed:
        raise ReportError(path, "co-simulation failed")
    return found


def _check_clock(path: Path, period_ns: float, target_ns: float) -> None:
    """Check that a report is for the clock of C synthesis; reports round the period."""
    if abs(period_ns - target_ns) > 0.01:
        message = f"is for a clock of {period_ns} ns, C synthesis for {target_ns} ns"
        raise ReportError(path, message)


def _check_state(path: Path, state: str, stage: str) -> None:
    """Check the design state of a report; `vsynth` is Synthesized or Optimized."""
    placed = "rout" in state.lower() or "plac" in state.lower()
    if placed != (stage == "impl"):
        raise ReportError(path, f"is of a design that is {state}, not of {stage}")
