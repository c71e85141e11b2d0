"""Compressed files: a small one may expand to more than the machine holds."""

import gzip
import os
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from dse.contracts.errors import DataError
from dse.formatting import scaled


def most_bytes() -> int:
    """Return how much a file may expand to: half of the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def check_expanded(path: Path) -> None:
    """Check that a zip archive, such as npz or ``.keras``, fits the memory when it is expanded.

    zipfile reads no more of a member than the archive's index says, so the sum is a bound. Files
    that are no archives pass.

    Raises:
        DataError: it expands to more than `most_bytes`.
    """
    try:
        with ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (BadZipFile, OSError):
        return  # whoever reads it says so
    if size > most_bytes():
        raise _too_large(f"expands to {scaled(size, 'B')}", str(path))


def gunzip(content: bytes, where: str) -> bytes:
    """Return the content of a gzipped file.

    Raises:
        DataError: it expands to more than `most_bytes`.
        OSError, EOFError, zlib.error: it is damaged.
    """
    most = most_bytes()
    with gzip.GzipFile(fileobj=BytesIO(content)) as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise _too_large(f"expands to more than {scaled(most, 'B')}", where)
    return found


def _too_large(what: str, where: str) -> DataError:
    limit = scaled(most_bytes(), "B")
    return DataError(
        f"the file {what}, more than half of this machine's memory ({limit})",
        where=where,
        hint="give fewer samples, or split the file",
    )
