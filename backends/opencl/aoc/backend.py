"""Backend `aoc`: Intel's FPGA compiler on the OpenCL kernels, early estimate or full fit."""

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import ClassVar

from backends.modelgraph.extraction import extract
from backends.opencl.aoc.metrics import COUNTS, KERNEL_FMAX, METRICS, WORST_II
from backends.opencl.aoc.oneapi import OneApiReports
from backends.opencl.aoc.reports import ARRIA_10_GX_1150, AocReports, Fit, Usage, estimated_percent
from backends.opencl.plan import make_plan
from backends.opencl.program import source
from backends.opencl.tiling import VECTORS, Tiling
from dse.contracts.backend import Artifact, Context, Job, Outcome, Probe, Resources
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric, MetricInfo
from dse.contracts.offline import OfflineBackend, RunReport, SourcedValue, outcome_of, run_note
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.runtime.cache import digest, file_digest
from dse.runtime.report_files import ReportError
from dse.runtime.tools import log_tail, run_tool

_SIZES = ("tile_m", "tile_n", "tile_k", "work_m", "work_n", "vector")
_LOG = "tool.log"
_REPORTS = (
    "report_data.js",
    "report_data.js.gz",
    "area.json",
    "area.json.gz",
    "quartus.json",
    "acl_quartus_report.txt",
    "summary.ndjson",
    "quartus.ndjson",
)


def _size(name: str, default: int, text: str, choices: tuple[Value, ...] = ()) -> Parameter:
    return Parameter(name, int, default, text, minimum=1, choices=choices)


