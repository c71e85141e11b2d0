"""Files of an HLS project: where its reports are, and a digest of its firmware."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backends.hls4ml.reports.csynth import read_csynth
from dse.runtime.report_files import ReportError

LOG = "tool.log"
LOGS = (LOG, "vitis_hls.log", "vivado_hls.log")
"""Log of a run by dse, then those that the HLS tools write themselves."""

_FIRMWARE_PATTERNS = ("firmware/**/*", "*_test.cpp", "tb_data/*", "project.tcl", "build_prj.tcl")
"""Files that the results of synthesis and co-simulation depend on."""

_REPORT_PATTERNS = ("*_csynth.*", "*.rpt", "*.log", "*/*/syn/report/*")


@dataclass(frozen=True)
class ReportFiles:
    """Paths of a project's report files; None where there is none.

    Args:
        csynth: C synthesis of the top function; XML is preferred to text.
        design: Vitis HLS' csynth.xml of the whole design, which lists its modules.
        cosim: co-simulation.
        export: export_design with Vivado's synthesis or place and route.
        utilisation: Vivado's report_utilization, by stage (``vsynth``, ``impl``).
        timing: Vivado's report_timing_summary, by stage.
    """

    csynth: Path | None
    design: Path | None
    cosim: Path | None
    export: Path | None
    utilisation: dict[str, Path]
    timing: dict[str, Path]


def locate_reports(project: Path) -> ReportFiles:
    """Find the reports of a project folder, or of a folder that holds nothing but reports.

    Raises:
        ReportError: there are several solutions or top functions to choose from, or a report
            is there both zipped and unzipped.
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
    """Return the folder of the project's one solution; None where there is none."""
    found = sorted(path.parent.parent for path in project.glob("*/*/syn/report"))
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(project)) for path in found)
        raise ReportError(project, f"has several solutions: {names}; name one")
    return found[0] if found else None


def _first(folder: Path, *names: str) -> Path | None:
    found = (folder / name for name in names)
    return next((path for path in found if path.is_file()), None)


# Of several reports of one function the last ending counts: XML before text.
_ENDINGS = ("_csynth.rpt", "_csynth.xml.gz", "_csynth.xml")


def _top_report(folder: Path, project: Path) -> Path | None:
    """Return the report of the top function among those of all modules in a folder.

    The top is named by the design's report, else by the folder of the HLS project (`<top>_prj`),
    else it is hls4ml's default, ``myproject``.
    """
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
    """Yield folders under `root` that hold HLS reports or a log, each project once."""
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
    """Whether a folder is one project, so that reports below it are its own."""
    return (folder / "firmware").is_dir() or any(folder.glob("*/*/syn/report"))


def _project_of(folder: Path, root: Path) -> Path:
    """Return the project of ``<name>/<solution>/syn/report``, if it is not above `root`."""
    if folder.parts[-2:] == ("syn", "report"):
        above = folder.parents[3]
        return above if above.is_relative_to(root) else folder
    return folder


def firmware_digest(project: Path) -> str:
    """Return the SHA-256 of the files that synthesis depends on.

    It covers names and contents, but no absolute paths, so it is equal for equal firmware in
    different folders. For a folder without firmware it covers reports and logs.
    """
    patterns = _FIRMWARE_PATTERNS if (project / "firmware").is_dir() else _REPORT_PATTERNS
    content = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in project.glob(pattern)}):
        if path.is_file():
            content.update(str(path.relative_to(project)).encode() + b"\0")
            content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()
