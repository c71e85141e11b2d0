"""`dse emit` and `dse import`: work for tools that run elsewhere, and their results."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console
from dse.cli.loading import DEFAULT_CACHE, CacheFolder, Overrides, StudyFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dse.elsewhere import Elsewhere
    from dse.engine.imports import Brought, Imported
    from dse.parameters import Assignment
    from dse.store.records import StudyRecord
    from dse.store.store import Store

_SHOWN = 5


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(emit)
    app.command(name="import")(import_)


def emit(
    study: StudyFile,
    backend: Annotated[str, typer.Option(help="Whose work: vitis, vivado.")],
    out: Annotated[Path, typer.Option(help="Folder to write; a second time adds to it.")],
    overrides: Overrides = None,
    cache: CacheFolder = DEFAULT_CACHE,
) -> None:
    """Write every project of a study with run scripts, for a machine or a SLURM farm."""
    from dse.binding import bind  # noqa: PLC0415
    from dse.cache import open_cache  # noqa: PLC0415
    from dse.engine import farm  # noqa: PLC0415
    from dse.engine.plan import make_plan  # noqa: PLC0415
    from dse.engine.run import study_record  # noqa: PLC0415
    from dse.engine.work import Folders  # noqa: PLC0415
    from dse.errors import UsageError, nearest  # noqa: PLC0415
    from dse.registry import Registry  # noqa: PLC0415
    from dse.study import Study  # noqa: PLC0415

    binding = bind(Study.load(study, overrides or ()), Registry.installed())
    if backend not in binding.backends:
        raise UsageError(
            f"the study has no backend '{backend}'", hint=nearest(backend, binding.backends)
        )
    writer = _elsewhere(backend)
    points = list(binding.space.points())
    plan = make_plan(binding, {backend: writer}, points, elsewhere=True)
    work = farm.farm_of(study_record(binding), plan, writer)
    everything = farm.open_folder(out, work)
    resources = max(
        (binding.limited(backend, writer.plan(job)) for job in plan.jobs.values()),
        key=lambda found: found.expected_s,
    )
    farm.save(everything, out)
    farm.write_scripts(everything, out, resources)
    folders = Folders(open_cache(cache), out)
    screen, total = console(stderr=True), len(work.jobs)
    with screen.status(f"0 of {total} projects") as status:
        for count in farm.write(work, plan, out, folders):
            status.update(f"{count} of {total} projects")
    place = shlex.quote(str(out))
    screen.print(
        f"{total} projects of {len(points)} points in {out}; there: ./run.sh 4 (four at a time) "
        f"or sbatch array.sbatch; afterwards: dse import {place}"
    )


def _elsewhere(name: str) -> "Elsewhere":
    from dse.elsewhere import Elsewhere  # noqa: PLC0415
    from dse.errors import UsageError, nearest  # noqa: PLC0415
    from dse.registry import Registry, UnknownPluginError  # noqa: PLC0415

    try:
        backend = Registry.installed().backend_class(name)()
    except UnknownPluginError as error:
        raise UsageError(str(error), hint=error.hint) from error
    if not isinstance(backend, Elsewhere):
        legal = [other.name for other in _all_elsewhere()]
        raise UsageError(f"backend '{name}' runs only here", hint=nearest(name, legal))
    return backend


def _all_elsewhere() -> "list[Elsewhere]":
    from dse.elsewhere import Elsewhere  # noqa: PLC0415
    from dse.errors import ToolMissingError  # noqa: PLC0415
    from dse.registry import Registry  # noqa: PLC0415

    registry, found = Registry.installed(), []
    for name in registry.backend_names():
        try:
            backend = registry.backend_class(name)()
        except ToolMissingError:
            continue
        if isinstance(backend, Elsewhere):
            found.append(backend)
    return found


def import_(
    folder: Annotated[Path, typer.Argument(help="What dse emit wrote, or any reports.")],
    study: Annotated[
        str | None, typer.Option(help="Study they go to; named after the folder without it.")
    ] = None,
    backend: Annotated[str | None, typer.Option(help="Only reports of this backend.")] = None,
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
    """Store results of tools that ran elsewhere; done twice, it changes nothing."""
    from dse.engine import farm, foreign, imports  # noqa: PLC0415
    from dse.errors import UsageError  # noqa: PLC0415
    from dse.store.records import StudyRecord  # noqa: PLC0415
    from dse.store.store import Store  # noqa: PLC0415

    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder))
    root = folder.resolve()
    results: Sequence[Brought | Path]
    if (root / farm.MANIFEST).is_file():
        options = {"--study": study, "--backend": backend, "--pattern": pattern, "--map": map_file}
        _refuse_options(options)
        work = farm.load(root)
        record, points = work.study, work.points
        results = list(imports.of_farm(work, root, _elsewhere))
        store = Store(database)
    else:
        told = foreign.Told(
            root, pattern or "", foreign.read_map(map_file) if map_file else None, str(map_file)
        )
        backends = [_elsewhere(backend)] if backend else _all_elsewhere()
        name = re.sub(r"[^a-z0-9_-]+", "_", root.name.lower()) if study is None else study
        if not re.fullmatch(r"[a-z0-9_-]+", name):
            raise UsageError(f"'{name}' is no name of a study", hint="a-z, 0-9, _ and -")
        record, points = StudyRecord(name, "imported", str(folder), "", {}), ()
        results = list(foreign.results(backends, told, _points_of(database, name)))
        if not results:
            hint = "looked for *_csynth.xml, *_csynth.rpt and logs of HLS"
            raise UsageError("there are no reports in it", where=str(folder), hint=hint)
        store = Store(database)
    done = imports.store_all(store, record, results, points, replace_stored=replace)
    store.close()
    _report(record, done, store)


def _refuse_options(given: "Mapping[str, object]") -> None:
    from dse.errors import UsageError  # noqa: PLC0415

    for option, value in given.items():
        if value is not None:
            raise UsageError(f"{option} is not for a folder that dse emit wrote: it says itself")


def _points_of(database: str, study: str) -> "list[Assignment] | None":
    """Points of a study that was run; None where there is none, or an import made it."""
    from dse.store.database import Database as StoredDatabase  # noqa: PLC0415
    from dse.store.queries import Results  # noqa: PLC0415

    if not StoredDatabase.of(database).exists:
        return None
    results = Results(database)
    if not any(s.name == study and s.description != "imported" for s in results.studies()):
        return None
    return [point.parameters for point in results.points(study)]


def _report(record: "StudyRecord", done: "Imported", store: "Store") -> None:
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
