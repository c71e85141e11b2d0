"""`dse import` of report trees that dse did not write: parameters and results of each design."""

import csv
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dse.contracts.backend import Job
from dse.contracts.errors import DataError, EvaluationError, UsageError
from dse.contracts.offline import OfflineBackend, SourcedValue
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.contracts.registry import installed_metrics
from dse.engine.importing import ImportedResult, NotTaken, to_imported_result
from dse.engine.keys import evaluation_key
from dse.formatting import read_problem
from dse.runtime.cache import digest
from dse.runtime.paths import is_utf8
from dse.runtime.report_files import unreadable
from dse.store.records import IMPORTED

PATH = "path"
"""Column of a map file that names a folder, relative to the imported folder."""


@dataclass(frozen=True)
class PathHints:
    """What the user says of folders by `--pattern`, `--map` and `--solution`.

    Args:
        root: folder that is imported.
        pattern: pattern of paths, such as ``runs/{total_bits}_{reuse_factor}/``; empty for none.
        rows: rows of the map file, by path relative to `root`; None without a map.
        map_name: name of the map file, for messages.
        solution: name of the solution to take where a project has several; empty for none.
    """

    root: Path
    pattern: str = ""
    rows: Mapping[str, Mapping[str, SourcedValue]] | None = None
    map_name: str = ""
    solution: str = ""

    def __post_init__(self) -> None:
        """Check the pattern; raise UsageError."""
        if self.pattern:
            _expression(self.pattern)

    @property
    def names(self) -> set[str]:
        """Names that the pattern and the map give values for."""
        in_rows = {name for row in (self.rows or {}).values() for name in row}
        return {*re.findall(r"\{(\w+)\}", self.pattern), *in_rows}

    def check_chosen(self, place: Path, solutions: Sequence[Path]) -> None:
        """Check that a place is the solution to take, where its project has several.

        Raises:
            DataError: the user chose none, or another one.
        """
        names = [path.name for path in solutions]
        if len(names) > 1 and place.name != self.solution:
            message = f"is one of several solutions of a project: {', '.join(names)}"
            hint = f"choose by --solution, such as --solution {names[0]}"
            raise DataError(message, where=str(place), hint=hint)

    def parameters_of(self, folder: Path) -> Iterator[tuple[str, SourcedValue]]:
        """Yield the names and values that pattern and map give for one folder.

        Raises:
            DataError: the pattern does not match, or the map has no row for the folder.
        """
        if self.pattern:
            yield from self._matched(folder)
        if self.rows is not None:
            # A row may name the project or any folder above it, also by its absolute path.
            places = [p for p in (folder, *folder.parents) if p.is_relative_to(self.root)]
            names = [name for p in places for name in (str(p.relative_to(self.root)), str(p))]
            row = next((self.rows[name] for name in names if name in self.rows), None)
            if row is None:
                hint = f"add a row to it with {PATH} = {names[0]}"
                raise DataError(f"{self.map_name} has no row for it", where=str(folder), hint=hint)
            yield from row.items()

    def _matched(self, folder: Path) -> Iterator[tuple[str, SourcedValue]]:
        inner = folder.relative_to(self.root)
        expression = _expression(self.pattern)
        for text in (f"{inner}/", f"{self.root.name}/{inner}/"):
            if found := re.match(expression, text):
                for name, value in found.groupdict().items():
                    yield name, SourcedValue(value_of(value), f"the path {folder}")
                return
        hint = "it is matched from the start of the path, with or without the imported folder"
        raise DataError(f"--pattern {self.pattern} does not match", where=str(folder), hint=hint)


def _expression(pattern: str) -> str:
    """Return the regular expression of a pattern: one group per parameter, without slashes.

    Raises:
        UsageError: the pattern has no parameters, one twice, or an illegal name.
    """
    parts = re.split(r"\{(\w*)\}", pattern.strip("/"))
    names = parts[1::2]
    if not names or not all(name.isidentifier() for name in names) or len(set(names)) < len(names):
        hint = "such as --pattern 'runs/{total_bits}_{reuse_factor}/', every name once"
        raise UsageError(f"--pattern {pattern} names no parameters", hint=hint)
    for name in names:
        _check_name(name)
    return (
        "".join(
            f"(?P<{part}>[^/]+?)" if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
        + "/"
    )


def value_of(text: str) -> Value:
    """Return a text as int, float or bool if it is written like one, else as it is."""
    # At most 15 digits, which a float64 keeps exactly; longer numbers stay text.
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,15}\.\d+", text):
        return float(text)
    return {"true": True, "false": False}.get(text.lower(), text)


