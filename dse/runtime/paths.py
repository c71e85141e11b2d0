"""Paths of files as text."""

from pathlib import Path


def is_utf8(path: Path) -> bool:
    """Return whether a path is text in UTF-8; Linux takes any bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
