"""Backends `vitis` and `vivado`: the vendor's own numbers, where its tools are installed."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from backends.hls4ml.reports.csynth import Csynth, read_csynth
from backends.hls4ml.reports.log import parse_log
from backends.hls4ml.vendor import describe, scripts
from backends.hls4ml.vendor.failures import classify, last_errors, recognise
from backends.hls4ml.vendor.project import LOGS, find_projects, firmware_digest, locate_reports
from backends.hls4ml.vendor.reading import (
    COUNTS,
    STAGES,
    VendorReports,
    facts,
    metrics,
    read_reports,
)
from backends.hls4ml.vendor.running import CSYNTH, restore_reports, run_tools, save_reports
from backends.hls4ml.vendor.tools import program, provenance
from backends.modelgraph.builder import PROJECT, write_project
from backends.modelgraph.effective import effective
from backends.modelgraph.job_graph import converted, hls4ml_probe
from backends.modelgraph.settings import DEFAULT_PART, HARDWARE, PRECISION
from dse.contracts.backend import Artifact, Context, Job, Outcome, Probe, Resources
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity
from dse.contracts.offline import (
    NOTE,
    SCRIPT,
    OfflineBackend,
    RunReport,
    SourcedValue,
    outcome_of,
    read_json,
    run_note,
)
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.runtime.cache import cached_directory, digest
from dse.runtime.report_files import ReportError, read_text

_EFFECTIVE = "dse_effective.json"


class VendorBackend(OfflineBackend):
    """C synthesis, and what of the rest is asked for, in the evaluation's own folder.

    Every number is of the last stage that gives it: cycles of co-simulation or else of C
    synthesis, resources and clock of place and route, synthesis or else C synthesis. A clock
    that is not met stretches `latency_ns`; `clock_slack_ns` below zero shows it.
    """

    fidelity: ClassVar[Fidelity] = Fidelity.CSYNTH
    version: ClassVar[int] = 3
    hls4ml_name: ClassVar[str]
    title: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *PRECISION,
        *HARDWARE,
        Parameter("part", str, DEFAULT_PART, "FPGA part that the tool builds for"),
        Parameter("clock_period_ns", float, 5.0, "requested clock period", unit="ns", minimum=0.1),
        Parameter(
            "stage",
            str,
            "csynth",
            "last step of the flow: C synthesis; then co-simulation; or then Vivado's synthesis; "
            "or also place and route (both out of context)",
            choices=STAGES,
        ),
    )
    metrics: ClassVar[tuple[str, ...]] = (
        "latency_cycles",
        "latency_ns",
        "interval_cycles",
        "interval_ns",
        "clock_slack_ns",
        *COUNTS,
    )
    computes_outputs: ClassVar[bool] = False

    def probe(self) -> Probe:
        """Needs hls4ml and the HLS tool; Vivado only for its stages."""
        probe, hls, vivado = hls4ml_probe(), program(self.name), program("synthesis")
        if not probe.available:
            return probe
        if hls is None:
            spelled = "vitis-run or vitis_hls" if self.name == "vitis" else "vivado_hls"
            install = "source the settings64.sh of your AMD installation, or use dse emit"
            return Probe(False, probe.tool, f"{spelled} is not on PATH", install)
        tool = provenance(hls.title, hls.version, vivado.version if vivado else "")
        return replace(probe, tool=f"{probe.tool}, {tool}")

    def plan(self, job: Job) -> Resources:
        """Minutes to hours; one core, a lot of memory, and the tools' licences."""
        stage = str(job.parameters["stage"])
        minutes = {"csynth": 9, "cosim": 20, "vsynth": 30, "impl": 90}[stage]
        tokens = {self.token: 1, **({"vivado": 1} if stage in scripts.VIVADO_STAGES else {})}
        return Resources(
            cpus=1, memory_gb=8.0, licences=tokens, expected_s=60.0 * minutes, isolated=True
        )

    @property
    def token(self) -> str:
        """Name of the licence token for HLS."""
        return f"{self.name}_hls"

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Write the project, run the tools, read the reports."""
        self.write(job, context)
        project, stage = context.directory.resolve(), str(job.parameters["stage"])
        same = digest(self.name, self.probe().tool, stage, firmware_digest(project))

        def build(entry: Path) -> None:
            run_tools(self.name, stage, project, context.progress)
            self._read_own(job, project)  # only what can be read is shared
            save_reports(project, entry, job.key)

        entry = cached_directory(context.cache / "synthesis", same, build)
        by = restore_reports(entry, project, job.key)
        outcome = self._read_own(job, project)
        built = {**outcome.effective, **({"synthesised_by": by} if by != job.key else {})}
        return replace(outcome, effective=built, artifacts=_artifacts(project))

    def _read_own(self, job: Job, project: Path) -> Outcome:
        """What this backend's own run left; raises what went wrong."""
        return outcome_of(self.read(job.parameters, project))

    def write(self, job: Job, context: Context) -> str:
        """The hls4ml project, and our scripts."""
        project, stage = context.directory.resolve(), str(job.parameters["stage"])
        graph, settings, warnings = converted(job, context, project, self.hls4ml_name)
        write_project(graph)
        asked = {
            "hls4ml": hls4ml_probe().tool,
            **effective(graph, settings, hardware=True, warnings=warnings),
        }
        (project / _EFFECTIVE).write_text(json.dumps(asked))
        (project / scripts.OPTIONS).write_text(scripts.options_file(stage))
        if stage in scripts.VIVADO_STAGES:
            part, clock = str(job.parameters["part"]), float(str(job.parameters["clock_period_ns"]))
            text = scripts.synthesis(PROJECT, part, clock, route=stage == "impl")
            (project / scripts.SYNTHESIS).write_text(text)
        return scripts.commands(self.name, stage, CSYNTH)

    def read(self, parameters: Assignment, folder: Path) -> RunReport | None:
        """Metrics from the reports, or why there are none from the log."""
        run, text = run_note(folder), _log_text(folder)
        if run is None:
            return None
        log = parse_log(text)
        reports, outcome = self._outcome(parameters, folder, text, int(run.get("exit_code", 0)))
        if outcome is None:
            return None
        asked = _requested_and_resolved(folder)
        hls4ml = str(asked.pop("hls4ml", ""))
        versions = (log.version, "")
        if reports is not None:
            vivado = reports.vivado
            versions = (reports.csynth.version, vivado.version if vivado else "")
        tool = provenance(self.title, *versions)
        named = f"{hls4ml}, {tool}" if hls4ml else tool
        seconds = run.get("seconds") or log.elapsed_s
        return RunReport(
            replace(outcome, effective={**asked, **outcome.effective}),
            named,
            _finished_at(folder),
            float(seconds) if seconds else None,
            str(run.get("host", "")),
        )

    def _outcome(
        self, parameters: Assignment, folder: Path, text: str, exit_code: int
    ) -> tuple[VendorReports | None, Outcome | None]:
        """Reports found, and the outcome they give; None where nothing was built."""
        try:
            stage = parameters.get("stage")
            reports = read_reports(folder, str(stage) if stage else None)
            if reports is None and not exit_code and not text.strip():
                return None, None
            if exit_code:
                raise classify(text, f"the tool failed with exit code {exit_code}")
            if reports is None:
                if recognise(text) is None and not last_errors(text):
                    return None, None  # another stage's log, or one that was cut
                raise classify(text, "there is no report of C synthesis")
            _check_target(reports.csynth, parameters)
            return reports, Outcome(metrics(reports), facts(reports))
        except ReportError as error:
            message = f"{Path(error.where).name}: {error.message}"
            failed = classify(text, message, FailureKind.REPORT_MISSING, _rerun_hint(folder))
            return None, Outcome(failure=failed.failure)
        except EvaluationError as error:
            return None, Outcome(failure=error.failure)

    def find(self, root: Path) -> Iterator[Path]:
        """Projects and folders of reports whose tool is this backend's."""
        return (folder for folder in find_projects(root) if self._is_of_this_tool(folder))

    def _is_of_this_tool(self, folder: Path) -> bool:
        """By the version in the report, else by the log; what says nothing is taken for Vitis."""
        version = _version(folder)
        if version:
            return (version < "2020.2") == (self.name == "vivado")
        is_old = (folder / "vivado_hls.log").is_file()
        return is_old == (self.name == "vivado")

    def describe(self, folder: Path) -> Mapping[str, tuple[SourcedValue, ...]]:
        """Of the project's files, and part, clock and stage of its reports."""
        found: dict[str, tuple[SourcedValue, ...]] = {}
        for name, value, path in describe.describe(folder):
            found[name] = (*found.get(name, ()), SourcedValue(value, str(path)))
        reports = _readable_reports(folder)
        if reports is not None:
            csynth, source = reports.csynth, f"reports in {folder}"
            values: dict[str, Value] = {
                "part": csynth.part,
                "clock_period_ns": csynth.target_clock_ns,
                "stage": reports.stage,
            }
            for name, value in values.items():
                found[name] = (*found.get(name, ()), SourcedValue(value, source))
        return found

    def identity(self, folder: Path) -> str:
        """Of the firmware, or else of the reports."""
        return firmware_digest(folder)


