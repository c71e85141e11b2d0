"""`dse emit` and `dse import`: write jobs for tools that run without dse, read their results."""

import csv
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.conflicts import tell_conflicts
from dse.cli.console import DEFAULT_DATABASE, LOG_EVERY_S, Database, console, writing
from dse.cli.study_options import DEFAULT_CACHE, CacheFolder, Overrides, StudyFile
from dse.formatting import counted
from dse.runtime.paths import is_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeGuard

    from rich.console import Console

    from dse.contracts.offline import OfflineBackend
    from dse.contracts.parameters import Assignment
    from dse.engine.importing import ImportedResult, ImportSummary, NotTaken
    from dse.engine.report_trees import PathHints
    from dse.store.records import StudyRecord
    from dse.study.binding import Binding

_SHOWN = 20  # lines printed of each list; --list writes all


_IMPORT = "Store results of tools that ran without dse."


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(emit)
    app.command(name="import", short_help=_IMPORT)(import_)


def emit(
    study: StudyFile,
    backend: Annotated[
        str,
        typer.Option(metavar="NAME", help="Backend whose jobs are written: vitis, vivado, aoc."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Folder to write; jobs are added to one of this study."
        ),
    ],
    overrides: Overrides = None,
    cache: CacheFolder = DEFAULT_CACHE,
) -> None:
    """Write the projects of a study, to run without dse.

    Scripts run them on one machine or a SLURM cluster; `dse import` reads the results.
    """
    from dse.contracts.registry import Registry
    from dse.engine import emitting
    from dse.engine.own_code import check_code
    from dse.engine.plan import make_plan
    from dse.engine.run import study_record
    from dse.engine.worker import Folders
    from dse.runtime.cache import open_cache
    from dse.study.shipped import find_study
    from dse.study.validate import load_binding

    binding = load_binding(find_study(study), overrides or (), Registry.installed())
    writer = _writer(backend, binding)
    points = list(binding.space.points())
    plan = make_plan(binding, {backend: writer}, points, offline=True)
    check_code(binding, plan.jobs.values())
    work = emitting.farm_of(study_record(binding), plan, writer)
    everything = emitting.open_folder(out, work)
    # One SLURM array has one header: it asks for what the longest job needs.
    resources = max(
        (binding.limited(backend, writer.plan(job)) for job in plan.jobs.values()),
        key=lambda found: found.expected_s,
    )
    emitting.save(everything, out)
    emitting.write_scripts(everything, out, resources)
    folders = Folders(open_cache(cache), out)
    screen, total = console(stderr=True), len(work.jobs)
    _show_writing(screen, emitting.write(work, plan, out, folders), total)
    place = shlex.quote(str(out))
    written = f"{counted(total, 'project')} of {counted(len(points), 'point')} in {out}"
    screen.print(
        f"{written}; run there ./run.sh 4 (four at a time) or sbatch array.sbatch; "
        f"afterwards: dse import {place}"
    )


def _writer(name: str, binding: "Binding") -> "OfflineBackend":
    """Return the backend of a study whose jobs are written.

    Raises:
        UsageError: the study has no such backend, or its jobs run only inside dse.
    """
    from dse.contracts.errors import UsageError, nearest
    from dse.contracts.offline import OfflineBackend

    own = [n for n, kind in binding.backends.items() if issubclass(kind, OfflineBackend)]
    if name in own:
        return _offline_backend(name)
    legal = [backend.name for backend in _offline_backends()]
    file = binding.study.source.name
    if name in legal:
        hint = f"add {name} to the backends of {file}"
        raise UsageError(f"the study has no backend '{name}'", hint=hint)
    does = "can only run in dse" if name in binding.backends else "cannot be written"
    hint = nearest(name, own) or f"add one of {', '.join(legal)} to the backends of {file}"
    raise UsageError(f"jobs of backend '{name}' {does}", hint=hint)


def _show_writing(screen: "Console", counts: "Iterable[int]", total: int) -> None:
    """Show how many projects are written: live on a terminal, else a line every ten seconds."""
    from time import monotonic

    last = -LOG_EVERY_S
    with screen.status(f"0 of {total} projects") as status:
        for count in counts:
            text = f"{count} of {total} projects"
            text += "" if count else "; networks are prepared first, which may take minutes"
            status.update(text)
            if not screen.is_terminal and count < total and monotonic() - last >= LOG_EVERY_S:
                last = monotonic()
                screen.print(text)


def _offline_backend(name: str) -> "OfflineBackend":
    """Return a backend whose jobs can be emitted and imported.

    Raises:
        UsageError: there is no such backend, or it runs only inside dse.
    """
    from dse.contracts.errors import UsageError, nearest
    from dse.contracts.offline import OfflineBackend
    from dse.contracts.registry import Registry, UnknownPluginError

    try:
        backend = Registry.installed().backend_class(name)()
    except UnknownPluginError as error:
        raise UsageError(str(error), hint=error.hint) from error
    if not isinstance(backend, OfflineBackend):
        legal = [other.name for other in _offline_backends()]
        raise UsageError(f"jobs of backend '{name}' can only run in dse", hint=nearest(name, legal))
    return backend