def _check_name(name: str) -> None:
    metrics = installed_metrics()
    if name in metrics or name == "point" or not name.isidentifier():
        problem = "the name of a metric" if name in metrics else "not a legal name of a parameter"
        raise UsageError(f"'{name}' is {problem}", hint="choose another name")


def _check_columns(file: Path, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"column '{name}' appears twice", where=f"{file}:1")
        if name != PATH:
            _check_name(name)


def read_map(file: Path) -> dict[str, dict[str, SourcedValue]]:
    """Read a map: a CSV file with a column `path` and one column per parameter.

    Returns:
        Parameters of each row by name, by normalised path; empty cells are left out.

    Raises:
        DataError: the file cannot be read, or has a path or column twice.
        UsageError: a column is not a legal name of a parameter.
    """
    try:
        # utf-8-sig: spreadsheets write a byte order mark, which would be part of the first name.
        with file.open(newline="", encoding="utf-8-sig") as opened:
            reader = csv.DictReader(opened)
            rows = [(reader.line_num, row) for row in reader]
            names = list(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        hint = f"give a CSV file with the columns {PATH},total_bits,reuse_factor,…"
        raise DataError(
            f"cannot be read: {read_problem(error)}", where=str(file), hint=hint
        ) from error
    if PATH not in names or len(names) < 2:
        hint = f"columns: {PATH},total_bits,reuse_factor,…"
        raise DataError(
            f"needs a column '{PATH}' and one per parameter", where=str(file), hint=hint
        )
    _check_columns(file, names)
    found: dict[str, dict[str, SourcedValue]] = {}
    for line, row in rows:
        where, path = f"{file}:{line}", posixpath.normpath((row[PATH] or "").strip())
        if None in row:
            raise DataError("this row has more cells than there are columns", where=where)
        if None in row.values():
            hint = "separate all cells by commas; a cell may be empty"
            raise DataError("this row has fewer cells than columns", where=where, hint=hint)
        if path in found:
            raise DataError(f"path '{path}' appears in two rows", where=where)
        given = {k: v for k, v in row.items() if k != PATH and v not in {None, ""}}
        found[path] = {name: SourcedValue(value_of(value), where) for name, value in given.items()}
    return found


def results(
    backends: Sequence[OfflineBackend], hints: PathHints, points: Sequence[Assignment] | None = None
) -> Iterator[ImportedResult | NotTaken]:
    """Yield what became of every design under `hints.root` that a backend finds or may not read.

    Args:
        backends: whose reports to look for.
        hints: what the user says besides the files in the folders.
        points: points of the study that gets the results; None if each design makes a point.
    """
    for path in unreadable(hints.root):
        yield NotTaken(path, "may not be read", "give yourself permission to read it")
    for backend in backends:
        for place in backend.find(hints.root):
            if not is_utf8(place):  # neither a database nor a table keeps such a text
                yield NotTaken(place, "its path is not UTF-8", "rename the folder")
                continue
            try:
                hints.check_chosen(place, backend.solutions(place))
                yield _result(backend, place, hints, points)
            except (DataError, EvaluationError) as error:
                where = "" if error.where in {"", str(place)} else f"{error.where}: "
                yield NotTaken(place, f"{where}{error.message}", error.hint)


def unused_rows(hints: PathHints, found: Sequence[ImportedResult | NotTaken]) -> list[str]:
    """Return the paths of the map's rows that name no design, such as misspelt ones."""
    folders = [entry.folder for entry in found]
    return [
        row
        for row in hints.rows or ()
        if not any(folder.is_relative_to(hints.root / row) for folder in folders)
    ]


def unused_files(
    backends: Sequence[OfflineBackend], found: Sequence[ImportedResult | NotTaken], root: Path
) -> dict[Path, str]:
    """Return the files under a folder that look like reports and were not used, with what each is.

    Args:
        backends: whose reports were looked for.
        found: what became of the designs; files of one that was not taken are not listed again.
        root: folder that was imported.
    """
    places = [entry.folder for entry in found]
    used = {file for backend in backends for place in places for file in backend.used_files(place)}
    looks: dict[Path, str] = {}
    for backend in backends:
        looks |= backend.report_files(root)
    return {file: what for file, what in sorted(looks.items()) if file not in used}


def _result(
    backend: OfflineBackend, folder: Path, hints: PathHints, points: Sequence[Assignment] | None
) -> ImportedResult | NotTaken:
    parameters = _parameters(backend, folder, hints)
    reads = {p.name for p in backend.parameters}
    own = {name: value for name, value in parameters.items() if name in reads}
    report = backend.read(own, folder)
    if report is None:
        reason = "has no results: the run has not finished, or its reports are not here"
        return NotTaken(folder, reason, is_error=False)
    # No workload is known: the design's own files and parameters stand for its fingerprint.
    fingerprint = digest(IMPORTED, backend.identity(folder), parameters)
    key = evaluation_key(backend.name, backend.version, report.tool, fingerprint, own)
    job = Job(
        key=key,
        backend=backend.name,
        parameters=own,
        workload=IMPORTED,
        workload_parameters={},
        fingerprint=fingerprint,
        base=hints.root,
    )
    same = _comparison(backend.parameters)
    point = parameters if points is None else _point(folder, parameters, points, same)
    return to_imported_result(job, backend.version, report, folder, (point,))


def _parameters(backend: OfflineBackend, folder: Path, hints: PathHints) -> dict[str, Value]:
    """Return the parameters of a folder from all sources: its files, the pattern and the map.

    Raises:
        DataError: two sources disagree, or a value is not legal.
    """
    in_files = [(name, one) for name, found in backend.describe(folder).items() for one in found]
    legal = {parameter.name: parameter for parameter in backend.parameters}
    same = _comparison(backend.parameters)
    agreed: dict[str, SourcedValue] = {}
    for name, found in [*in_files, *hints.parameters_of(folder)]:
        value = found.value
        if name in legal:
            try:
                value = legal[name].check(value)
            except ValueError as error:
                raise DataError(str(error), where=found.source) from error
        before = agreed.setdefault(name, SourcedValue(value, found.source))
        if not same(name, before.value, value):
            raise DataError(
                f"{name} is {before.value} in {before.source}, but {value} in {found.source}",
                where=str(folder),
                hint="correct or remove the one that is wrong",
            )
    return {name: found.value for name, found in agreed.items()}


_Comparison = Callable[[str, Value, Value], bool]
"""Whether two values of a named parameter are the same."""


def _comparison(parameters: Sequence[Parameter]) -> _Comparison:
    """Return the comparison of values: by a parameter's own rule, else without the case of text."""
    rules = {p.name: p.comparable for p in parameters if p.comparable is not None}

    def comparable(name: str, value: Value) -> Value:
        if name in rules and value is not None:
            return rules[name](value)
        return value.lower() if isinstance(value, str) else value

    return lambda name, first, second: comparable(name, first) == comparable(name, second)


def _point(
    folder: Path, found: Assignment, points: Sequence[Assignment], same: _Comparison
) -> Assignment:
    """Return the point of a study that a design's parameters fit.

    Raises:
        DataError: no point fits, or the design lacks a parameter that would tell which does.
    """
    fitting = [
        point
        for point in points
        if all(name not in found or same(name, found[name], value) for name, value in point.items())
    ]
    missing = sorted({name for point in fitting for name in point if name not in found})
    if len(fitting) == 1 and not missing:
        return fitting[0]
    shown = ", ".join(f"{name} = {value}" for name, value in found.items())
    if missing:
        hint = "give it by --pattern or --map"
        message = f"no file or option gives its {missing[0]} ({shown})"
        raise DataError(message, where=str(folder), hint=hint)
    hint = "import into a study of its own: --study NAME"
    raise DataError(f"the study has no such point: {shown}", where=str(folder), hint=hint)
