"""Folders as bytes, to be sent to machines that do not see them."""

import io
import tarfile
import tempfile
from pathlib import Path


def packed(folder: Path) -> bytes:
    """Return the files of a folder as a tar archive; equal contents give equal bytes.

    Links and other special files are left out: what they name may not be there.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(folder, arcname=".", filter=_plain)  # sorts each folder by name
    return buffer.getvalue()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Return a file or folder without its owner and time, which differ between machines."""
    if not (member.isfile() or member.isdir()):
        return None
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpack(content: bytes, folder: Path) -> None:
    """Write the files of an archive into a folder.

    Raises:
        tarfile.TarError: the archive is damaged, or names a file outside the folder.
    """
    # file by file: Python's own filters of archives are not in every 3.11
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            _write(archive, member, folder)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write a file or folder of an archive, as `_plain` lets in; nothing else."""
    target = folder / member.name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise tarfile.TarError(f"{member.name} lies outside the folder")
    content = archive.extractfile(member) if member.isfile() else None
    if content is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.read())
        target.chmod(0o755 if member.mode & 0o100 else 0o644)
    elif member.isdir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        raise tarfile.TarError(f"{member.name} is neither a file nor a folder")


def replace_folder(content: bytes, folder: Path) -> None:
    """Put the files of an archive in the place of a folder: all of them, or none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name[:16]}-", dir=folder.parent) as name:
        made = Path(name, "made")
        unpack(content, made)
        if folder.exists():
            folder.rename(Path(name, "before"))
        made.rename(folder)
