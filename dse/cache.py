"""Things made once: folders named by a key, built under a lock, complete or absent."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def digest(*parts: object) -> str:
    """SHA-256 of the canonical JSON of `parts`; equal in every process and on every machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cached_directory(root: Path, key: str, build: Callable[[Path], None]) -> Path:
    """The folder `root/key`, built by `build(folder)` if it is not there yet.

    Safe against concurrent builders (one builds, the others wait) and against a crash at
    any moment: the folder appears under its name only when `build` has returned.
    """
    final = root / key
    if final.is_dir():
        return final
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / f"{key}.lock"):
        if not final.is_dir():
            _build(final, build)
    return final


def _build(final: Path, build: Callable[[Path], None]) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=f".{final.name[:16]}-", dir=final.parent))
    try:
        build(scratch)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