class VitisBackend(VendorBackend):
    """Vitis HLS 2020.2 and newer."""

    name: ClassVar[str] = "vitis"
    hls4ml_name: ClassVar[str] = "Vitis"
    title: ClassVar[str] = "Vitis HLS"


class VivadoBackend(VendorBackend):
    """Vivado HLS up to 2020.1."""

    name: ClassVar[str] = "vivado"
    hls4ml_name: ClassVar[str] = "Vivado"
    title: ClassVar[str] = "Vivado HLS"


def _check_target(csynth: Csynth, parameters: Assignment) -> None:
    """The tool must have built for what was asked; it warns of some changes only in its log."""
    part = str(parameters.get("part", csynth.part)).lower()
    clock = float(str(parameters.get("clock_period_ns", csynth.target_clock_ns)))
    if part != csynth.part.lower() or abs(clock - csynth.target_clock_ns) > 0.01:
        built_for = f"{csynth.part.lower()} at {csynth.target_clock_ns} ns"
        message = f"asked for {part} at {clock} ns, the report is of {built_for}"
        raise EvaluationError(FailureKind.TOOL_FAILED, message)


def _version(folder: Path) -> str:
    """Of the HLS tool, by a report or log; empty where neither can be read."""
    with contextlib.suppress(ReportError):
        files = locate_reports(folder)
        if files.csynth is not None:
            return read_csynth(files.csynth).version
    with contextlib.suppress(ReportError):
        return parse_log(_log_text(folder)).version
    return ""


