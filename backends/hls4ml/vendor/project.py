"""Files of one design: which report is which, and a digest of its firmware.

A design is at a *place*: the folder of an hls4ml project, the folder of one HLS project or solution
where several stand side by side, a folder that holds nothing but reports, or a single report.
`backends.hls4ml.vendor.places` finds the places under a folder.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backends.hls4ml.reports.csynth import read_csynth
from backends.hls4ml.reports.recognise import LOGS, HlsFile, Recognised, recognise_report
from dse.runtime.report_files import ReportError, read_start

REPORT_FOLDERS = ("report", "reports")
"""Subfolders of a project or of a folder with reports that belong to it."""

_FIRMWARE_PATTERNS = ("firmware/**/*", "*_test.cpp", "tb_data/*", "project.tcl", "build_prj.tcl")
"""Files that the results of synthesis and co-simulation depend on."""

_MARKS = ("firmware", "hls4ml_config.yml", "project.tcl", "build_prj.tcl")
_SOLUTION_REPORTS = ("syn/report/*", "sim/report/*", "impl/report/*/*", "impl/*/report/*")
# Names that say the stage, as dse's own scripts and hls4ml write them.
_STAGE_NAMES = {
    "vsynth_utilization.rpt": "vsynth",
    "vivado_synth.rpt": "vsynth",
    "vsynth_timing.rpt": "vsynth",
    "impl_utilization.rpt": "impl",
    "impl_timing.rpt": "impl",
}
# Vivado's names of a design that export_design wraps around the top function.
_WRAPPERS = {"", "bd_0_wrapper", "bd_0_hls_inst_0"}
_PLACED = re.compile(r"impl|rout|plac", re.IGNORECASE)


@dataclass(frozen=True)
class ReportFiles:
    """Paths of a design's report files; None where there is none.

    Args:
        csynth: C synthesis of the top function; XML is preferred to text.
        design: Vitis HLS' csynth.xml of the whole design, which lists its modules.
        summary: Vitis HLS' csynth.rpt, read where there is no other report of C synthesis.
        cosim: co-simulation.
        export: export_design with Vivado's synthesis or place and route.
        parsed: JSON of hls4ml's own parser, read where there is no report of C synthesis.
        utilisation: Vivado's report_utilization, by stage (``vsynth``, ``impl``).
        timing: Vivado's report_timing_summary or report_timing, by stage.
        log: log of the HLS tool.
        warnings: reports in the folder that cannot be this design's, with the reason.
    """

    csynth: Path | None = None
    design: Path | None = None
    summary: Path | None = None
    cosim: Path | None = None
    export: Path | None = None
    parsed: Path | None = None
    utilisation: dict[str, Path] = field(default_factory=dict)
    timing: dict[str, Path] = field(default_factory=dict)
    log: Path | None = None
    warnings: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[Path, ...]:
        """All files, without those that others stand for."""
        hls = self.csynth or self.summary or self.parsed
        paths = (hls, self.design, self.cosim, self.export, self.log)
        vivado = (*self.utilisation.values(), *self.timing.values())
        return tuple(dict.fromkeys(path for path in (*paths, *vivado) if path is not None))


def locate_reports(place: Path) -> ReportFiles:
    """Find the reports of the design at a place.

    Raises:
        ReportError: there are several solutions or top functions to choose from, or a report
            is there both zipped and unzipped.
    """
    if place.is_file():
        alone = recognise_report(place)
        return _sorted_files(place.parent, [alone] if alone else [], [])
    solution = only_solution(place)
    loose = loose_reports(place)
    if solution is None or solution == place:
        inside = loose if solution is None else [*loose, *recognised_in(place, *_SOLUTION_REPORTS)]
        return _sorted_files(place, inside, loose)
    outside = [one for one in loose if one.kind not in _FROM_HLS]
    return _sorted_files(place, recognised_in(solution, *_SOLUTION_REPORTS), outside)


_FROM_HLS = {HlsFile.CSYNTH, HlsFile.DESIGN, HlsFile.SUMMARY, HlsFile.COSIM, HlsFile.PARSED}


def _sorted_files(
    place: Path, found: Sequence[Recognised], more: Sequence[Recognised]
) -> ReportFiles:
    """Return the files of a design by what they are.

    Args:
        place: folder of the design, for the name of its top function.
        found: files of the HLS tool's folders, or of a folder of reports.
        more: files beside those folders.
    """
    everything = list(dict.fromkeys([*found, *more]))
    csynth = main_report(place, found)
    designs = _of_kind(found, HlsFile.DESIGN)
    top = csynth.top if csynth else ""
    cosims, exports = _of_kind(found, HlsFile.COSIM), _of_kind(everything, HlsFile.EXPORT)
    utilisation, warned = _by_stage(_of_kind(everything, HlsFile.UTILISATION), top, ())
    timing, more_warned = _by_stage(_of_kind(everything, HlsFile.TIMING), top, tuple(utilisation))
    summaries, parsed = _of_kind(found, HlsFile.SUMMARY), _of_kind(found, HlsFile.PARSED)
    return ReportFiles(
        csynth=csynth.path if csynth else None,
        design=designs[0].path if designs else None,
        summary=summaries[0].path if summaries and csynth is None else None,
        cosim=_of_top(cosims, top, "_cosim").path if cosims else None,
        export=_of_top(exports, top, "_export").path if exports else None,
        parsed=parsed[0].path if parsed and csynth is None else None,
        utilisation=utilisation,
        timing=timing,
        log=_log([one.path for one in _of_kind(everything, HlsFile.LOG)]),
        warnings=(*warned, *more_warned),
    )


def _of_kind(found: Sequence[Recognised], kind: HlsFile) -> list[Recognised]:
    return [one for one in found if one.kind is kind]


def _of_top(found: Sequence[Recognised], top: str, end: str) -> Recognised:
    """Return the file named after the top function, else the first."""
    return next((one for one in found if one.path.name.startswith(f"{top}{end}")), found[0])


def _log(paths: Sequence[Path]) -> Path | None:
    """Return the log by the tools' names in order, else one that its content shows."""
    order = [*LOGS, *(f"{name}.gz" for name in LOGS)]
    ranked = sorted(paths, key=lambda p: order.index(p.name) if p.name in order else len(order))
    return ranked[0] if ranked else None