def _offline_backends() -> "list[OfflineBackend]":
    """Return all backends whose results can be imported and whose packages are installed."""
    from dse.contracts.errors import ToolMissingError
    from dse.contracts.offline import OfflineBackend
    from dse.contracts.registry import Registry

    registry, found = Registry.installed(), []
    for name in registry.backend_names():
        try:
            backend = registry.backend_class(name)()
        except ToolMissingError:
            continue
        if isinstance(backend, OfflineBackend):
            found.append(backend)
    return found


def import_(  # noqa: PLR0913, PLR0917  (options of the command)
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Folder that dse emit wrote, or that holds reports; or a results database.",
        ),
    ],
    study: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Study that gets the results; default: the folder's name."
        ),
    ] = None,
    backend: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only reports of this backend.")
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN", help="Parameters in paths: 'runs/{total_bits}_{reuse_factor}/'."
        ),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="CSV file: path, and a column per parameter."),
    ] = None,
    solution: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Solution to take where an HLS project has several."),
    ] = None,
    list_file: Annotated[
        Path | None,
        typer.Option(
            "--list",
            metavar="FILE",
            help="CSV file to write: what became of every design and file.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace stored results that differ.")
    ] = False,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Store results of tools that ran without dse, or of another results database.

    Importing twice changes nothing. Designs that contradict others or cannot be read are named
    and left out, and the exit code is then 4; the others are stored.
    """
    from dse.contracts.errors import UsageError
    from dse.engine import emitting, importing
    from dse.engine.report_trees import PathHints, read_map
    from dse.store.store import Store

    options = {
        "--study": study,
        "--backend": backend,
        "--pattern": pattern,
        "--map": map_file,
        "--solution": solution,
    }
    if folder.is_file():
        _refuse_options({**options, "--replace": replace or None}, "a results database")
        _import_database(folder, database)
        return
    if not folder.is_dir():
        raise UsageError("there is no such folder or database", where=str(folder))
    root = folder.resolve()
    if not is_utf8(root):
        raise UsageError("its path is not UTF-8", where=str(root), hint="rename the folder")
    unused: Mapping[Path, str] = {}
    if (root / emitting.MANIFEST).is_file():
        _refuse_options(options, "a folder that dse emit wrote")
        work = emitting.load(root)
        record, points = work.study, work.points
        results = list(importing.farm_results(work, root, _offline_backend))
    else:
        record, points = _record_of(folder, study), ()
        rows = read_map(map_file) if map_file else None
        hints = PathHints(root, pattern or "", rows, str(map_file), solution or "")
        _note_own_names(hints)
        results, unused = _read_tree(hints, backend, _points_of(database, record.name))
    done = importing.ImportSummary(not_taken=[e for e in results if _is_not_taken(e)])
    if points or len(done.not_taken) < len(results):
        store = Store(database)
        done = importing.store_all(store, record, results, points, replace_stored=replace)
        store.close()
    if list_file is not None:
        _write_list(list_file, done, unused)
    _report(record, done, unused, database)


def _note_own_names(hints: "PathHints") -> None:
    """Say which names of the pattern and the map no backend reads: perhaps they are misspelt."""
    from dse.contracts.errors import nearest

    legal = {parameter.name for backend in _offline_backends() for parameter in backend.parameters}
    for name in sorted(hints.names - legal):
        meant = nearest(name, legal).partition(" legal:")[0] if legal else ""
        meant = f"; {meant}" if meant.startswith("did you mean") else ""
        console(stderr=True).print(f"'{name}' is kept, but no backend reads it{meant}")


def _record_of(folder: Path, study: str | None) -> "StudyRecord":
    """Return the study of an import by its name, or by that of the folder."""
    from dse.contracts.errors import UsageError
    from dse.store.records import StudyRecord

    name = re.sub(r"[^a-z0-9_-]+", "_", folder.resolve().name.lower()) if study is None else study
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise UsageError(f"'{name}' is not a legal name of a study", hint="a-z, 0-9, _ and -")
    return StudyRecord(name, "imported", str(folder), "", {})


def _read_tree(
    hints: "PathHints", backend: str | None, points: "Sequence[Assignment] | None"
) -> "tuple[list[ImportedResult | NotTaken], Mapping[Path, str]]":
    """Return what became of the designs in a folder, and its reports that were not used."""
    from dse.contracts.errors import UsageError
    from dse.engine import report_trees

    backends = [_offline_backend(backend)] if backend else _offline_backends()
    results = list(report_trees.results(backends, hints, points))
    unused = report_trees.unused_files(backends, results, hints.root)
    for row in report_trees.unused_rows(hints, results):
        console(stderr=True).print(f"{hints.map_name}: the row of '{row}' is of no design")
    if not results and not unused:
        hint = "dse finds reports of Vivado HLS, Vitis HLS, Vivado, aoc, oneAPI and Quartus"
        raise UsageError("the folder holds no reports", where=str(hints.root), hint=hint)
    return results, unused


def _is_not_taken(entry: "ImportedResult | NotTaken") -> "TypeGuard[NotTaken]":
    from dse.engine.importing import NotTaken

    return isinstance(entry, NotTaken)


def _import_database(file: Path, database: str) -> None:
    """Add all results of a database to another one.

    Raises:
        UsageError: both are one file.
        StoreError: one of the two cannot be used.
    """
    from contextlib import closing

    from dse.contracts.errors import UsageError
    from dse.store.database import Database as StoredDatabase
    from dse.store.merge import merge
    from dse.store.queries import Results
    from dse.store.store import Store

    if StoredDatabase.of(database).file == file.resolve():
        raise UsageError("this is the database itself", where=str(file), hint="--db ANOTHER")
    with closing(Store(str(file))):  # brings one of an older version up to date
        pass
    with closing(Results(str(file))) as source, closing(Store(database)) as target:
        done = merge(source, target)
        shown = target.database.shown
    for study, points in done.points.items():
        console(stderr=True).print(f"{study}: {points} points of {file}; results in {shown}")
    tell_conflicts(done, shown, str(file))


def _refuse_options(given: "Mapping[str, object]", what: str) -> None:
    from dse.contracts.errors import UsageError

    for option, value in given.items():
        if value is not None:
            raise UsageError(f"{option} is not for {what}", hint="leave it out")


def _points_of(database: str, study: str) -> "list[Assignment] | None":
    """Return the points of a study that was run; None if an import made it or there is none."""
    from dse.store.database import Database as StoredDatabase
    from dse.store.queries import Results

    if not StoredDatabase.of(database).exists:
        return None
    results = Results(database)
    found = results.own_study(study)
    if found is None or found.description == "imported":
        return None
    return [point.parameters for point in results.points(found.name)]


def _write_list(file: Path, done: "ImportSummary", unused: "Mapping[Path, str]") -> None:
    """Write what became of every design, and every file that was not used."""
    rows = [("new", path, "") for path in done.new]
    rows += [("unchanged", path, "") for path in done.unchanged]
    rows += [("failed", path, message) for path, message in done.failed.items()]
    rows += [
        ("not taken" if entry.is_error else "not finished", entry.folder, entry.reason)
        for entry in done.not_taken
    ]
    rows += [("unused file", path, what) for path, what in unused.items()]
    with (
        writing(file),
        file.open("w", newline="", encoding="utf-8", errors="backslashreplace") as opened,
    ):
        writer = csv.writer(opened)
        writer.writerow(("result", "path", "reason"))
        writer.writerows(rows)


def _report(
    record: "StudyRecord", done: "ImportSummary", unused: "Mapping[Path, str]", database: str
) -> None:
    """Print what became of the designs; leave with exit code 4 where some were not taken.

    Raises:
        TooManyFailuresError: none has results.
    """
    from dse.contracts.errors import DataError, TooManyFailuresError
    from dse.store.database import Database as StoredDatabase

    refused = [entry for entry in done.not_taken if entry.is_error]
    waiting = [entry for entry in done.not_taken if not entry.is_error]
    counts = {
        "new": len(done.new),
        "unchanged": len(done.unchanged),
        "failed": len(done.failed),
        "not finished": len(waiting),
        "not taken": len(refused),
    }
    shown = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    place = StoredDatabase.of(database).shown
    console(stderr=True).print(f"{record.name}: {shown or 'nothing'}; results in {place}")
    _print_list("failed", [f"{path}: {message}" for path, message in done.failed.items()])
    if done.failed:
        console(stderr=True).print(f"reasons: dse failures --study {record.name}")
    _print_list("not finished", [f"{entry.folder}: {entry.reason}" for entry in waiting])
    hints = {entry: f"\n  hint: {entry.hint}" if entry.hint else "" for entry in refused}
    _print_list("not taken", [f"{e.folder}: {e.reason}{hints[e]}" for e in refused])
    _print_list("looks like a report, not used", [f"{f}: {what}" for f, what in unused.items()])
    if refused:
        raise SystemExit(DataError.exit_code)
    if done.failed and not (done.new or done.unchanged or waiting):
        hint = f"dse failures --study {record.name} gives the reasons"
        raise TooManyFailuresError("no design has results", hint=hint)


def _print_list(title: str, lines: "Sequence[str]") -> None:
    screen = console(stderr=True)
    for line in lines[:_SHOWN]:
        screen.print(f"{title}: {line}")
    if len(lines) > _SHOWN:
        screen.print(f"{title}: {len(lines) - _SHOWN} more; --list FILE writes all")