def _readable_reports(folder: Path) -> VendorReports | None:
    """VendorReports that can be read; `read` says why others cannot."""
    try:
        return read_reports(folder)
    except ReportError:
        return None


def _log_text(folder: Path) -> str:
    """The log of the tools; empty where there is none."""
    path = next((folder / name for name in LOGS if (folder / name).is_file()), None)
    return read_text(path) if path and path.stat().st_size else ""


def _requested_and_resolved(folder: Path) -> dict[str, Any]:
    """What was asked for and resolved when the project was written, or else what it shows."""
    path = folder / _EFFECTIVE
    if not path.is_file():
        return describe.built_layers(folder)
    asked = read_json(path)
    layers = asked.get("layers") if isinstance(asked, dict) else None
    if not isinstance(layers, dict) or not all(map(_is_layer, layers.values())):
        raise ReportError(path, "is damaged; dse emit writes it again once it is removed")
    return dict(asked)


def _is_layer(layer: Any) -> bool:
    parts = (layer.get(n) for n in ("requested", "effective")) if isinstance(layer, dict) else [0]
    return all(isinstance(part, dict) for part in parts)


def _rerun_hint(folder: Path) -> str:
    """How to have a job of a farm done again."""
    return f"to run it again, remove its {NOTE}" if (folder / SCRIPT).is_file() else ""


def _finished_at(folder: Path) -> datetime:
    """Time of the newest report or log."""
    files = [*folder.glob("*_prj/*/s*/report/*"), *folder.glob("*.rpt"), *folder.glob("*.log")]
    files += [*folder.glob("*_csynth.xml*")]
    times = [file.stat().st_mtime for file in files if file.is_file()]
    newest = max(times, default=folder.stat().st_mtime)
    return datetime.fromtimestamp(newest, UTC)


def _artifacts(project: Path) -> tuple[Artifact, ...]:
    roles = {"log": LOGS[0], "project": ".", "synthesis script": scripts.SYNTHESIS}
    return tuple(Artifact(role, path) for role, path in roles.items() if (project / path).exists())