def loose_reports(place: Path) -> list[Recognised]:
    """Return reports directly in a folder, and in its folder `report` where that is its own."""
    own = recognised_in(place, "*")
    below = [path for name in REPORT_FOLDERS for path in recognised_in(place, f"{name}/*")]
    return [*own, *below] if below and has_report_folder(place, own, below) else own


def has_report_folder(place: Path, own: Sequence[Recognised], below: Sequence[Recognised]) -> bool:
    """Whether the reports in a folder's subfolder `report` belong to the folder's own design.

    They do if the folder is a project or holds reports, unless both have a report of C synthesis.
    """
    if not (is_project(place) or own):
        return False
    return not (any(map(_is_csynth, below)) and (any(map(_is_csynth, own)) or solutions(place)))


def _is_csynth(one: Recognised) -> bool:
    return one.kind in {HlsFile.CSYNTH, HlsFile.DESIGN, HlsFile.SUMMARY, HlsFile.PARSED}


def is_project(folder: Path) -> bool:
    """Whether a folder is an hls4ml project, by its own files."""
    return any((folder / name).exists() for name in _MARKS)


def recognised_in(folder: Path, *patterns: str) -> list[Recognised]:
    """Return the reports among the files that match patterns in a folder, in order."""
    paths = (path for pattern in patterns for path in sorted(folder.glob(pattern)))
    return [one for path in paths if path.is_file() and (one := recognise_report(path))]


def solutions(place: Path) -> list[Path]:
    """Return the solutions of an HLS project, or of the HLS projects in a folder, each once."""
    for pattern in ("syn/report", "*/syn/report", "*/*/syn/report"):
        found = {os.path.realpath(path): path for path in sorted(place.glob(pattern), reverse=True)}
        if found:
            return sorted(path.parent.parent for path in found.values())
    return []


def only_solution(place: Path) -> Path | None:
    """Return the one solution of a place; None where there is none.

    Raises:
        ReportError: there are several.
    """
    found = solutions(place)
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(place)) for path in found)
        raise ReportError(place, f"has several solutions: {names}; name one")
    return found[0] if found else None


def is_tool_named(one: Recognised) -> bool:
    """Whether a report of C synthesis has the name that the tool gives it."""
    name = one.path.name.removesuffix(".gz").rpartition(".")[0]
    return name in {"csynth", f"{one.top}_csynth"} or (not one.top and name.endswith("_csynth"))


def stem(one: Recognised) -> str:
    """Return a file's name without its endings, which XML and text of one report share."""
    return one.path.name.removesuffix(".gz").rpartition(".")[0].removesuffix("_csynth")


