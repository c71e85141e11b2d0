"""Cache of folders: each is named by a key, built once under a lock, complete and undamaged.

joblib and diskcache store values; tools need a folder that they write into and read by path.
"""

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from dse.contracts.errors import UsageError
from dse.runtime.checksums import is_intact, write_checksums

_LOG = logging.getLogger(__name__)


def digest(*parts: object) -> str:
    """Return the SHA-256 of the canonical JSON of `parts`, in hexadecimal digits.

    It is equal in every process and on every machine, unlike Python's `hash`.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


_TAG = "CACHEDIR.TAG"
_TAG_TEXT = """Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache of dse; `dse cache prune` empties it.
"""  # https://bford.info/cachedir: backup tools leave such folders out


def open_cache(folder: Path) -> Path:
    """Create a cache folder, tag it as one, and return its absolute path.

    Raises:
        UsageError: the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tag = folder / _TAG
        if not tag.exists():
            tag.write_text(_TAG_TEXT)
    except OSError as error:
        raise UsageError(
            f"the cache folder cannot be created: {error.strerror}",
            where=str(folder),
            hint="choose another folder",
        ) from error
    return folder.resolve()


def is_cache(folder: Path) -> bool:
    """Whether `open_cache` created this folder, so that everything in it may be deleted."""
    tag = folder / _TAG
    return tag.is_file() and "cache of dse" in tag.read_text(errors="replace")


def cached_directory(root: Path, key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder `root/key`, built by `build(folder)` if it does not exist yet.

    Safe against concurrent builders (one builds, the others wait) and against a crash at
    any moment: the folder appears under its name only when `build` has returned. A folder with a
    file that has changed since is built again; see `dse.runtime.checksums`.

    Args:
        root: parent of all entries, created if absent.
        key: name of the folder; a digest of all that determines its content.
        build: writes the content into the empty folder it is given.
    """
    final = root / key
    if final.is_dir() and is_intact(final):
        return final
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / f"{key}.lock"):
        # another process may have built it, or built it again, while this one waited
        if final.is_dir() and not is_intact(final):
            _LOG.warning("%s is damaged and is built again", final)
            _remove(final)
        if not final.is_dir():
            _build(final, build)
    return final


def _remove(final: Path) -> None:
    # by a rename first: a removal that is interrupted would leave a part of it under its name
    scratch = Path(tempfile.mkdtemp(prefix=f".{final.name[:16]}-", dir=final.parent))
    final.rename(scratch / final.name)
    shutil.rmtree(scratch, ignore_errors=True)


def _build(final: Path, build: Callable[[Path], None]) -> None:
    # beside the final folder, so on the same file system: only there is a rename atomic
    scratch = Path(tempfile.mkdtemp(prefix=f".{final.name[:16]}-", dir=final.parent))
    try:
        build(scratch)
        write_checksums(scratch)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
