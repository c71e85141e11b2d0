"""Checksums of a folder's files, by which damage to a cache entry is noticed."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FILE = ".checksums.json"
"""Name of the file with the checksums, in the folder."""
_BY_PYTHON = "__pycache__"

_seen: dict[Path, dict[str, tuple[int, int]]] = {}
"""Size and time of change of the files that this process has found undamaged, by folder."""


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_checksums(folder: Path) -> None:
    """Write the SHA-256 of every file of a folder into it."""
    found = {name: file_digest(folder / name) for name in _names(folder)}
    draft = folder / f"{FILE}.{os.getpid()}"
    draft.write_text(json.dumps(found, sort_keys=True))
    draft.replace(folder / FILE)  # atomic: others may be reading it


def is_intact(folder: Path) -> bool:
    """Whether all files are as they were when `write_checksums` was called.

    Files are read once per process, and again when their size or time of change differs. Files
    that came later do not count. A folder without checksums, which an earlier version of dse
    made, gets them now: nothing can tell any more whether it is damaged.
    """
    if not (folder / FILE).exists():
        with suppress(PermissionError):  # somebody else's cache
            write_checksums(folder)
        return True
    try:
        stored: dict[str, str] = json.loads((folder / FILE).read_text())
        states = {name: _state(folder / name) for name in stored}
        seen = _seen.get(folder, {})
        changed = [name for name in stored if states[name] != seen.get(name)]
        intact = all(file_digest(folder / name) == stored[name] for name in changed)
    except (OSError, ValueError, AttributeError):  # a file is gone, or the checksums are damaged
        return False
    if intact:
        _seen[folder] = states
    return intact


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        # Python writes its byte code again when it likes to
        if path.is_file() and not path.name.startswith(FILE) and _BY_PYTHON not in path.parts:
            yield path.relative_to(folder).as_posix()


def _state(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_size, found.st_mtime_ns
