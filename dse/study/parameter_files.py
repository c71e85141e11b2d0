"""Parameters whose value is a mapping that a study may keep in a file of its own."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from dse.contracts.errors import StudyError
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.study.source import parse_yaml


def with_files(parameters: Iterable[Parameter], values: Assignment, base: Path) -> dict[str, Value]:
    """Return values with the content of the files that they name.

    Keys then depend on the content, and other machines need no file.

    Args:
        parameters: declarations of the values.
        values: by name.
        base: folder that relative paths refer to.

    Raises:
        StudyError: a file is missing, is no YAML, or holds what the parameter does not take.
    """
    found = dict(values)
    for parameter in parameters:
        value = values.get(parameter.name)
        if parameter.file and isinstance(value, str):
            found[parameter.name] = _content(parameter, base / value)
    return found


def _content(parameter: Parameter, path: Path) -> Value:
    try:
        content = _read(path, path.stat().st_mtime_ns)
        if isinstance(content, dict):
            return parameter.check(content)
        problem = f"{parameter.name}: the file should hold a mapping"
    except OSError as error:
        problem = f"{parameter.name}: the file cannot be read: {error.strerror}"
    except ValueError as error:
        problem = str(error)
    raise StudyError(problem, where=str(path), hint="dse calibrate writes such a file")


@cache
def _read(path: Path, changed_ns: int) -> Value:  # noqa: ARG001  (a changed file is read again)
    return parse_yaml(path.read_text(encoding="utf-8"), str(path))[0]
