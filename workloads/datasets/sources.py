"""Where a data set comes from, as a study writes it: files with names in them, or a function."""

import re
from dataclasses import dataclass
from pathlib import Path

from dse.contracts.errors import DataError
from dse.runtime.checksums import file_digest
from dse.runtime.modules import module_digest
from workloads.datasets.readers import FORMATS
from workloads.keras_files import check_format

_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
"""A module's full name and a function's."""


@dataclass(frozen=True)
class Source:
    """One file, or one function.

    Args:
        place: path as written, or ``module:function``.
        names: names of the arrays or columns to read; empty for the whole file.
        is_function: whether it is a function; the name of a file may have a colon too.
    """

    place: str
    names: tuple[str, ...] = ()
    is_function: bool = False

    def file(self, base: Path, key: str) -> Path:
        """Return the path of the file.

        Args:
            base: folder that relative paths start at.
            key: the setting that names it, for the error.

        Raises:
            DataError: there is no such file, or it is an npz file by its name only.
        """
        path = base / self.place
        if not path.is_file():
            hint = f"set workload.{key} to a file; relative paths start at {base}"
            raise DataError(f"the {key} file does not exist", where=str(path), hint=hint)
        if FORMATS.get(path.suffix.lower(), FORMATS[".npz"]) is FORMATS[".npz"]:
            check_format(path, key)  # another suffix: npz files may have any
        return path

    def digest(self, base: Path, key: str) -> str:
        """Return the SHA-256 of the file, or of the function's module; raises as `file` does."""
        if not self.is_function:
            return file_digest(self.file(base, key))
        return module_digest(self.place.partition(":")[0], base)


def sources(text: str, base: Path) -> tuple[Source, ...]:
    """Return the sources that a setting names, separated by commas.

    Args:
        text: such as ``test.npz``, ``x_0.npy,x_1.npy``, ``jets.parquet:pt,eta`` or ``mine:load``. A
            part without a file of its own is a further name in the file before it.
        base: folder that relative paths start at.
    """
    if _FUNCTION.fullmatch(text) and not _is_data(text.partition(":")[0]):
        return (Source(text, is_function=True),)
    if (base / text).is_file():  # a path with a colon or a comma
        return (Source(text),)
    found: list[Source] = []
    for part in filter(None, map(str.strip, text.split(","))):
        file, _, name = part.partition(":")
        if found and not _is_data(file):
            found[-1] = Source(found[-1].place, (*found[-1].names, part))
        else:
            found.append(Source(file, (name,) if name else ()))
    return tuple(found)


def _is_data(file: str) -> bool:
    return Path(file).suffix.lower() in FORMATS


def digests(text: str, base: Path, key: str) -> list[str]:
    """Return what identifies the data that a setting names, but where the files are.

    These are the SHA-256 of every file and the names in it. Of a function it is that of its module,
    whatever files it reads. Raises as `Source.digest` does.
    """
    found: list[str] = []
    for source in sources(text, base):
        names = (source.place,) if source.is_function else source.names
        found += [source.digest(base, key), *names]
    return [key, *found] if key.endswith("_targets") else found