class AocBackend(OfflineBackend):
    """Resources and clock of the OpenCL kernels on an Intel FPGA; aoc gives no latency."""

    name: ClassVar[str] = "aoc"
    fidelity: ClassVar[Fidelity] = Fidelity.CSYNTH
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "precision_bits",
            int,
            32,
            "width of numbers on the device: float, half, or 8-bit integers with scales",
            unit="bits",
            choices=(32, 16, 8),
        ),
        Parameter(
            "kernel",
            str,
            "tiled",
            "matrix kernel: tiled, in local memory; or stream, single "
            "work-items joined by channels",
            choices=("tiled", "stream"),
        ),
        _size("tile_m", 32, "rows that a work-group computes"),
        _size("tile_n", 32, "columns that a work-group computes"),
        _size("tile_k", 32, "depth of the tiles in local memory"),
        _size("work_m", 2, "rows that a work-item computes"),
        _size("work_n", 2, "columns that a work-item computes"),
        _size("vector", 2, "numbers in one vector operation", VECTORS),
        _size("lanes", 8, "sums computed in parallel by the stream kernel"),
        Parameter(
            "board", str, "", "value of aoc's option -board; empty for the board package's default"
        ),
        Parameter(
            "compile",
            str,
            "report",
            "report: the early estimate of aoc -rtl -report (minutes); "
            "full: through Quartus' fit (hours)",
            choices=("report", "full"),
        ),
    )
    metrics: ClassVar[tuple[str, ...]] = (
        *(count.name for count in COUNTS),
        WORST_II.name,
        KERNEL_FMAX.name,
    )
    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = METRICS
    computes_outputs: ClassVar[bool] = False

    def probe(self) -> Probe:
        """Return whether aoc is on PATH."""
        if shutil.which("aoc") is None:
            install = (
                "install the Intel FPGA SDK for OpenCL, or use dse emit and dse import; no other "
                "tool gives the area of an Arria 10"
            )
            return Probe(False, "", "aoc is not on PATH", install)
        return Probe(True, f"aoc {aoc_version()}")

    def check(self, parameters: Assignment) -> None:
        """Refuse sizes that do not divide each other, and formats that the kernels do not have."""
        if mistake := _tiling(parameters).mistake():
            raise ValueError(mistake)
        if parameters["kernel"] == "stream" and parameters["precision_bits"] != 32:
            raise ValueError("the kernels with channels compute in float: precision_bits = 32")

    def plan(self, job: Job) -> Resources:
        """Return resources: minutes for the estimate, hours for a fit, and a licence token."""
        minutes = 15 if job.parameters["compile"] == "report" else 400
        return Resources(
            cpus=1, memory_gb=16.0, licences={"aoc": 1}, expected_s=60.0 * minutes, isolated=True
        )

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Write the kernels, run aoc and read its reports.

        Raises:
            EvaluationError: aoc failed, or a report is missing or damaged.
        """
        self.write(job, context)
        folder = context.directory.resolve()
        # What an earlier attempt left would be read as this one's reports.
        for old in ("device", _LOG):
            path = folder / old
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        context.progress("aoc")
        run_tool(_command(job.parameters), directory=folder, log=folder / _LOG)
        outcome = outcome_of(self.read(job.parameters, folder))
        files = (Artifact("log", _LOG), Artifact("kernels", "device.cl"))
        return replace(outcome, artifacts=files)

    def write(self, job: Job, context: Context) -> str:
        """Write `device.cl`: macros with the sizes, then the kernels.

        Raises:
            EvaluationError: a layer has no kernel.
        """
        plan = make_plan(extract(context.prepared, context.cache, context.directory))
        dense = [step for step in plan.steps if step.kernel == "dense"]
        depth = max(step.weights.shape[0] for step in dense)
        width = max(step.weights.shape[1] for step in dense)
        parameters, lanes = job.parameters, int(str(job.parameters["lanes"]))
        defines = {"BITS": str(parameters["precision_bits"])}
        if parameters["kernel"] == "stream":
            padded = -(-width // lanes) * lanes  # the kernel computes whole groups of lanes
            defines |= {"CHANNELS": "1", "LANES": str(lanes)}
            defines |= {"MAX_DEPTH": str(depth), "MAX_WIDTH": str(padded)}
            names: tuple[str, ...] = ("stream", "graph")
        else:
            defines |= {name.upper(): str(parameters[name]) for name in _SIZES} | {"STAGED": "1"}
            names = ("matmul", "graph")
        lines = "".join(f"#define {name} {value}\n" for name, value in defines.items())
        (context.directory / "device.cl").write_text(lines + source(*names))
        return f"rm -rf device\n{' '.join(_command(parameters))}\n"

    def read(self, parameters: Assignment, folder: Path) -> RunReport | None:
        """Read metrics from aoc's reports, and from Quartus' where it has run."""
        if run_note(folder) is None:
            return None
        place = folder / "device" if (folder / "device").is_dir() else folder
        try:
            outcome, version = _outcome(_reports(place), parameters)
        except ReportError as error:
            message = f"{Path(error.where).name}: {error.message}"
            failed = EvaluationError(FailureKind.REPORT_MISSING, message, hint="see the log")
            outcome, version = Outcome(failure=failed.failure), ""
        if outcome is not None and (printed := _printed_estimate(folder)):
            outcome = replace(
                outcome, effective={**outcome.effective, "printed_estimate_pct": printed}
            )
        if outcome is None and (folder / _LOG).is_file():
            log = log_tail(folder / _LOG)
            failed = EvaluationError(FailureKind.TOOL_FAILED, "aoc left no reports", log=log)
            outcome = Outcome(failure=failed.failure)
        if outcome is None:
            return None
        return RunReport(outcome, f"aoc {version}".strip(), _finished_at(folder))

    def find(self, root: Path) -> Iterator[Path]:
        """Yield folders with reports of aoc, or with Quartus' summary of an OpenCL design."""
        yield from sorted(
            {_design_folder(path.parent) for name in _REPORTS for path in root.rglob(name)}
        )

    def describe(self, folder: Path) -> Mapping[str, tuple[SourcedValue, ...]]:
        """Return parameters by aoc's recorded command line: macros named like parameters, board."""
        place = folder / "device" if (folder / "device").is_dir() else folder
        try:
            reports = _reports(place)
            info, fitted = reports.info(), reports.fit() is not None
        except ReportError:
            return {}
        source_name = f"reports in {folder}"
        values: dict[str, Value] = {"compile": "full" if fitted else "report"}
        command = info.command if info else ""
        for name, value in re.findall(r"-D ?([A-Z_]+)=(\d{1,9})\b", command):
            if name.lower() in {*_SIZES, "lanes"}:
                values[name.lower()] = int(value)
        if board := re.search(r"-board[ =](\S+)", command):
            values["board"] = board.group(1)
        return {name: (SourcedValue(value, source_name),) for name, value in values.items()}

    def identity(self, folder: Path) -> str:
        """Return the SHA-256 of the kernel files, or of all files where there are none."""
        kernels = sorted(folder.glob("*.cl"))
        files = kernels or sorted(p for p in folder.rglob("*") if p.is_file())
        return digest(*((str(p.relative_to(folder)), file_digest(p)) for p in files))


