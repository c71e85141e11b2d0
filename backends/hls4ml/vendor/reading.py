"""Metrics from the reports of a project: every number is of the last stage that gives it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backends.hls4ml.reports.cosim import Cosim, read_cosim
from backends.hls4ml.reports.csynth import Csynth, Used, read_csynth
from backends.hls4ml.reports.export import read_export
from backends.hls4ml.reports.vivado import read_timing_summary, read_utilisation
from backends.hls4ml.vendor.project import ReportFiles, locate_reports
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Value
from dse.runtime.report_files import ReportError

STAGES = ("csynth", "cosim", "vsynth", "impl")
COUNTS = ("lut", "ff", "dsp", "bram_18k", "uram")
_VIVADO_FIDELITY = {"vsynth": Fidelity.VSYNTH, "impl": Fidelity.IMPLEMENTED}


@dataclass(frozen=True)
class VivadoResult:
    """Results of Vivado's synthesis (`vsynth`) or of place and route (`impl`).

    Args:
        stage: ``vsynth`` or ``impl``.
        version: version of Vivado.
        used: resources of the design.
        period_ns: shortest clock period that meets timing; None where no report gives it.
    """

    stage: str
    version: str
    used: Used
    period_ns: float | None


@dataclass(frozen=True)
class VendorReports:
    """Contents of a project's reports.

    Args:
        csynth: C synthesis.
        cosim: co-simulation; None where it did not run.
        vivado: Vivado's last stage; None where it did not run.
        warnings: messages about reports that were left out.
    """

    csynth: Csynth
    cosim: Cosim | None
    vivado: VivadoResult | None
    warnings: tuple[str, ...] = ()

    @property
    def stage(self) -> str:
        """The last stage that the reports cover."""
        if self.vivado is not None:
            return self.vivado.stage
        return "csynth" if self.cosim is None else "cosim"


def read_reports(project: Path, stage: str | None = None) -> VendorReports | None:
    """Read the reports of a project; None where there is no C synthesis report.

    Args:
        project: its folder.
        stage: the stage that must have been reached; None accepts any.

    Raises:
        ReportError: a report is missing, damaged or of another design, or co-simulation failed.
    """
    files = locate_reports(project)
    if files.csynth is None:
        return None
    csynth = _with_modules(read_csynth(files.csynth), files.design)
    cosim, warnings = _cosim(files, stage)
    wanted = ("impl", "vsynth") if stage is None else (stage,)
    vivado = next(filter(None, (_vivado(files, csynth, name) for name in wanted)), None)
    reports = VendorReports(csynth, cosim, vivado, warnings)
    if stage is not None and reports.stage != stage:
        raise ReportError(project, f"there is no report of {stage}")
    if stage is not None and vivado is not None and vivado.period_ns is None:
        raise ReportError(project, f"there is no timing report of {stage}")
    return reports


def _cosim(files: ReportFiles, stage: str | None) -> tuple[Cosim | None, tuple[str, ...]]:
    """Read co-simulation; its failure is an error where it was requested, else a warning."""
    if files.cosim is None or stage not in {None, "cosim"}:
        return None, ()
    try:
        return _passed(files.cosim), ()
    except ReportError as error:
        if stage is not None:
            raise
        return None, (error.message,)


def _passed(path: Path) -> Cosim:
    """Read co-simulation; raise ReportError where it failed, as its cycles mean nothing then."""
    found = read_cosim(path)
    if not found.passed:
        raise ReportError(path, "co-simulation failed")
    return found


def _with_modules(csynth: Csynth, design: Path | None) -> Csynth:
    """Add modules from the design's report, because the top function's report has none."""
    if csynth.modules or design is None:
        return csynth
    return Csynth(**{**vars(csynth), "modules": read_csynth(design).modules})


def _vivado(files: ReportFiles, csynth: Csynth, stage: str) -> VivadoResult | None:
    """Read a stage's results from Vivado's own reports, else from export_design's."""
    if stage in files.utilisation:
        path = files.utilisation[stage]
        found = read_utilisation(path)
        _check_device(path, found.device, csynth.part)
        _check_state(path, found.state, stage)
        timing = files.timing.get(stage)
        period = None if timing is None else _period(timing, csynth.target_clock_ns)
        return VivadoResult(stage, found.version, found.used, period)
    if files.export and files.export.suffix == ".rpt":
        export = read_export(files.export)
        if export.routed == (stage == "impl"):
            _check_device(files.export, export.part, csynth.part)
            return VivadoResult(stage, export.version, export.used, export.achieved_ns)
    return None


