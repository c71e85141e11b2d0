"""Backends `vitis` and `vivado`: the vendor's own numbers, where its tools are installed."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from backends.hls4ml.conversion import converted, hls4ml_probe
from backends.hls4ml.convert import PROJECT, write_project
from backends.hls4ml.effective import effective
from backends.hls4ml.reports.cosim import Cosim, read_cosim
from backends.hls4ml.reports.csynth import Csynth, Timing, Used, read_csynth
from backends.hls4ml.reports.vivado import (
    TimingSummary,
    read_timing_summary,
    read_utilisation,
)
from backends.hls4ml.settings import DEFAULT_PART, HARDWARE, PRECISION
from backends.hls4ml.vendor import scripts
from backends.hls4ml.vendor.failures import classify
from backends.hls4ml.vendor.tools import Program, program
from dse.backend import Artifact, Backend, Context, Job, Outcome, Probe, Resources
from dse.errors import EvaluationError, FailureKind
from dse.metrics import Fidelity, Metric
from dse.parameters import Parameter, Value
from dse.tools import run_tool

STAGES = ("csynth", "cosim", "vsynth", "impl")
_RESOURCES = ("lut", "ff", "dsp", "bram_18k")
_LOG = "tool.log"
_ROUTED = {"vsynth": Fidelity.VSYNTH, "impl": Fidelity.IMPLEMENTED}


class VendorBackend(Backend):
    """C synthesis, and what of the rest is asked for, in the evaluation's own folder.

    Every number is of the last stage that gives it: cycles of co-simulation or else of C
    synthesis, resources and clock of place and route, synthesis or else C synthesis. A clock
    that is not met stretches `latency_ns`; `clock_slack_ns` below zero shows it.
    """

    fidelity: ClassVar[Fidelity] = Fidelity.CSYNTH
    version: ClassVar[int] = 1
    hls4ml_name: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *PRECISION,
        *HARDWARE,
        Parameter("part", str, DEFAULT_PART, "FPGA part"),
        Parameter("clock_period_ns", float, 5.0, "requested clock period", "ns", minimum=0.1),
        Parameter(
            "stage",
            str,
            "csynth",
            "how far to go: C synthesis; co-simulation too; synthesis by Vivado too; or place "
            "and route too (out of context)",
            choices=STAGES,
        ),
    )
    metrics: ClassVar[tuple[str, ...]] = (
        "latency_cycles",
        "latency_ns",
        "interval_cycles",
        "interval_ns",
        "clock_slack_ns",
        *_RESOURCES,
        *(f"{name}_pct" for name in _RESOURCES),
    )
    scores: ClassVar[bool] = False

    def probe(self) -> Probe:
        """Needs hls4ml and the HLS tool; Vivado only for its stages."""
        probe, hls = hls4ml_probe(), program(self.name)
        if probe.available and hls is None:
            spelled = "vitis-run or vitis_hls" if self.name == "vitis" else "vivado_hls"
            install = "source the settings64.sh of your AMD installation"
            return Probe(False, probe.tool, f"{spelled} is not on PATH", install)
        tools = [probe.tool, *(p.tool for p in (hls, program("synthesis")) if p is not None)]
        return replace(probe, tool=", ".join(tools))

    def plan(self, job: Job) -> Resources:
        """Minutes to hours; one core and a lot of memory."""
        minutes = {"csynth": 9, "cosim": 20, "vsynth": 30, "impl": 90}[str(job.parameters["stage"])]
        return Resources(cpus=1, memory_gb=8.0, expected_s=60.0 * minutes, isolated=True)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Write the project, run the tools, read the reports."""
        project = context.directory.resolve()
        _clear(project)
        graph, settings = converted(job, context, project, self.hls4ml_name)
        write_project(graph)
        stage, clock = str(job.parameters["stage"]), float(str(job.parameters["clock_period_ns"]))
        self._hls(project, stage)
        csynth = read_csynth(_report(project, "syn/report", f"{PROJECT}_csynth.xml"))
        _check_asked(csynth, str(job.parameters["part"]), clock)
        cosim = self._cosim(project) if stage == "cosim" else None
        routed = _vivado(project, csynth, stage) if stage in _ROUTED else None
        built = {**effective(graph, settings, hardware=True), **_facts(csynth, routed)}
        metrics = _metrics(csynth, cosim, routed, stage)
        return Outcome(metrics, built, _artifacts(project))

    def _hls(self, project: Path, stage: str) -> None:
        stages = ("csynth", stage)
        (project / scripts.OPTIONS).write_text(scripts.options_file(stages))
        hls = program(self.name)
        if hls is None:
            raise EvaluationError(FailureKind.TOOL_MISSING, f"{self.name} is not on PATH")
        arguments = [scripts.BUILD]
        if hls.name == "vivado_hls":
            arguments.append(scripts.options_argument(stages))
        _run(hls, arguments, project)

    @staticmethod
    def _cosim(project: Path) -> Cosim:
        cosim = read_cosim(_report(project, "sim/report", f"{PROJECT}_cosim.rpt"))
        if not cosim.passed:
            raise classify((project / _LOG).read_text(errors="replace"), "co-simulation failed")
        return cosim


class VitisBackend(VendorBackend):
    """Vitis HLS 2020.2 and newer."""

    name: ClassVar[str] = "vitis"
    hls4ml_name: ClassVar[str] = "Vitis"


