"""Files that `dse init` writes: a starter study, or a copy of a shipped study with its data."""

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from dse.cli.console import writing
from dse.contracts.errors import UsageError
from dse.contracts.parameters import Value
from dse.study.shipped import find_study
from dse.study.source import load_yaml


def write_starter(file: Path, *, force: bool) -> Path:
    """Write the commented starter study and return its path.

    Raises:
        UsageError: the file exists, or cannot be written.
    """
    refuse_existing(file, force=force)
    with writing(file):
        file.write_text(files("dse.cli").joinpath("starter.yaml").read_text())
    return file


def copy_study(name: Path, file: Path | None, *, force: bool) -> Path:
    """Copy a study and the files that it names, and return the copy's path.

    Args:
        name: name of a shipped study, or path of a study file.
        file: target; None for the name of the study file, in the current folder.
        force: replace existing files.

    Raises:
        UsageError: a file exists, or cannot be written.
        StudyError: there is no such study.
    """
    source = find_study(name)
    target = file or Path(source.name)
    tree = dict(load_yaml(source).tree)
    copies = {path: target.parent / path for path in _data_files(tree, source.parent)}
    for one in (target, *copies.values()):
        refuse_existing(one, force=force)
    with writing(target):
        shutil.copyfile(source, target)
        for path, copy in copies.items():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.parent / path, copy)
    return target


def _data_files(value: Value, base: Path) -> Iterator[Path]:
    """Yield the values of a study that name files beside it, as relative paths."""
    children: list[Value] = []
    if isinstance(value, dict):
        children = list(value.values())
    elif isinstance(value, list):
        children = value
    elif isinstance(value, str) and len(value) < 256 and "\0" not in value:  # else is_file raises
        found = [Path(value), *_in_parts(value)]
        yield from dict.fromkeys(path for path in found if _is_beside(path, base))
    for child in children:
        yield from _data_files(child, base)


def _in_parts(value: str) -> Iterator[Path]:
    """Yield files that a value may name beside others: ``x.npy,y.h5:/y``, ``module:function``."""
    for part in value.split(","):
        place, colon, _ = part.strip().partition(":")
        if place and place != value:
            yield Path(place)
        if colon and place.isidentifier():
            yield Path(f"{place}.py")


def _is_beside(path: Path, base: Path) -> bool:
    return not path.is_absolute() and ".." not in path.parts and (base / path).is_file()


def refuse_existing(file: Path, *, force: bool) -> None:
    """Raise UsageError where a file may not be written: it is a folder, or exists already."""
    if file.is_dir():
        raise UsageError("this is a folder", where=str(file), hint="name a file in it")
    if file.exists() and not force:
        raise UsageError("the file exists already", where=str(file), hint="--force replaces it")
