"""The folder of a local Ray: it has its sockets, logs and what memory does not hold."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dse.contracts.errors import ToolMissingError

_LONGEST = 22
"""Most bytes of the path above the folder.

A Unix socket's path has 103 bytes at most (macOS; 107 on Linux), of which 81 are taken:
``/dse-12345678/ray/session_2026-01-31_12-00-00_123456_1234567/sockets/plasma_store``.
"""

_PATIENCE_S = 5.0
"""Longest wait for processes of Ray that end, and may still write."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder for a Ray's files that this user alone can reach; remove it at the end.

    It is in ``RAY_TMPDIR`` or ``TMPDIR`` if their path is short enough for sockets, else in
    ``/tmp``.

    Raises:
        ToolMissingError: no folder can be made there.
    """
    above = _above()
    try:
        outer = Path(tempfile.mkdtemp(prefix="dse-", dir=above))
    except OSError as error:
        message = f"no folder for Ray's files can be made in {above}: {error.strerror}"
        hint = "set RAY_TMPDIR to a folder of yours with a short path"
        raise ToolMissingError(message, hint=hint) from error
    try:
        yield outer / "ray"  # Ray opens its folder to everybody, but not the one around it
    finally:
        _remove(outer)


def _above() -> Path:
    wanted = (os.environ.get("RAY_TMPDIR", ""), tempfile.gettempdir())
    paths = [Path(path).resolve() for path in wanted if path]
    return next((path for path in paths if len(bytes(path)) <= _LONGEST), Path("/tmp"))  # noqa: S108


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
        shutil.rmtree(folder, ignore_errors=True)
