"""Whose Python code is run: one's own, that of the installation, or what is trusted by name."""

import os
import stat
from collections.abc import Iterator
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
        DataError: another user owns the folder or a file of the module, also where a link leads
            to it, or every user may write to one, or exchange a folder above.
    """
    if os.environ.get(VARIABLE) == "1" or not hasattr(os, "getuid"):
        return
    for what, path in _paths(module, folder):
        if reason := _reason(path, owned=what != _ABOVE):
            raise DataError(
                f"the module '{module}' is not run: {what} {reason}",
                where=str(path),
                hint="read its code; then run with --trust, or copy the study to a folder of "
                "your own",
            )


_ABOVE = "a folder above it"


def _paths(module: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield what decides whose code a module is: its folder, its files, and folders above."""
    top = module.partition(".")[0]
    package = folder / top
    files = sorted(package.rglob("*.py")) if package.is_dir() else [folder / f"{top}.py"]
    found = [file for file in files if file.exists()]
    yield "its folder", folder
    yield from (("its file", file) for file in found)
    inside = {folder.resolve(), *(file.resolve().parent for file in found)}
    yield from (("the folder of its file", path) for path in sorted(inside))
    yield from ((_ABOVE, path) for path in sorted({one for at in inside for one in at.parents}))


def _reason(path: Path, *, owned: bool) -> str:
    """Return why a file or folder is not trusted; empty if it is.

    Args:
        path: the file or folder; of a link what it leads to.
        owned: whether its owner counts. Who owns a folder far above may well be an administrator.
    """
    found = path.stat()
    # whoever owns the installation, or the machine, has this user's rights anyway
    if owned and found.st_uid not in {os.getuid(), 0, Path(dse.__file__).stat().st_uid}:
        return "belongs to another user"
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        return "can be written by every user"
    return ""
