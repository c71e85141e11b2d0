"""Whose Python code is run: one's own, that of the installation, or what is trusted by name."""

import os
import stat
from pathlib import Path

import dse
from dse.contracts.errors import DataError

VARIABLE = "DSE_TRUST"
"""Set to 1, it lets code from any folder run; ``dse run --trust`` sets it."""


def check_trusted(module: str, folder: Path) -> None:
    """Refuse code from a folder that other people write, unless the user has said to trust it.

    A study names modules that lie beside it: scores, data, custom layers. Whoever can write there
    would run code as the user who runs the study.

    Args:
        module: name of the module, for the message.
        folder: folder that it is in.

    Raises:
        DataError: the folder belongs to another user, or every user may write to it.
    """
    if os.environ.get(VARIABLE) == "1" or not hasattr(os, "getuid"):
        return
    reason = _reason(folder)
    if reason:
        raise DataError(
            f"the module '{module}' is not run: its folder {reason}",
            where=str(folder),
            hint="read its code; then run with --trust, or copy the study to a folder of your own",
        )


def _reason(folder: Path) -> str:
    """Return why a folder is not trusted; empty if it is."""
    found = folder.stat()
    # whoever owns the installation, or the machine, has this user's rights anyway
    if found.st_uid not in {os.getuid(), 0, Path(dse.__file__).stat().st_uid}:
        return "belongs to another user"
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        return "can be written by every user"
    return ""
