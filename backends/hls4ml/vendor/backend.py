"""Backends `vitis` and `vivado`: numbers of the vendor's own tools."""

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
    """C synthesis and, on request, later stages, in the evaluation's own folder.

    Every number is of the last stage that gives it: cycles of co-simulation, else of C synthesis;
    resources and clock of place and route, else of Vivado's synthesis, else of C synthesis. If
    the clock is not met, `latency_ns` is computed with the achieved period and `clock_slack_ns`
    is below zero.
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
        """Return whether hls4ml and the HLS tool are here; Vivado is needed for its stages only."""
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
        """Return resources of one run: one core, 8 GB and the tools' licence tokens."""
        stage = str(job.parameters["stage"])
        # For plans and progress only. C synthesis: 400 published runs of Vitis HLS (GNNBuilder)
        # have a median of 517 s; 90 % of them took less than 918 s.
        minutes = {"csynth": 9, "cosim": 20, "vsynth": 30, "impl": 90}[stage]
        tokens = {self.token: 1, **({"vivado": 1} if stage in scripts.VIVADO_STAGES else {})}
        return Resources(
            cpus=1, memory_gb=8.0, licences=tokens, expected_s=60.0 * minutes, isolated=True
        )

    @property
    def token(self) -> str:
        """Name of the licence token for the HLS tool."""
        return f"{self.name}_hls"

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Write the project, run the tools (once for equal firmware) and read the reports.

        Raises:
            EvaluationError: what went wrong by the tools' log, or a report is missing or damaged.
        """
        self.write(job, context)
        project, stage = context.directory.resolve(), str(job.parameters["stage"])
        same = digest(self.name, self.probe().tool, stage, firmware_digest(project))

        def build(entry: Path) -> None:
            run_tools(self.name, stage, project, context.progress)
            self._read_own(job, project)  # reports that cannot be read do not enter the cache
            save_reports(project, entry, job.key)

        entry = cached_directory(context.cache / "synthesis", same, build)
        by = restore_reports(entry, project, job.key)
        outcome = self._read_own(job, project)
        built = {**outcome.effective, **({"synthesised_by": by} if by != job.key else {})}
        return replace(outcome, effective=built, artifacts=_artifacts(project))

    def _read_own(self, job: Job, project: Path) -> Outcome:
        """Read the outcome of this backend's own run; raise EvaluationError where it failed."""
        return outcome_of(self.read(job.parameters, project))

    def write(self, job: Job, context: Context) -> str:
        """Write the hls4ml project and the scripts of the stage."""
        project, stage = context.directory.resolve(), str(job.parameters["stage"])
        made = converted(job, context, project, self.hls4ml_name)
        write_project(made.graph)
        asked = {
            "hls4ml": hls4ml_probe().tool,
            **effective(made, hardware=True),
        }
        (project / _EFFECTIVE).write_text(json.dumps(asked))
        (project / scripts.OPTIONS).write_text(scripts.options_file(stage))
        if stage in scripts.VIVADO_STAGES:
            part, clock = str(job.parameters["part"]), float(str(job.parameters["clock_period_ns"]))
            text = scripts.synthesis(PROJECT, part, clock, route=stage == "impl")
            (project / scripts.SYNTHESIS).write_text(text)
        return scripts.commands(self.name, stage, CSYNTH)

    def read(self, parameters: Assignment, folder: Path) -> RunReport | None:
        """Read metrics from the reports, or the reason of a failure from the log."""
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
        """Return the reports and their outcome, each None where there is nothing to report.

        The exit code counts first: reports may be left from an earlier attempt in the folder.
        """
        try:
            stage = parameters.get("stage")
            reports = read_reports(folder, str(stage) if stage else None)
            if reports is None and not exit_code and not text.strip():
                return None, None
            if exit_code:
                raise classify(text, f"the tool failed with exit code {exit_code}")
            if reports is None:
                if recognise(text) is None and not last_errors(text):
                    return None, None  # the log of another stage, or a truncated log
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
        """Yield projects and folders of reports under `root` made by this backend's tool."""
        return (folder for folder in find_projects(root) if self._is_of_this_tool(folder))

    def _is_of_this_tool(self, folder: Path) -> bool:
        """Whether this backend's tool ran in a folder: by version, else by the log's name.

        Vitis HLS replaced Vivado HLS with version 2020.2; versions of the form ``2020.1`` order
        as texts. A folder that shows neither a version nor `vivado_hls.log` counts as Vitis.
        """
        version = _version(folder)
        if version:
            return (version < "2020.2") == (self.name == "vivado")
        is_old = (folder / "vivado_hls.log").is_file()
        return is_old == (self.name == "vivado")

    def describe(self, folder: Path) -> Mapping[str, tuple[SourcedValue, ...]]:
        """Return parameters with their sources: the project's files, and its reports."""
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
        """Return the SHA-256 of the firmware, or of the reports where there is no firmware."""
        return firmware_digest(folder)


