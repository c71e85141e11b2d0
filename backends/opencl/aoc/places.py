"""Places of designs under a folder, and the reports that belong to a design.

aoc writes a folder named after the kernel file (`device` for `device.cl`) with `reports/lib/json`,
and Quartus' results beside it. Many keep `acl_quartus_report.txt` in the folder above instead, and
many have a folder `device` that holds kernel sources alone.
"""

from collections.abc import Iterator
from pathlib import Path

from backends.opencl.aoc.recognise import IntelReport, RecognisedReport, recognise_aoc
from dse.runtime.report_files import walk_files

_INNER = ("json", "lib", "reports", "report", "resources", "output_files", "quartus")
"""Folders below the one of a design."""

_FOLDERS = (
    "",
    "reports",
    "report",
    "lib",
    *(f"{folder}lib/json" for folder in ("", "reports/", "report/")),
    *(f"{folder}resources/json" for folder in ("", "reports/", "report/")),
    "reports/lib",
    "report/lib",
    "output_files",
    "quartus",
)
"""Where the reports of a design are, below its folder."""

_DEVICE = "device"


def reports_under(root: Path) -> list[RecognisedReport]:
    """Return every file under a folder that looks like a report of aoc, oneAPI or Quartus."""
    return [one for path in walk_files(root) if (one := recognise_aoc(path))]


def find_places(root: Path) -> Iterator[Path]:
    """Yield the places of all designs under a folder, in order, each once.

    A place is a design's folder, or a single report where a folder has several of one kind.
    """
    useless = {
        IntelReport.VIEW,
        IntelReport.INFO,
        IntelReport.PRINTED,
    }  # no counts, cycles or clock
    places = {_place_of(one, root) for one in reports_under(root) if one.kind not in useless}
    yield from sorted(places)


def _place_of(one: RecognisedReport, root: Path) -> Path:
    beside = [other for other in _directly_in(one.path.parent) if other.kind is one.kind]
    if one.kind is IntelReport.PARSED or (len(beside) > 1 and one.kind is not IntelReport.LINES):
        return one.path
    folder = one.path.parent
    while folder.name in _INNER and folder != root:
        folder = folder.parent
    if folder.name == _DEVICE and folder != root:
        own, below = _index(folder.parent), _index(folder)
        return folder if own.keys() & below.keys() else folder.parent
    return folder


def files_of(place: Path) -> dict[IntelReport, Path]:
    """Return the reports of the design at a place by kind; one of oneAPI's files stands for all."""
    if place.is_file():
        alone = recognise_aoc(place)
        return {alone.kind: place} if alone else {}
    own, below = _index(place), _index(place / _DEVICE)
    return own if own.keys() & below.keys() else below | own


def used_files(place: Path) -> list[Path]:
    """Return all reports that count for a design."""
    chosen = files_of(place)
    found = [
        path for kind, path in chosen.items() if kind not in {IntelReport.LINES, IntelReport.VIEW}
    ]
    if IntelReport.LINES in chosen:
        found += [
            o.path
            for o in _directly_in(chosen[IntelReport.LINES].parent)
            if o.kind is IntelReport.LINES
        ]
    return found


def _index(folder: Path) -> dict[IntelReport, Path]:
    """Return the first report of each kind; kinds that are there twice in a folder are left out."""
    found: dict[IntelReport, Path] = {}
    for name in _FOLDERS:
        here: dict[IntelReport, list[Path]] = {}
        for one in _directly_in(folder / name):
            here.setdefault(one.kind, []).append(one.path)
        for kind, paths in here.items():
            several = {IntelReport.LINES, IntelReport.PRINTED}
            if (len(paths) == 1 and kind is not IntelReport.PARSED) or kind in several:
                found.setdefault(kind, paths[0])
    return found


def _directly_in(folder: Path) -> list[RecognisedReport]:
    if not folder.is_dir():
        return []
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return [one for path in files if (one := recognise_aoc(path))]
