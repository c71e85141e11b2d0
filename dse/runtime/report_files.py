"""Find tools' report files, and read text and numbers from them; all errors are `ReportError`."""

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from dse.contracts.errors import EvaluationError, FailureKind

# 18 digits fit a signed 64-bit integer; a longer number comes from a damaged report. re.ASCII:
# without it \d matches digits of every script. Commas only between groups of three digits.
_WHOLE = re.compile(r"\d{1,18}|\d{1,3}(,\d{3}){1,5}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,18}(\.\d+)?", re.ASCII)


class ReportError(EvaluationError):
    """A report is missing or damaged; `where` is the file, and the message names the field."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(FailureKind.REPORT_MISSING, message, where=str(path))


def walk_files(root: Path) -> Iterator[Path]:
    """Yield all files under a folder, each once, in order of their paths.

    Links to folders are followed once: what is reached by its own path is not yielded again under
    the link, and a link to a folder above itself is left out. Folders named `.git` are left out,
    and so is what is no regular file: reading a pipe would wait without end.
    """
    seen: set[str] = set()
    found: list[Path] = []
    waiting = [root]
    while waiting:  # links wait until everything is seen that has a path of its own
        links = list(_walk_real(waiting.pop(0), seen, found))
        waiting += sorted(link for link in links if not _contains(link, root))
    yield from sorted(found)


def unreadable(root: Path) -> list[Path]:
    """Return the folders and files under a folder that this user may not read; links are left out.

    `walk_files` does not enter such folders, and no reader knows such files.
    """
    closed: list[OSError] = []
    files = [
        path
        for folder, _, names in os.walk(root, onerror=closed.append)
        for path in (Path(folder) / name for name in names)
        if not path.is_symlink() and not os.access(path, os.R_OK)
    ]
    return sorted([*(Path(error.filename) for error in closed), *files])


def _contains(link: Path, root: Path) -> bool:
    return Path(os.path.realpath(link)) in Path(os.path.realpath(root)).parents


def _walk_real(top: Path, seen: set[str], found: list[Path]) -> Iterator[Path]:
    """Append the unseen files below `top` to `found`; yield the links to folders and files."""
    for folder, names, files in os.walk(top):
        if (real := os.path.realpath(folder)) in seen:
            names.clear()
            continue
        seen.add(real)
        here = Path(folder)
        links = [name for name in names if (here / name).is_symlink()]
        yield from (here / name for name in links)
        names[:] = sorted(name for name in names if name not in links and name != ".git")
        for name in files:
            if (here / name).is_symlink():
                yield here / name
            else:
                _append_once(here / name, seen, found)
    if top.is_file():
        _append_once(top, seen, found)


def _append_once(file: Path, seen: set[str], found: list[Path]) -> None:
    real = os.path.realpath(file)
    # os.path.isfile is false, and Path.is_file raises, where permissions hide the target of a link
    if real not in seen and os.path.isfile(real):  # noqa: PTH113
        seen.add(real)
        found.append(file)


def read_start(path: Path, size: int) -> str:
    """Return at most the first `size` bytes of a file as text; empty where it cannot be read.

    Files named ``*.gz`` are decompressed, and bytes that are not UTF-8 are replaced.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as opened:
            return opened.read(size).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error):
        return ""


def read_text(path: Path) -> str:
    """Return a report's text.

    Files named ``*.gz`` are decompressed, and bytes that are not UTF-8 are replaced.

    Raises:
        ReportError: the file cannot be read, or is empty.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise ReportError(path, f"cannot be read: {error}") from error
    text = data.decode("utf-8", "replace")
    if not text.strip():
        raise ReportError(path, "is empty")
    return text


def whole(path: Path, field: str, text: str | None) -> int:
    """Return a count; commas between thousands are accepted.

    Args:
        path: the report, for errors.
        field: name of the field, for errors.
        text: content of the field; None if the report lacks it.

    Raises:
        ReportError: the field is missing or not a whole number.
    """
    stripped = (text or "").strip()
    if not _WHOLE.fullmatch(stripped):
        raise ReportError(path, f"{field} is {text!r}, not a whole number")
    return int(stripped.replace(",", ""))


def cycles(path: Path, field: str, text: str | None) -> int | None:
    """Return a number of cycles; None where the tool marks it as unknown (undef, ?, NA, x).

    HLS tools do so for loops whose trip count depends on data. Arguments and errors are those of
    `whole`.
    """
    if (text or "").strip() in {"undef", "?", "NA", "x"}:
        return None
    return whole(path, field, text)


def decimal(path: Path, field: str, text: str | None) -> float:
    """Return a decimal number; a unit ``ns`` after it is ignored. Arguments are those of `whole`.

    Raises:
        ReportError: the field is missing or not a number.
    """
    stripped = (text or "").strip().removesuffix("ns").strip()
    if not _DECIMAL.fullmatch(stripped):
        raise ReportError(path, f"{field} is {text!r}, not a number")
    return float(stripped)