def _period(path: Path, target_ns: float) -> float:
    """Return the shortest clock period that meets timing: requested period minus WNS."""
    timing = read_timing_summary(path)
    if timing.period_ns is not None and abs(timing.period_ns - target_ns) > 0.01:
        message = f"is for a clock of {timing.period_ns} ns, C synthesis for {target_ns} ns"
        raise ReportError(path, message)
    return target_ns - timing.wns_ns


def _check_device(path: Path, device: str, part: str) -> None:
    """Check that a Vivado report is of the part of C synthesis.

    Vivado writes xc7z020-clg400-1 as 7z020clg400-1, so hyphens and the prefix are ignored; one of
    the names may be longer than the other.
    """
    first, second = (name.lower().replace("-", "").removeprefix("xc") for name in (device, part))
    if not (first.startswith(second) or second.startswith(first)):
        raise ReportError(path, f"is of {device}, C synthesis of {part}")


def _check_state(path: Path, state: str, stage: str) -> None:
    """Check the design state of a report; `vsynth` is Synthesized or Optimized."""
    placed = "rout" in state.lower() or "plac" in state.lower()
    if placed != (stage == "impl"):
        raise ReportError(path, f"is of a design that is {state}, not of {stage}")


def achieved(reports: VendorReports) -> tuple[float, str]:
    """Return the achieved clock period in ns and its source: ``slack``, or HLS' ``estimate``."""
    vivado = reports.vivado
    if vivado is not None and vivado.period_ns is not None:
        return vivado.period_ns, "slack"
    return reports.csynth.estimated_clock_ns, "estimate"


def facts(reports: VendorReports) -> dict[str, Value]:
    """Return the effective configuration: target, clock, versions, capacity, module resources."""
    period, source = achieved(reports)
    csynth, vivado = reports.csynth, reports.vivado
    found: dict[str, Value] = {
        "stage": reports.stage,
        "clock": source,
        "achieved_clock_ns": round(period, 3),
        "tool_version": csynth.version,
        "part": csynth.part,
        "clock_period_ns": csynth.target_clock_ns,
    }
    # The part's capacity by the tool itself: utilisation of parts that dse's table lacks needs it.
    available = {name: getattr(csynth.available, name) for name in COUNTS}
    found["available"] = {name: most for name, most in available.items() if most}
    if vivado is not None:
        found["vivado_version"] = vivado.version
    late = ("timing is not met",) if period > csynth.target_clock_ns else ()
    if warnings := (*reports.warnings, *late):
        found["warning"] = "; ".join(warnings)
    if csynth.modules:
        found["resources"] = {
            name: {count: getattr(module.used, count) for count in COUNTS}
            for name, module in csynth.modules.items()
        }
    return found


def metrics(reports: VendorReports) -> tuple[Metric, ...]:
    """Return cycles, times, clock slack and resource counts.

    Times are cycles times the requested clock period, or the achieved one where that is longer.

    Raises:
        EvaluationError: report_missing, where the tool does not know latency or interval.
    """
    csynth, vivado = reports.csynth, reports.vivado
    period, source = achieved(reports)
    counted = Fidelity.CSYNTH if vivado is None else _VIVADO_FIDELITY[vivado.stage]
    clocked = counted if source == "slack" else Fidelity.CSYNTH
    return (
        *_cycles(reports, max(period, csynth.target_clock_ns)),
        Metric.of("clock_slack_ns", csynth.target_clock_ns - period, clocked),
        *_counts(csynth.used if vivado is None else vivado.used, counted),
    )


def _cycles(reports: VendorReports, period_ns: float) -> Iterator[Metric]:
    """Yield latency and interval, of co-simulation where it measured them.

    Co-simulation with a single input measures no interval; C synthesis' number stays then.
    """
    for name in ("latency", "interval"):
        cycles, fidelity = getattr(reports.csynth.timing, f"{name}_max"), Fidelity.CSYNTH
        if reports.cosim is not None:
            seen = getattr(reports.cosim.timing, f"{name}_max")
            cycles, fidelity = (cycles, fidelity) if seen is None else (seen, Fidelity.RTL)
        if cycles is None:
            message = f"the tool does not know the {name}: a loop has variable bounds"
            raise EvaluationError(FailureKind.REPORT_MISSING, message)
        yield Metric.of(f"{name}_cycles", cycles, fidelity)
        yield Metric.of(f"{name}_ns", cycles * period_ns, fidelity)


def _counts(used: Used, fidelity: Fidelity) -> Iterator[Metric]:
    for name in COUNTS:
        yield Metric.of(name, getattr(used, name), fidelity)