def _tiling(parameters: Assignment) -> Tiling:
    sizes = {name: int(str(parameters[name])) for name in _SIZES}
    return Tiling(**sizes, staged=True)


def _command(parameters: Assignment) -> list[str]:
    """Return aoc's command line; with ``-rtl`` it ends before Quartus and writes an .aocr file."""
    board = [f"-board={parameters['board']}"] if parameters["board"] else []
    if parameters["compile"] == "report":
        return ["aoc", "-rtl", "-report", *board, "device.cl", "-o", "device.aocr"]
    return ["aoc", "-report", *board, "device.cl", "-o", "device.aocx"]


@cache
def aoc_version() -> str:
    """Return the version that `aoc -version` prints; empty where it prints none."""
    import subprocess

    try:
        answer = subprocess.run(
            ["aoc", "-version"], capture_output=True, text=True, timeout=60, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"Version (\S+ Build \S+)", answer)
    return found.group(1) if found else ""


def _design_folder(folder: Path) -> Path:
    """Return the design's folder above ``[reports/]lib/json``, and above a job's `device`."""
    while folder.name in {"json", "lib", "reports", "report", "resources"}:
        folder = folder.parent
    return folder.parent if folder.name == "device" else folder


def _finished_at(folder: Path) -> datetime:
    """Return the modification time of the newest file, else of the folder; UTC."""
    times = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
    return datetime.fromtimestamp(max(times, default=folder.stat().st_mtime), UTC)


def _reports(folder: Path) -> AocReports | OneApiReports:
    """Return the reader for a folder's reports."""
    oneapi = OneApiReports(folder)
    return oneapi if oneapi.exists else AocReports(folder)


def _printed_estimate(folder: Path) -> dict[str, Value]:
    """Return the estimate that aoc prints before Quartus, in per cent; {} if no log has it."""
    for log in sorted(folder.glob("**/*.log")):
        with contextlib.suppress(ReportError):
            return dict(estimated_percent(log))
    return {}


def _outcome(
    reports: AocReports | OneApiReports, parameters: Assignment
) -> tuple[Outcome | None, str]:
    """Return the outcome, None where there are no numbers, and aoc's version.

    Raises:
        ReportError: a report is damaged, or the fit that was requested is missing.
    """
    area, fit, info = reports.area(), reports.fit(), reports.info()
    version = info.version if info else ""
    if area is None and fit is None:
        return None, version
    if parameters.get("compile") == "full" and fit is None:
        raise ReportError(reports.folder, "there is no result of Quartus' fit")
    target = info.target if info else ""
    # The device's own capacity where it is known: reports leave out the board's share.
    available = ARRIA_10_GX_1150 if "10AX115" in target else None
    if available is None and area is not None:
        available = area.available
    loops = reports.loops()
    effective: dict[str, Value] = {
        "target": target,
        "command": info.command if info else "",
        "loops": {
            f"{number} {loop.name}": ("~" if loop.approximate else "") + str(loop.ii)
            for number, loop in enumerate(loops)
            if loop.pipelined
        },
    }
    if available is not None:
        # No parameter names the device, so its capacity goes with the counts it belongs to.
        effective["available"] = {name: most for name, most in vars(available).items() if most}
    if area is not None:
        effective["resources"] = {
            name: {k: v for k, v in vars(usage).items() if v is not None}
            for name, usage in area.kernels.items()
        }
    found = list(_counts(area.total if area else None, fit))
    intervals = [loop.ii for loop in loops if loop.pipelined and loop.ii is not None]
    if intervals:
        found.append(WORST_II.metric(max(intervals), Fidelity.CSYNTH))
    if fit is not None:
        found.append(KERNEL_FMAX.metric(fit.kernel_fmax_mhz, Fidelity.IMPLEMENTED))
    return Outcome(tuple(found), effective), version


def _counts(estimated: Usage | None, fit: Fit | None) -> Iterator[Metric]:
    """Yield every count of the fit, else of the estimate; each carries its own fidelity."""
    for info in COUNTS:
        name = info.name
        fitted = getattr(fit.used, name) if fit else None
        value = fitted if fitted is not None else getattr(estimated, name, None)
        if value is None:
            continue
        fidelity = Fidelity.CSYNTH if fitted is None else Fidelity.IMPLEMENTED
        yield info.metric(value, fidelity)
