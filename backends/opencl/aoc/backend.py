"""Backend `aoc`: Intel's FPGA compiler on the OpenCL kernels, early estimate or full fit."""

import contextlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import ClassVar

from backends.modelgraph.extraction import extract
from backends.opencl.aoc.metrics import COUNTS, KERNEL_FMAX, METRICS, WORST_II
from backends.opencl.aoc.outcome import outcome_at, reports_at
from backends.opencl.aoc.places import files_of, find_places, reports_under, used_files
from backends.opencl.aoc.recognise import IntelReport
from backends.opencl.aoc.reports import estimated_percent
from backends.opencl.plan import make_plan
from backends.opencl.program import source
from backends.opencl.tiling import VECTORS, Tiling
from dse.contracts.backend import Artifact, Context, Job, Outcome, Probe, Resources
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, MetricInfo
from dse.contracts.offline import OfflineBackend, RunReport, SourcedValue, outcome_of, run_note
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.runtime.cache import digest
from dse.runtime.checksums import file_digest
from dse.runtime.report_files import ReportError
from dse.runtime.tools import log_tail, run_tool

_SIZES = ("tile_m", "tile_n", "tile_k", "work_m", "work_n", "vector")
_LOG = "tool.log"
_KERNELS = "device.cl"


def _size(name: str, default: int, text: str, choices: tuple[Value, ...] = ()) -> Parameter:
    return Parameter(name, int, default, text, minimum=1, choices=choices)


class AocBackend(OfflineBackend):
    """Resources and clock of the OpenCL kernels on an Intel FPGA; aoc gives no latency."""

    name: ClassVar[str] = "aoc"
    fidelity: ClassVar[Fidelity] = Fidelity.CSYNTH
    version: ClassVar[int] = 3
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
        "clock_slack_ns",
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
        files = (Artifact("log", _LOG), Artifact("kernels", _KERNELS))
        return replace(outcome, artifacts=files)

    def write(self, job: Job, context: Context) -> str:
        """Write `device.cl`: macros with the sizes, then the kernels.

        Raises:
            EvaluationError: a layer has no kernel.
        """
        plan = make_plan(extract(context.prepared, context.cache, context.directory).reduced())
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
        (context.directory / _KERNELS).write_text(lines + source(*names))
        return f"rm -rf device\n{' '.join(_command(parameters))}\n"

    def read(self, parameters: Assignment, folder: Path) -> RunReport | None:
        """Read metrics from aoc's reports, and from Quartus' where it has run."""
        if run_note(folder) is None:
            return None
        try:
            complete = (folder / _KERNELS).is_file()  # a run of `write`'s commands leaves all
            outcome, tool = outcome_at(folder, parameters, complete=complete)
        except ReportError as error:
            message = f"{Path(error.where).name}: {error.message}"
            failed = EvaluationError(FailureKind.REPORT_MISSING, message, hint="see the log")
            outcome, tool = Outcome(failure=failed.failure), "aoc"
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
        return RunReport(outcome, tool, _finished_at(folder))

    def find(self, root: Path) -> Iterator[Path]:
        """Yield the places of designs with reports of aoc, of oneAPI or of Quartus' fit."""
        return find_places(root)

    def report_files(self, root: Path) -> Mapping[Path, str]:
        """Return the reports of aoc, oneAPI and Quartus under `root`, with what each is."""
        return {one.path: str(one.kind) for one in reports_under(root)}

    def used_files(self, place: Path) -> Iterable[Path]:
        """Return the reports that count for the design at a place."""
        return used_files(place)

    def describe(self, folder: Path) -> Mapping[str, tuple[SourcedValue, ...]]:
        """Return parameters by aoc's recorded command line: macros named like parameters, board."""
        try:
            reports = reports_at(folder)
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
        """Return the SHA-256 of the kernel files, or of the reports where there are none."""
        files = sorted(folder.glob("*.cl")) or used_files(folder)
        base = folder if folder.is_dir() else folder.parent
        return digest(*((str(p.relative_to(base)), file_digest(p)) for p in files))


def _tiling(parameters: Assignment) -> Tiling:
    sizes = {name: int(str(parameters[name])) for name in _SIZES}
    return Tiling(**sizes, staged=True)


def _command(parameters: Assignment) -> list[str]:
    """Return aoc's command line; with ``-rtl`` it ends before Quartus and writes an .aocr file."""
    board = [f"-board={parameters['board']}"] if parameters["board"] else []
    if parameters["compile"] == "report":
        return ["aoc", "-rtl", "-report", *board, _KERNELS, "-o", "device.aocr"]
    return ["aoc", "-report", *board, _KERNELS, "-o", "device.aocx"]


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


def _finished_at(place: Path) -> datetime:
    """Return the modification time of the newest report, else of the place; UTC."""
    times = [path.stat().st_mtime for path in used_files(place)]
    return datetime.fromtimestamp(max(times, default=place.stat().st_mtime), UTC)


def _printed_estimate(place: Path) -> dict[str, Value]:
    """Return the estimate that aoc prints before Quartus, in per cent; {} if no log has it."""
    log = files_of(place).get(IntelReport.PRINTED)
    if log is not None:
        with contextlib.suppress(ReportError):
            return dict(estimated_percent(log))
    return {}
