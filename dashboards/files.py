"""Files that evaluations left, as a browser may see them: as text, and from one folder only."""

from pathlib import Path

_MOST_BYTES = 200_000


def readable_file(folder: Path, stored: str) -> tuple[str, str]:
    """The text of an artifact, and why it is not whole or not shown.

    Args:
        folder: of all artifacts.
        stored: path as the store has it, relative to that folder.

    Returns:
        Text and remark, each possibly empty. A path that leads out of the folder, also by a
        link, is never opened.
    """
    root, file = folder.resolve(), (folder / stored).resolve()
    if not file.is_relative_to(root):
        return "", "lies outside the folder of artifacts and is not shown"
    if not file.is_file():
        return "", "a folder" if file.is_dir() else "is no longer there"
    data = file.read_bytes()[: _MOST_BYTES + 1]
    if b"\0" in data:
        return "", f"not a text, {file.stat().st_size:,} bytes"
    cut = f"the first {_MOST_BYTES:,} bytes" if len(data) > _MOST_BYTES else ""
    return data[:_MOST_BYTES].decode(errors="replace"), cut