class VitisBackend(VendorBackend):
    """Backend of Vitis HLS 2020.2 and newer."""

    name: ClassVar[str] = "vitis"
    hls4ml_name: ClassVar[str] = "Vitis"
    title: ClassVar[str] = "Vitis HLS"


class VivadoBackend(VendorBackend):
    """Backend of Vivado HLS up to 2020.1."""

    name: ClassVar[str] = "vivado"
    hls4ml_name: ClassVar[str] = "Vivado"
    title: ClassVar[str] = "Vivado HLS"


def _check_target(csynth: Csynth, parameters: Assignment) -> None:
    """Check that the report is for the requested part and clock.

    The tools replace some values with no more than a warning in the log. Reports round the clock
    period, hence the tolerance of 0.01 ns.

    Raises:
        EvaluationError: tool_failed, with both targets.
    """
    part = str(parameters.get("part", csynth.part)).lower()
    clock = float(str(parameters.get("clock_period_ns", csynth.target_clock_ns)))
    if part != csynth.part.lower() or abs(clock - csynth.target_clock_ns) > 0.01:
        built_for = f"{csynth.part.lower()} at {csynth.target_clock_ns} ns"
        message = f"requested {part} at {clock} ns, but the report is of {built_for}"
        raise EvaluationError(FailureKind.TOOL_FAILED, message)


def _version(folder: Path) -> str:
    """Return the HLS tool's version from a report or log; empty where neither can be read."""
    with contextlib.suppress(ReportError):
        files = locate_reports(folder)
        if files.csynth is not None:
            return read_csynth(files.csynth).version
    with contextlib.suppress(ReportError):
        return parse_log(_log_text(folder)).version
    return ""


def _readable_reports(folder: Path) -> VendorReports | None:
    """Return the reports; None where they are missing or damaged, which `read` reports."""
    try:
        return read_reports(folder)
    except ReportError:
        return None


def _log_text(folder: Path) -> str:
    """Return the text of the tools' log; empty where there is none."""
    path = next((folder / name for name in LOGS if (folder / name).is_file()), None)
    return read_text(path) if path and path.stat().st_size else ""


def _requested_and_resolved(folder: Path) -> dict[str, Any]:
    """Return requested and effective settings by layer.

    They are those stored when the project was written; for a project that dse did not write, those
    that its own files show.

    Raises:
        ReportError: the stored file is damaged.
    """
    path = folder / _EFFECTIVE
    if not path.is_file():
        return describe.built_layers(folder)
    asked = read_json(path)
    layers = asked.get("layers") if isinstance(asked, dict) else None
    if not isinstance(layers, dict) or not all(map(_is_layer, layers.values())):
        raise ReportError(path, "is damaged; remove it, then dse emit writes it again")
    return dict(asked)


def _is_layer(layer: Any) -> bool:
    """Whether a stored entry has mappings under "requested" and "effective"."""
    parts = (layer.get(n) for n in ("requested", "effective")) if isinstance(layer, dict) else [0]
    return all(isinstance(part, dict) for part in parts)


def _rerun_hint(folder: Path) -> str:
    """Return the hint for a job of `dse emit`; empty for other folders."""
    return f"to run it again, remove its {NOTE}" if (folder / SCRIPT).is_file() else ""


def _finished_at(folder: Path) -> datetime:
    """Return the modification time of the newest report or log, else of the folder; UTC."""
    files = [*folder.glob("*_prj/*/s*/report/*"), *folder.glob("*.rpt"), *folder.glob("*.log")]
    files += [*folder.glob("*_csynth.xml*")]
    times = [file.stat().st_mtime for file in files if file.is_file()]
    newest = max(times, default=folder.stat().st_mtime)
    return datetime.fromtimestamp(newest, UTC)


def _artifacts(project: Path) -> tuple[Artifact, ...]:
    roles = {"log": LOGS[0], "project": ".", "synthesis script": scripts.SYNTHESIS}
    return tuple(Artifact(role, path) for role, path in roles.items() if (project / path).exists())
