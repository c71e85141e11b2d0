"""Find the files of events: plain or gzipped, in folders or in a zip archive."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from dse.contracts.errors import DataError
from dse.runtime.archives import check_expanded, gunzip

PARTS: Final = ("hits", "truth", "particles")
_FILE_NAME = re.compile(r"event(\d+)-(hits|truth|particles|cells)\.csv(\.gz)?")
_LAYOUT = "an event consists of files such as event000001000-hits.csv, -truth.csv, -particles.csv"


@dataclass(frozen=True)
class EventSource:
    """A file on disk, or a member of a zip archive if `member` is set."""

    path: Path
    member: str = ""

    @property
    def name(self) -> PurePath:
        """Path that has the file's name and folder: that of the member within an archive."""
        return PurePosixPath(self.member) if self.member else self.path

    def __str__(self) -> str:
        return f"{self.path}!{self.member}" if self.member else str(self.path)

    def read(self) -> bytes:
        """Return the uncompressed content.

        Raises:
            DataError: if the file cannot be read or decompressed.
        """
        # zipfile raises RuntimeError for encrypted members; gzip raises EOFError and zlib.error.
        try:
            content = self._raw()
            return gunzip(content, str(self)) if self.name.suffix == ".gz" else content
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
            raise DataError(
                f"cannot be read: {error}",
                where=str(self),
                hint="the file is damaged or incomplete; download or copy it again",
            ) from error

    def _raw(self) -> bytes:
        if not self.member:
            return self.path.read_bytes()
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(self.member)


@dataclass(frozen=True)
class EventFiles:
    """The files of one event.

    Attributes:
        number: event number in the file names.
        sources: files by part: ``hits``, ``truth``, ``particles``; ``cells`` is not read.
    """

    number: int
    sources: dict[str, EventSource] = field(default_factory=dict)


def find_events(path: str | Path) -> list[EventFiles]:
    """Find the events in a folder, a zip archive or by a prefix, without reading them.

    Args:
        path: a file of an event, its prefix (``folder/event000001000``), a folder or a
            zip archive; folders and archives are searched with their subfolders.

    Returns:
        The events in the order of their numbers, at least one.

    Raises:
        DataError: if there are none, the archive is unreadable, or an event occurs twice.
    """
    path = Path(path)
    events: dict[int, EventFiles] = {}
    for source in sorted(_candidates(path), key=str):
        if match := _FILE_NAME.fullmatch(source.name.name):
            event = events.setdefault(int(match[1]), EventFiles(int(match[1])))
            _add(event, match[2], source)
    if not events:
        what = "no event files found" if path.exists() else "no such file, folder or event prefix"
        raise DataError(what, where=str(path), hint=_LAYOUT)
    return [events[number] for number in sorted(events)]


def _candidates(path: Path) -> Iterator[EventSource]:
    if path.is_dir():
        return (EventSource(found) for found in path.rglob("event*"))
    if path.is_file() and path.suffix == ".zip":
        return _members(path)
    match = _FILE_NAME.fullmatch(path.name)
    if match is None and path.is_file():
        raise DataError("the file name is not that of an event file", where=str(path), hint=_LAYOUT)
    prefix = f"event{match[1]}" if match else path.name
    return (EventSource(found) for found in path.parent.glob(f"{prefix}-*"))


def _members(path: Path) -> Iterator[EventSource]:
    check_expanded(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return iter([EventSource(path, name) for name in archive.namelist()])
    except (OSError, zipfile.BadZipFile) as error:
        hint = "the archive is damaged or incomplete; download it again"
        raise DataError(f"cannot be read: {error}", where=str(path), hint=hint) from error


def _add(event: EventFiles, part: str, source: EventSource) -> None:
    """Add a file to an event; of a plain and a gzipped one in the same folder, the plain one.

    Sources come sorted by name, so that ``.csv`` comes before ``.csv.gz``.

    Raises:
        DataError: if the event has such a file in another folder too.
    """
    known = event.sources.setdefault(part, source)
    if known.name.parent != source.name.parent:
        raise DataError(
            f"event {event.number} occurs twice: {known.name} and {source.name}",
            where=str(source.path),
            hint="set the path to the folder of one data set",
        )
