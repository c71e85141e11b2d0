"""Tools' report files: their text, numbers in it, and the one error of every reader."""

import gzip
import re
import zlib
from pathlib import Path

from dse.contracts.errors import EvaluationError, FailureKind

# 18 digits fit a 64-bit integer; a longer number in a damaged report is no count
_WHOLE = re.compile(r"\d{1,18}")
_DECIMAL = re.compile(r"-?\d{1,18}(\.\d+)?")


class ReportError(EvaluationError):
    """A report is missing or damaged; `where` is the file, the message names the field."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(FailureKind.REPORT_MISSING, message, where=str(path))


def read_text(path: Path) -> str:
    """Return a report's text; gzipped ones are unpacked, bytes that are not UTF-8 replaced.

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
    """Read a count.

    Raises:
        ReportError: it is missing or no whole number.
    """
    stripped = (text or "").strip().replace(",", "")
    if not _WHOLE.fullmatch(stripped):
        raise ReportError(path, f"{field} is {text!r}, not a whole number")
    return int(stripped)


def cycles(path: Path, field: str, text: str | None) -> int | None:
    """Read a number of cycles; None where the tool says that it does not know (undef, ?, NA)."""
    if (text or "").strip() in {"undef", "?", "NA", "x"}:
        return None
    return whole(path, field, text)


def decimal(path: Path, field: str, text: str | None) -> float:
    """Read a number with a point, without its unit ``ns``.

    Raises:
        ReportError: it is missing or no number.
    """
    stripped = (text or "").strip().removesuffix("ns").strip()
    if not _DECIMAL.fullmatch(stripped):
        raise ReportError(path, f"{field} is {text!r}, not a number")
    return float(stripped)
