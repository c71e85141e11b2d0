"""Read artifacts for the browser: as text, and from the artifact folder only."""

from os.path import realpath
from pathlib import Path

_MOST_BYTES = 200_000


def readable_file(folder: Path, stored: str) -> tuple[str, str]:
    """Return the text of an artifact, and a remark if it is truncated or not shown.

    Args:
        folder: folder of all artifacts.
        stored: path in the store, relative to that folder.

    Returns:
        Text and remark; either may be empty. A path that leads out of the folder, through a
        symbolic link too, is never opened.
    """
    try:
        # `Path.resolve` raises RuntimeError for a loop of links before Python 3.13
        root, file = Path(realpath(folder)), Path(realpath(folder / stored))
        if not file.is_relative_to(root):
            return "", "not shown, because it is outside the artifact folder"
        if not file.is_file():
            return "", "a folder" if file.is_dir() else "no longer exists"
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)  # one byte more shows whether the text is cut
        size = file.stat().st_size
    except OSError as error:  # such as a name that is too long, a loop of links, no permission
        return "", f"cannot be read: {error.strerror}"
    except ValueError:  # a NUL, or half a character
        return "", "not shown, because this is not the path of a file"
    if b"\0" in data:  # as git does: a NUL byte marks a binary file
        return "", f"binary file, {size:,} bytes"
    cut = f"first {_MOST_BYTES:,} bytes" if len(data) > _MOST_BYTES else ""
    return data[:_MOST_BYTES].decode(errors="replace"), cut
