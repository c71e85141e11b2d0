"""Backends `vitis` and `vivado`: numbers of the vendor's own tools."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from backends.hls4ml.reports.log import parse_log
from backends.hls4ml.reports.recognise import LOGS
from backends.hls4ml.vendor import describe, scripts
from backends.hls4ml.vendor.failures import classify, last_errors, last_problem, recognise
from backends.hls4ml.vendor.parts import spelled
from backends.hls4ml.vendor.places import find_places, reports_under, siblings
from backends.hls4ml.vendor.project import firmware_digest, locate_reports
from backends.hls4ml.vendor.provenance import maker, named_tool
from backends.hls4ml.vendor.reading import STAGES, VendorReports, read_reports
from backends.hls4ml.vendor.results import COUNTS, facts, metrics
from backends.hls4ml.vendor.running import CSYNTH, restore_reports, run_tools, save_reports
from backends.hls4ml.vendor.tools import program, provenance
from backends.modelgraph import job_graph
from backends.modelgraph.adder_graph import with_solver
from backends.modelgraph.builder import PROJECT, write_project
from backends.modelgraph.effective import effective
from backends.modelgraph.extraction import extracted
from backends.modelgraph.inspection import refusal
from backends.modelgraph.job_graph import converted, hls4ml_probe
from backends.modelgraph.network import Network
from backends.modelgraph.part_names import bare
from backends.modelgraph.settings import DEFAULT_PART, HARDWARE, PRECISION, Settings
from backends.modelgraph.vendor_hls import buildable
from dse.contracts.backend import Artifact, Context, Job, Outcome, Probe, Resources, Verdict
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
from dse.contracts.workload import Prepared
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
    version: ClassVar[int] = 5
    hls4ml_name: ClassVar[str]
    title: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *PRECISION,
        *HARDWARE,
        Parameter("part", str, DEFAULT_PART, "FPGA part that the tool builds for", comparable=bare),
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

    def refusal(self, job: Job, context: Context) -> str:
        """Return why hls4ml cannot convert a network."""
        return refusal(job, context, lambda made: made, self.hls4ml_name)

    def tools_used(self, tool: str, parameters: Assignment) -> str:
        """Return the tools, with da4ml where additions replace multipliers."""
        return with_solver(tool, parameters)

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
        reports, outcome = self._outcome(parameters, folder, text, int(run.get("exit_code", 0)))
        if outcome is None:
            return None
        asked, log = _requested_and_resolved(folder), parse_log(text)
        hls4ml = str(asked.pop("hls4ml", ""))
        tool = named_tool(self.title, reports, log.version)
        seconds = run.get("seconds") or log.elapsed_s
        return RunReport(
            replace(outcome, effective={**asked, **outcome.effective}),
            f"{hls4ml}, {tool}" if hls4ml else tool,
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
            reports = read_reports(folder, _required_stage(parameters, folder))
            if reports is None and not exit_code and not text.strip():
                return None, None
            if exit_code:
                raise classify(text, f"the tool failed with exit code {exit_code}")
            if reports is None:
                if recognise(text) is None and not last_errors(text):
                    return None, None  # the log of another stage, or a truncated log
                raise classify(text, "there is no report of C synthesis")
            _check_target(reports, parameters)
            if problem := last_problem(text):
                reports = replace(reports, warnings=(*reports.warnings, f"the log ends: {problem}"))
            return reports, Outcome(metrics(reports), facts(reports))
        except ReportError as error:
            message = f"{Path(error.where).name}: {error.message}"
            failed = classify(text, message, FailureKind.REPORT_MISSING, _rerun_hint(folder))
            return None, Outcome(failure=failed.failure)
        except EvaluationError as error:
            return None, Outcome(failure=error.failure)

    def find(self, root: Path) -> Iterator[Path]:
        """Yield the places of designs under `root` that this backend's tool made."""
        return (place for place in find_places(root) if maker(place) == self.name)

    def report_files(self, root: Path) -> Mapping[Path, str]:
        """Return the reports and logs of HLS and Vivado under `root`, with what each is."""
        return {one.path: str(one) for one in reports_under(root)}

    def used_files(self, place: Path) -> Iterable[Path]:
        """Return the reports that count for the design at a place, and its log."""
        try:
            return locate_reports(place).used
        except ReportError as error:
            return (Path(error.where),)

    def solutions(self, place: Path) -> Sequence[Path]:
        """Return all solutions of an HLS project that has several; else nothing."""
        return siblings(place)

    def describe(self, folder: Path) -> Mapping[str, tuple[SourcedValue, ...]]:
        """Return parameters with their sources: the project's files, and its reports."""
        found: dict[str, tuple[SourcedValue, ...]] = {}
        for name, value, path in describe.describe(folder):
            known = spelled(str(value)) if name == "part" else value
            found[name] = (*found.get(name, ()), SourcedValue(known, str(path)))
        if (reports := _readable_reports(folder)) is not None:
            values: dict[str, Value] = {
                "part": reports.part,
                "clock_period_ns": reports.target_clock_ns,
                "stage": reports.stage,
            }
            for name, value in values.items():
                if value:
                    source = SourcedValue(value, f"reports in {folder}")
                    found[name] = (*found.get(name, ()), source)
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
    """Backend of Vivado HLS up to 2020.1.

    A design that Vivado HLS 2020.1 never built in its published attempts is not tried, unless
    ``build_anyway`` says so.
    """

    name: ClassVar[str] = "vivado"
    hls4ml_name: ClassVar[str] = "Vivado"
    title: ClassVar[str] = "Vivado HLS"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *VendorBackend.parameters,
        Parameter(
            "build_anyway",
            bool,
            False,
            "run the tool also where it will not build the design by the published attempts",
        ),
    )

    def verdict(self, job: Job, prepared: Prepared, cache: Path) -> Verdict | None:
        """Return what the published attempts say, once the network has been read."""
        network = extracted(prepared, cache)
        found = self._verdict(job, network) if network is not None else None
        if found is None or found.builds is not False or job.parameters["build_anyway"]:
            return found
        return replace(found, override="build_anyway: true")

    def _verdict(self, job: Job, network: Network) -> Verdict | None:
        if not buildable.applies_to(self.probe().tool):
            return None
        return buildable.network_verdict(network, Settings.of(job.parameters))

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Run the tools as every vendor backend, unless they will not build the design.

        Raises:
            EvaluationError: the design will not be built; or as the other vendor backends.
        """
        if not job.parameters["build_anyway"]:
            found = self._verdict(job, job_graph.network_of(context))
            if found is not None and found.builds is False:
                hint = "raise reuse_factor or use strategy: resource; build_anyway: true tries it"
                raise EvaluationError(FailureKind.INVALID_POINT, found.reason, hint=hint)
        return super().evaluate(job, context)


def _required_stage(parameters: Assignment, folder: Path) -> str | None:
    """Return the stage that a run must have reached; None for a run that dse did not write.

    dse's own scripts leave all reports of a stage, so a missing one is damage. Others keep what
    they like: what is there counts.
    """
    stage = parameters.get("stage")
    return str(stage) if stage and (folder / _EFFECTIVE).is_file() else None


def _check_target(reports: VendorReports, parameters: Assignment) -> None:
    """Check that the reports are for the requested part and clock, as far as they give them.

    The tools replace some values with no more than a warning in the log. Reports round the clock
    period, hence the tolerance of 0.01 ns.

    Raises:
        EvaluationError: tool_failed, with both targets.
    """
    part, clock = reports.part, reports.target_clock_ns
    asked_part = str(parameters.get("part") or part)
    asked_clock = parameters.get("clock_period_ns", clock)
    other_part = bool(part) and bare(asked_part) != bare(part)
    other_clock = clock is not None and abs(float(str(asked_clock)) - clock) > 0.01
    if other_part or other_clock:
        message = (
            f"requested {asked_part.lower()} at {asked_clock} ns, "
            f"but the report is of {part.lower()} at {clock} ns"
        )
        raise EvaluationError(FailureKind.TOOL_FAILED, message)


def _readable_reports(folder: Path) -> VendorReports | None:
    """Return the reports; None where they are missing or damaged, which `read` reports."""
    try:
        return read_reports(folder)
    except ReportError:
        return None


def _log_text(place: Path) -> str:
    """Return the text of the tools' log; empty where there is none."""
    try:
        path = locate_reports(place).log
    except ReportError:  # `read_reports` says what is wrong
        path = next((place / name for name in LOGS if (place / name).is_file()), None)
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
        home = describe.home_of(folder)
        return describe.built_layers(home) if home else {}
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
    """Return the modification time of the newest report or log, else of the place; UTC."""
    try:
        files = locate_reports(folder).used
    except ReportError:
        files = ()
    newest = max((file.stat().st_mtime for file in files), default=folder.stat().st_mtime)
    return datetime.fromtimestamp(newest, UTC)


def _artifacts(project: Path) -> tuple[Artifact, ...]:
    roles = {"log": LOGS[0], "project": ".", "synthesis script": scripts.SYNTHESIS}
    return tuple(Artifact(role, path) for role, path in roles.items() if (project / path).exists())
