"""Studies in installed packages, found by entry points of the group ``dse.studies``."""

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from importlib.resources import files
from pathlib import Path

from dse.contracts.entries import entry_points
from dse.contracts.errors import StudyError, ToolMissingError, nearest

GROUP = "dse.studies"
"""Entry points of this group name a package whose ``*.yaml`` files are studies."""


def shipped_studies() -> Mapping[str, Path]:
    """Return the studies of all installed packages by name, sorted.

    Raises:
        ToolMissingError: a package cannot be imported.
        StudyError: two packages contain a study of the same name.
    """
    found: dict[str, Path] = {}
    for entry in entry_points(group=GROUP):
        for file in _files(entry):
            if file.stem in found:
                message = f"two packages contain a study '{file.stem}': {found[file.stem]}"
                raise StudyError(message, where=str(file), hint="remove one of the packages")
            found[file.stem] = file
    return dict(sorted(found.items()))


def _files(entry: EntryPoint) -> Iterator[Path]:
    try:
        folder = files(entry.value)
    except ImportError as error:
        raise ToolMissingError(
            f"the studies '{entry.name}' cannot be imported: {error}", where=entry.value
        ) from error
    # pip installs packages as folders, never as zip archives, so a resource has a path
    return Path(str(folder)).glob("*.yaml")


def find_study(given: Path) -> Path:
    """Return the path of a study file, given as a path or as the name of a shipped study.

    A file of that name takes precedence over a shipped study; a folder does not.

    Raises:
        StudyError: a name without suffix and folder is neither a file nor a shipped study.
    """
    if given.is_file() or given.suffix or len(given.parts) != 1:
        return given
    shipped = shipped_studies()
    if given.name not in shipped:
        if given.exists():
            return given
        message = f"there is no file and no shipped study '{given}'"
        raise StudyError(message, hint=f"{nearest(given.name, shipped)}; dse studies lists them")
    return shipped[given.name]
