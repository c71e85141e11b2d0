"""Report trees that dse did not write: which design each is, and what it gave."""

import csv
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dse.contracts.backend import Job
from dse.contracts.errors import DataError, EvaluationError, UsageError
from dse.contracts.offline import OfflineBackend, SourcedValue
from dse.contracts.parameters import Assignment, Value
from dse.contracts.registry import installed_metrics
from dse.engine.importing import ImportedResult, to_imported_result
from dse.engine.plan import evaluation_key
from dse.runtime.cache import digest
from dse.store.records import IMPORTED

PATH = "path"
"""Column of a map that names the folder, relative to the folder that is imported."""


@dataclass(frozen=True)
class PathHints:
    """What the user says about folders.

    Args:
        root: folder that is imported.
        pattern: of paths, such as ``runs/{total_bits}_{reuse_factor}/``; empty for none.
        rows: of a map, by path relative to `root`.
        map_name: its file, for messages.
    """

    root: Path
    pattern: str = ""
    rows: Mapping[str, Mapping[str, SourcedValue]] | None = None
    map_name: str = ""

    def about(self, folder: Path) -> Iterator[tuple[str, SourcedValue]]:
        """Parameters of one folder.

        Raises:
            DataError: the pattern does not match, or the map has no row for it.
        """
        if self.pattern:
            yield from self._matched(folder)
        if self.rows is not None:
            places = [folder, *folder.parents]
            names = [str(p.relative_to(self.root)) for p in places if p.is_relative_to(self.root)]
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
    """A regular expression with a group per parameter; whole folder names match."""
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
    """A text as the value it looks like: whole number, number, true, false, or itself."""
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,15}\.\d+", text):
        return float(text)
    return {"true": True, "false": False}.get(text.lower(), text)


def _check_name(name: str) -> None:
    metrics = installed_metrics()
    if name in metrics or name == "point" or not name.isidentifier():
        taken = "the name of a metric" if name in metrics else "no name for a parameter"
        raise UsageError(f"'{name}' is {taken}", hint="choose another name")


def _check_columns(file: Path, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"column '{name}' stands twice", where=f"{file}:1")
        if name != PATH:
            _check_name(name)


def read_map(file: Path) -> dict[str, dict[str, SourcedValue]]:
    """Rows of a CSV file with a column `path` and one per parameter.

    Raises:
        DataError: it cannot be read, or a path stands in two rows.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            reader = csv.DictReader(opened)
            rows = [(reader.line_num, row) for row in reader]
            names = list(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot be read: {error}", where=str(file)) from error
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
            raise DataError("more cells than columns", where=where)
        if path in found:
            raise DataError(f"'{path}' stands in two rows", where=where)
        given = {k: v for k, v in row.items() if k != PATH and v not in {None, ""}}
        found[path] = {name: SourcedValue(value_of(value), where) for name, value in given.items()}
    return found


def results(
    backends: Sequence[OfflineBackend], told: PathHints, points: Sequence[Assignment] | None = None
) -> Iterator[ImportedResult | Path]:
    """Results of every folder under `told.root` in which a backend's tool ran.

    Args:
        backends: whose tools to look for.
        told: what is known of the folders besides their own files.
        points: of the study that results are to go to; None where each is a point of its own.

    Raises:
        DataError: what a folder is, its sources disagree about, or do not say.
    """
    for backend in backends:
        for folder in backend.find(told.root):
            yield _result(backend, folder, told, points)


def _result(
    backend: OfflineBackend, folder: Path, told: PathHints, points: Sequence[Assignment] | None
) -> ImportedResult | Path:
    try:
        parameters = _parameters(backend, folder, told)
        reads = {p.name for p in backend.parameters}
        own = {name: value for name, value in parameters.items() if name in reads}
        reading = backend.read(own, folder)
        identity = backend.identity(folder)
    except EvaluationError as error:
        raise DataError(error.message, where=error.where or str(folder)) from error
    if reading is None:
        return folder
    fingerprint = digest(IMPORTED, identity, parameters)
    key = evaluation_key(backend.name, backend.version, reading.tool, fingerprint, own)
    job = Job(
        key=key,
        backend=backend.name,
        parameters=own,
        workload=IMPORTED,
        workload_parameters={},
        fingerprint=fingerprint,
        base=told.root,
    )
    point = parameters if points is None else _point(folder, parameters, points)
    return to_imported_result(job, backend.version, reading, folder, (point,))


def _parameters(backend: OfflineBackend, folder: Path, told: PathHints) -> dict[str, Value]:
    """What all sources together say.

    Raises:
        DataError: two of them disagree, or a value is not legal.
    """
    said = [(name, one) for name, found in backend.describe(folder).items() for one in found]
    legal = {parameter.name: parameter for parameter in backend.parameters}
    agreed: dict[str, SourcedValue] = {}
    for name, found in [*said, *told.about(folder)]:
        value = found.value
        if name in legal:
            try:
                value = legal[name].check(value)
            except ValueError as error:
                raise DataError(str(error), where=found.source) from error
        before = agreed.setdefault(name, SourcedValue(value, found.source))
        if _comparable(before.value) != _comparable(value):
            raise DataError(
                f"{name} is {before.value} in {before.source}, but {value} in {found.source}",
                where=str(folder),
                hint="correct or remove the one that is wrong",
            )
    return {name: found.value for name, found in agreed.items()}


def _comparable(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def _point(folder: Path, found: Assignment, points: Sequence[Assignment]) -> Assignment:
    """The point of a study that a folder gives results to.

    Raises:
        DataError: there is none, or the folder does not say enough to tell.
    """
    fitting = [
        point
        for point in points
        if all(name not in found or found[name] == value for name, value in point.items())
    ]
    missing = sorted({name for point in fitting for name in point if name not in found})
    if len(fitting) == 1 and not missing:
        return fitting[0]
    shown = ", ".join(f"{name} = {value}" for name, value in found.items())
    if missing:
        hint = "say it by --pattern or --map"
        raise DataError(f"nothing says its {missing[0]} ({shown})", where=str(folder), hint=hint)
    hint = "import into a study of its own: --study NAME"
    raise DataError(f"the study has no such point: {shown}", where=str(folder), hint=hint)