def main_report(place: Path, found: Sequence[Recognised]) -> Recognised | None:
    """Return the report of the top function among reports of C synthesis; None without any.

    The top is named by the design's report, else by the HLS project's file (`hls.app`), else by its
    folder (`<top>_prj`), else it is hls4ml's default, ``myproject``. Reports under authors' own
    names are of designs of their own, unless there is no other.

    Raises:
        ReportError: nothing says which is the top function.
    """
    _check_unzipped(found)
    kinds = {HlsFile.CSYNTH, HlsFile.DESIGN}
    reports = [one for one in found if one.kind in kinds]
    chosen = [one for one in reports if is_tool_named(one)] or reports
    named = {
        stem(one): one for one in sorted(chosen, key=_preference) if one.kind is HlsFile.CSYNTH
    }
    designs = _of_kind(chosen, HlsFile.DESIGN)
    if len(named) <= 1:
        return next(iter(named.values()), designs[0] if designs else None)
    tops = [read_csynth(one.path).top for one in designs]
    tops += _tops_of_apps(place)
    tops += [path.name.removesuffix("_prj") for path in place.glob("*_prj")]
    for top in (*tops, place.name.removesuffix("_prj"), "myproject"):
        if top in named:
            return named[top]
    folder = chosen[0].path.parent
    raise ReportError(folder, f"nothing says which is the top function: {', '.join(named)}")


def _tops_of_apps(place: Path) -> list[str]:
    """Return the top functions by the files of HLS projects: a wrapper, for accelerators."""
    names = ("vivado_hls.app", "hls.app")
    paths = [path for name in names for at in ("", "*_prj/") for path in place.glob(at + name)]
    found = (re.search(r'<[^>]*\btop="(\w+)"', read_start(path, 10_000)) for path in paths)
    return [match.group(1) for match in found if match]


def _preference(one: Recognised) -> tuple[bool, str]:
    """Order the forms of one report: the last counts, which is XML."""
    return one.path.name.removesuffix(".gz").endswith(".xml"), one.path.name


def _check_unzipped(found: Sequence[Recognised]) -> None:
    paths = {one.path for one in found}
    for path in sorted(paths):
        if path.suffix == ".gz" and path.with_suffix("") in paths:
            raise ReportError(path, "stands beside the same report unzipped; keep one")


def _by_stage(
    found: Sequence[Recognised], top: str, stages: tuple[str, ...]
) -> tuple[dict[str, Path], list[str]]:
    """Return Vivado's reports by stage, and why others are left out.

    Args:
        found: reports of one kind.
        top: top function of C synthesis; empty where there is no report of it.
        stages: stages of the utilisation reports, for reports that show none themselves.
    """
    chosen: dict[str, Path] = {}
    warned: list[str] = []
    groups: dict[str, list[Recognised]] = {}
    for one in found:
        if top and one.top not in _WRAPPERS | {top}:
            warned.append(f"{one.path.name} is of {one.top}, C synthesis of {top}")
        else:
            groups.setdefault(stage_of(one.path, stages), []).append(one)
    for stage, group in groups.items():
        named = [one for one in group if one.path.name in _STAGE_NAMES] or group
        if len(named) > 1:
            names = ", ".join(one.path.name for one in named)
            warned.append(f"nothing says which report of {stage} counts: {names}")
        else:
            chosen[stage] = named[0].path
    return chosen, warned


def stage_of(path: Path, stages: tuple[str, ...] = ()) -> str:
    """Return the stage of a Vivado report: by its name, else by the design state it shows."""
    if path.name in _STAGE_NAMES:
        return _STAGE_NAMES[path.name]
    state = re.search(r"^\| *Design State *: *(.*)", read_start(path, 10_000), re.MULTILINE)
    if state is None and len(stages) == 1:
        return stages[0]
    return "impl" if _PLACED.search(state.group(1) if state else path.name) else "vsynth"


def firmware_digest(place: Path) -> str:
    """Return the SHA-256 of the files that synthesis depends on.

    It covers names and contents, but no absolute paths, so it is equal for equal firmware in
    different folders. For a place without firmware it covers its reports and log.
    """
    content = hashlib.sha256()
    for path, name in sorted(_inputs(place), key=lambda found: found[1]):
        content.update(name.encode() + b"\0")
        content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()


def _inputs(place: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of a place that tell designs apart, with their names in the place."""
    if (place / "firmware").is_dir():
        paths = {path for pattern in _FIRMWARE_PATTERNS for path in place.glob(pattern)}
        yield from ((path, str(path.relative_to(place))) for path in paths if path.is_file())
    else:
        folder = place.parent if place.is_file() else place
        yield from ((path, os.path.relpath(path, folder)) for path in locate_reports(place).used)
