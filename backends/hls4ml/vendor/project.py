"""Where an HLS project keeps its reports, and what its firmware is."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backends.hls4ml.reports.csynth import read_csynth
from dse.runtime.report_files import ReportError

LOG = "tool.log"
LOGS = (LOG, "vitis_hls.log", "vivado_hls.log")
_FIRMWARE_PATTERNS = ("firmware/**/*", "*_test.cpp", "tb_data/*", "project.tcl", "build_prj.tcl")

_REPORT_PATTERNS = ("*_csynth.*", "*.rpt", "*.log", "*/*/syn/report/*")


@dataclass(frozen=True)
class ReportFiles:
    """VendorReports of one project; None where there is none.

    Args:
        csynth: of the top function, XML before text.
        design: Vitis' report of the whole design with its modules.
        cosim: of co-simulation.
        export: of export_design with synthesis or place and route.
        utilisation: by stage (``vsynth``, ``impl``), of Vivado.
        timing: the same.
    """

    csynth: Path | None
    design: Path | None
    cosim: Path | None
    export: Path | None
    utilisation: dict[str, Path]
    timing: dict[str, Path]


def locate_reports(project: Path) -> ReportFiles:
    """VendorReports of a project folder, or of a folder that holds nothing but reports.

    Raises:
        ReportError: there are several, and nothing says which is meant.
    """
    solution = _solution(project)
    syn = solution / "syn" / "report" if solution else project
    sim = solution / "sim" / "report" if solution else project
    exported = sorted((solution or project).glob("impl/report/*/*_export.*"))
    names = {
        "vsynth": ("vsynth_utilization.rpt", "vivado_synth.rpt"),
        "impl": ("impl_utilization.rpt",),
    }
    utilisation = {stage: _first(project, *found) for stage, found in names.items()}
    timing = {stage: _first(project, f"{stage}_timing.rpt") for stage in names}
    return ReportFiles(
        csynth=_top_report(syn, project),
        design=_first(syn, "csynth.xml", "csynth.xml.gz"),
        cosim=next(iter(sorted(sim.glob("*_cosim.rpt"))), None),
        export=next(iter(exported or sorted(project.glob("*_export.rpt"))), None),
        utilisation={stage: path for stage, path in utilisation.items() if path},
        timing={stage: path for stage, path in timing.items() if path},
    )


def _solution(project: Path) -> Path | None:
    found = sorted(path.parent.parent for path in project.glob("*/*/syn/report"))
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(project)) for path in found)
        raise ReportError(project, f"has several solutions: {names}; name one")
    return found[0] if found else None


def _first(folder: Path, *names: str) -> Path | None:
    found = (folder / name for name in names)
    return next((path for path in found if path.is_file()), None)


_ENDINGS = ("_csynth.rpt", "_csynth.xml.gz", "_csynth.xml")


def _top_report(folder: Path, project: Path) -> Path | None:
    """The report of the top function; the tools write one of every module beside it."""
    named = {
        path.name.removesuffix(end): path
        for end in _ENDINGS
        for path in sorted(folder.glob(f"*{end}"))
    }
    for path in folder.glob("*_csynth.xml.gz"):
        if path.with_suffix("").is_file():
            raise ReportError(path, "stands beside the same report unzipped; keep one")
    design = _first(folder, "csynth.xml", "csynth.xml.gz")
    if len(named) <= 1:
        return next(iter(named.values()), design)
    tops = [read_csynth(design).top] if design else []
    tops += [path.name.removesuffix("_prj") for path in project.glob("*_prj")]
    for top in (*tops, "myproject"):
        if top in named:
            return named[top]
    raise ReportError(folder, f"nothing says which is the top function: {', '.join(named)}")


def find_projects(root: Path) -> Iterator[Path]:
    """Folders under `root` that hold reports or a log of HLS, each project once."""
    names = (
        "*_csynth.xml",
        "*_csynth.xml.gz",
        "*_csynth.rpt",
        "csynth.xml",
        "csynth.xml.gz",
        *LOGS,
    )
    folders = {_project_of(path.parent, root) for name in names for path in root.rglob(name)}
    for folder in sorted(folders):
        above = (parent for parent in folder.parents if parent in folders)
        if not any(_is_project(parent) for parent in above):
            yield folder


def _is_project(folder: Path) -> bool:
    """Whether what is below belongs to it, rather than to a collection of projects."""
    return (folder / "firmware").is_dir() or any(folder.glob("*/*/syn/report"))


def _project_of(folder: Path, root: Path) -> Path:
    """Up from ``<name>/<solution>/syn/report``, but never above `root`."""
    if folder.parts[-2:] == ("syn", "report"):
        above = folder.parents[3]
        return above if above.is_relative_to(root) else folder
    return folder


def firmware_digest(project: Path) -> str:
    """SHA-256 of all that synthesis depends on; free of hls4ml's stamp and of paths.

    Of a folder without firmware: of its reports and logs.
    """
    patterns = _FIRMWARE_PATTERNS if (project / "firmware").is_dir() else _REPORT_PATTERNS
    content = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in project.glob(pattern)}):
        if path.is_file():
            content.update(str(path.relative_to(project)).encode() + b"\0")
            content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()
