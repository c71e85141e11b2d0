"""Read text and numbers from tools' report files; all errors are `ReportError`."""

import gzip
import re
import zlib
from pathlib import Path

from dse.contracts.errors import EvaluationError, FailureKind

# 18 digits fit a signed 64-bit integer; a longer number comes from a damaged report
_WHOLE = re.compile(r"\d{1,18}")
_DECIMAL = re.compile(r"-?\d{1,18}(\.\d+)?")


class ReportError(EvaluationError):
    """A report is missing or damaged; `where` is the file, and the message names the field."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(FailureKind.REPORT_MISSING, message, where=str(path))


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
    stripped = (text or "").strip().replace(",", "")
    if not _WHOLE.fullmatch(stripped):
        raise ReportError(path, f"{field} is {text!r}, not a whole number")
    return int(stripped)


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
