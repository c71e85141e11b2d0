"""Places of designs under a folder: HLS projects, their solutions, folders and single reports."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from backends.hls4ml.reports.recognise import HlsFile, Recognised, recognise_report
from backends.hls4ml.vendor.project import (
    REPORT_FOLDERS,
    has_report_folder,
    is_project,
    is_tool_named,
    loose_reports,
    recognised_in,
    solutions,
    stage_of,
    stem,
)
from dse.runtime.report_files import walk_files


def reports_under(root: Path) -> list[Recognised]:
    """Return every file under a folder that looks like a report of HLS or Vivado."""
    return [one for path in walk_files(root) if (one := recognise_report(path))]


def find_places(root: Path) -> Iterator[Path]:
    """Yield the places of all designs under a folder, in order, each once.

    A design whose reports are damaged or ambiguous has a place too; reading it says why.
    """
    found = reports_under(root)
    in_solutions = {place for one in found if (place := _solution_place(one.path, root))}
    folders = {_folder_of(one, root) for one in found if _solution_place(one.path, root) is None}
    loose = {place for folder in folders for place in _places_in(folder, folder in in_solutions)}
    yield from sorted(in_solutions | loose)


def siblings(place: Path) -> list[Path]:
    """Return all solutions of the HLS project that a solution belongs to; [] for other places."""
    if not (place / "syn" / "report").is_dir():
        return []
    return sorted(p.parent.parent for p in place.parent.glob("*/syn/report") if p.is_dir())


def _solution_place(path: Path, root: Path) -> Path | None:
    """Return the place of the solution that a report lies in; None for a report in none.

    It is the widest folder in which this is the only solution: the folder above the HLS project,
    the HLS project, or the solution itself.
    """
    above = [folder for folder in path.parents if folder.is_relative_to(root)]
    own = next((folder for folder in above if (folder / "syn" / "report").is_dir()), None)
    if own is None:
        return None
    wider = [own.parent.parent, own.parent]
    fitting = (f for f in wider if f.is_relative_to(root) and len(solutions(f)) == 1)
    return next(fitting, own)


def _folder_of(one: Recognised, root: Path) -> Path:
    """Return the folder whose design a loose report belongs to."""
    folder = one.path.parent
    above = folder.parent
    if folder.name in REPORT_FOLDERS and above.is_relative_to(root):
        own, below = recognised_in(above, "*"), recognised_in(folder, "*")
        if has_report_folder(above, own, below):
            return above
    return folder


def _places_in(folder: Path, has_solution: bool) -> Iterator[Path]:
    """Yield the places of loose reports in a folder.

    Args:
        folder: the folder.
        has_solution: whether it is the place of a solution already, which takes the loose reports
            that have the tools' names.
    """
    reports = loose_reports(folder)
    csynth = [
        one for one in reports if one.kind in {HlsFile.CSYNTH, HlsFile.DESIGN, HlsFile.SUMMARY}
    ]
    named = [one for one in csynth if is_tool_named(one) or one.kind is HlsFile.SUMMARY]
    parsed = [one for one in reports if one.kind is HlsFile.PARSED]
    own = {stem(one): one.path for one in csynth if one not in named}
    alone = len(own) == 1 and not named and not has_solution
    if not alone:
        yield from own.values()
    if has_solution:
        return
    if named or alone:
        yield folder
    elif parsed:
        # Each JSON of hls4ml is a design; that of a project has the project's parameters.
        projects = len(parsed) == 1 and is_project(folder)
        yield from [folder] if projects else [one.path for one in parsed]
    elif not own and not solutions(folder):
        yield from _places_of_vivado(folder, reports)


def _places_of_vivado(folder: Path, reports: Sequence[Recognised]) -> Iterator[Path]:
    """Yield the places of a folder without a report of HLS: its Vivado reports, or its log."""
    counts = [one for one in reports if one.kind is HlsFile.UTILISATION]
    stages = [stage_of(one.path) for one in counts]
    kinds = {one.kind for one in reports}
    log_alone = HlsFile.LOG in kinds and (folder.name != "firmware" or is_project(folder))
    if is_run_folder(folder):
        return
    if len(set(stages)) < len(stages):
        yield from (one.path for one in counts)
    elif log_alone or kinds & {HlsFile.UTILISATION, HlsFile.EXPORT}:
        yield folder


def is_run_folder(folder: Path) -> bool:
    """Whether Vivado wrote a folder for one run of a project, whose design is a block of a board.

    Such a design has more in it than the HLS top function: a processor, bus and memory controllers.
    """
    name, _, number = folder.name.rpartition("_")
    return folder.parent.suffix == ".runs" or (
        number.isdigit() and name.endswith(("impl", "synth"))
    )