class VivadoBackend(VendorBackend):
    """Vivado HLS up to 2020.1."""

    name: ClassVar[str] = "vivado"
    hls4ml_name: ClassVar[str] = "Vivado"


def _clear(project: Path) -> None:
    """Leave nothing of an earlier try that could be read as this one's report."""
    shutil.rmtree(project / f"{PROJECT}_prj", ignore_errors=True)
    for file in (*project.glob("*.rpt"), project / _LOG):
        file.unlink(missing_ok=True)


def _run(tool: Program, arguments: list[str], project: Path) -> None:
    """Run a tool; its exit code alone says nothing, a missing report does."""
    log = project / _LOG
    try:
        run_tool([tool.name, *tool.script, *arguments], directory=project, log=log)
    except EvaluationError as error:
        if error.kind is FailureKind.TOOL_FAILED:
            raise classify(log.read_text(errors="replace"), error.message) from error
        raise


def _report(project: Path, folder: str, name: str) -> Path:
    """A report of the HLS tool.

    Raises:
        EvaluationError: it is not there; why, the log says.
    """
    path = project / f"{PROJECT}_prj" / "solution1" / folder / name
    if not path.is_file():
        log = project / _LOG
        text = log.read_text(errors="replace") if log.is_file() else ""
        raise classify(text, f"the tool left no {name}")
    return path


def _check_asked(csynth: Csynth, part: str, clock_period_ns: float) -> None:
    """The tool must have built for what was asked; it warns of some changes only in its log."""
    asked, got = (part.lower(), clock_period_ns), (csynth.part.lower(), csynth.target_clock_ns)
    if asked[0] != got[0] or abs(asked[1] - got[1]) > 0.01:
        message = f"asked for {asked[0]} at {asked[1]} ns, the report is of {got[0]} at {got[1]} ns"
        raise EvaluationError(FailureKind.TOOL_FAILED, message)


def _vivado(project: Path, csynth: Csynth, stage: str) -> tuple[Used, TimingSummary]:
    tool = program("synthesis")
    if tool is None:
        raise EvaluationError(
            FailureKind.TOOL_MISSING, "vivado is not on PATH", hint="stage: csynth does without"
        )
    text = scripts.synthesis(csynth.top, csynth.part, csynth.target_clock_ns, route=stage == "impl")
    (project / scripts.SYNTHESIS).write_text(text)
    _run(tool, [scripts.SYNTHESIS], project)
    used = read_utilisation(project / f"{stage}_utilization.rpt").used
    return used, read_timing_summary(project / f"{stage}_timing.rpt")


def _achieved(csynth: Csynth, routed: tuple[Used, TimingSummary] | None) -> tuple[float, str]:
    """Achieved clock period and where it comes from."""
    if routed is not None:
        return csynth.target_clock_ns - routed[1].wns_ns, "slack"
    return csynth.estimated_clock_ns, "estimate"


def _facts(csynth: Csynth, routed: tuple[Used, TimingSummary] | None) -> Mapping[str, Value]:
    period, source = _achieved(csynth, routed)
    return {
        "clock": source,
        "achieved_clock_ns": round(period, 3),
        "tool_version": csynth.version,
        "part": csynth.part,
    }


def _metrics(
    csynth: Csynth,
    cosim: Cosim | None,
    routed: tuple[Used, TimingSummary] | None,
    stage: str,
) -> tuple[Metric, ...]:
    timing, timed = csynth.timing, Fidelity.CSYNTH
    if cosim is not None:
        timing, timed = _merged(cosim.timing, csynth.timing), Fidelity.RTL
    period, _ = _achieved(csynth, routed)
    runs_at = max(period, csynth.target_clock_ns)
    counted = Fidelity.CSYNTH if routed is None else _ROUTED[stage]
    used = csynth.used if routed is None else routed[0]
    return (
        *_cycles(timing, runs_at, timed),
        Metric.of("clock_slack_ns", csynth.target_clock_ns - period, counted),
        *_counts(used, csynth.available, counted),
    )


def _merged(first: Timing, second: Timing) -> Timing:
    """Co-simulation leaves out what it did not see; C synthesis then says it."""
    pairs: dict[str, Any] = {
        name: value if value is not None else getattr(second, name)
        for name, value in vars(first).items()
    }
    return Timing(**pairs)


def _cycles(timing: Timing, period_ns: float, fidelity: Fidelity) -> list[Metric]:
    values = {"latency": timing.latency_max, "interval": timing.interval_max}
    unknown = [name for name, value in values.items() if value is None]
    if unknown:
        message = f"the tool does not know the {' and '.join(unknown)}: a loop's bounds vary"
        raise EvaluationError(FailureKind.REPORT_MISSING, message)
    return [
        Metric.of(f"{name}_{unit}", (value or 0) * factor, fidelity)
        for name, value in values.items()
        for unit, factor in (("cycles", 1.0), ("ns", period_ns))
    ]


def _counts(used: Used, available: Used, fidelity: Fidelity) -> list[Metric]:
    found = []
    for name in _RESOURCES:
        count, most = getattr(used, name), getattr(available, name)
        found.append(Metric.of(name, count, fidelity))
        if most:
            found.append(Metric.of(f"{name}_pct", 100 * count / most, fidelity))
    return found


def _artifacts(project: Path) -> tuple[Artifact, ...]:
    roles = {"log": _LOG, "project": ".", "synthesis script": scripts.SYNTHESIS}
    return tuple(Artifact(role, path) for role, path in roles.items() if (project / path).exists())
