"""`dse emit` and `dse import`: write jobs for tools that run without dse, read their results."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import DEFAULT_DATABASE, LOG_EVERY_S, Database, console
from dse.cli.study_options import DEFAULT_CACHE, CacheFolder, Overrides, StudyFile
from dse.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from dse.contracts.offline import OfflineBackend
    from dse.contracts.parameters import Assignment
    from dse.engine.importing import ImportedResult, ImportSummary
    from dse.store.records import StudyRecord
    from dse.store.store import Store
    from dse.study.binding import Binding

_SHOWN = 5  # folders listed of those that are not finished


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


def import_(
    folder: Annotated[
        Path, typer.Argument(help="Folder that dse emit wrote, or that holds reports.")
    ],
    study: Annotated[
        str | None, typer.Option(help="Study that gets the results; default: the folder's name.")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only reports of this backend.")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Parameters in paths: 'runs/{total_bits}_{reuse_factor}/'.")
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="CSV file: path, and a column per parameter.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace stored results that differ.")
    ] = False,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Store results of tools that ran without dse; importing twice changes nothing."""
    from dse.contracts.errors import UsageError
    from dse.engine import emitting, importing, report_trees
    from dse.store.records import StudyRecord
    from dse.store.store import Store

    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder))
    root = folder.resolve()
    results: Sequence[ImportedResult | Path]
    if (root / emitting.MANIFEST).is_file():
        options = {"--study": study, "--backend": backend, "--pattern": pattern, "--map": map_file}
        _refuse_options(options)
        work = emitting.load(root)
        record, points = work.study, work.points
        results = list(importing.farm_results(work, root, _offline_backend))
        store = Store(database)
    else:
        hints = report_trees.PathHints(
            root,
            pattern or "",
            report_trees.read_map(map_file) if map_file else None,
            str(map_file),
        )
        backends = [_offline_backend(backend)] if backend else _offline_backends()
        name = re.sub(r"[^a-z0-9_-]+", "_", root.name.lower()) if study is None else study
        if not re.fullmatch(r"[a-z0-9_-]+", name):
            raise UsageError(f"'{name}' is not a legal name of a study", hint="a-z, 0-9, _ and -")
        record, points = StudyRecord(name, "imported", str(folder), "", {}), ()
        results = list(report_trees.results(backends, hints, _points_of(database, name)))
        if not results:
            hint = "reports are *_csynth.xml, *_csynth.rpt and logs of HLS"
            raise UsageError("the folder holds no reports", where=str(folder), hint=hint)
        store = Store(database)
    done = importing.store_all(store, record, results, points, replace_stored=replace)
    store.close()
    _report(record, done, store)


def _refuse_options(given: "Mapping[str, object]") -> None:
    from dse.contracts.errors import UsageError

    for option, value in given.items():
        if value is not None:
            raise UsageError(
                f"{option} is not for a folder that dse emit wrote", hint="leave it out"
            )


def _points_of(database: str, study: str) -> "list[Assignment] | None":
    """Return the points of a study that was run; None if an import made it or there is none."""
    from dse.store.database import Database as StoredDatabase
    from dse.store.queries import Results

    if not StoredDatabase.of(database).exists:
        return None
    results = Results(database)
    if not any(s.name == study and s.description != "imported" for s in results.studies()):
        return None
    return [point.parameters for point in results.points(study)]


def _report(record: "StudyRecord", done: "ImportSummary", store: "Store") -> None:
    counts = {
        "new": done.new,
        "unchanged": done.unchanged,
        "failed": done.failed,
        "not finished": done.not_run,
    }
    shown = ", ".join(f"{len(folders)} {name}" for name, folders in counts.items() if folders)
    out = console(stderr=True)
    out.print(f"{record.name}: {shown or 'nothing'}; results in {store.database.shown}")
    for folder in done.not_run[:_SHOWN]:
        out.print(f"not finished: {folder}")
    if done.failed:
        out.print(f"reasons: dse failures --study {record.name}")
