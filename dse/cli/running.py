"""`dse run` and `dse plan`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, JsonFlag, console, print_json

if TYPE_CHECKING:
    from dse.backend import Backend
    from dse.binding import Binding
    from dse.engine.executor import Executor
    from dse.engine.plan import Plan

StudyFile = Annotated[Path, typer.Argument(help="Study file (YAML).", show_default=False)]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="Override, e.g. space.total_bits.values=[8,12].")
]
CacheFolder = Annotated[
    Path, typer.Option("--cache", envvar="DSE_CACHE", help="Folder for work that is used again.")
]
DEFAULT_CACHE = Path(".dse/cache")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(plan)


def _load(study: Path, overrides: list[str] | None) -> "tuple[Binding, dict[str, Backend], Plan]":
    from dse.binding import bind  # noqa: PLC0415
    from dse.engine.plan import make_plan  # noqa: PLC0415
    from dse.registry import Registry  # noqa: PLC0415
    from dse.study import Study  # noqa: PLC0415

    registry = Registry.installed()
    binding = bind(Study.load(study, overrides or ()), registry)
    backends = {name: kind() for name, kind in binding.backends.items()}
    return binding, backends, make_plan(binding, backends, list(binding.space.points()))


def _missing(plan: "Plan") -> list[str]:
    return [
        f"{name}: {probe.reason} ({probe.install})"
        for name, probe in plan.probes.items()
        if not probe.available
    ]


def run(  # noqa: PLR0913, PLR0917  (options of the command)
    study: StudyFile,
    overrides: Overrides = None,
    database: Database = DEFAULT_DATABASE,
    cache: CacheFolder = DEFAULT_CACHE,
    executor: Annotated[
        Literal["ray", "serial"] | None, typer.Option(help="Default: ray, serial for one job.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Evaluations at a time.")] = None,
    ray_address: Annotated[str | None, typer.Option(help="Address of a Ray cluster.")] = None,
    rerun: Annotated[
        list[str] | None, typer.Option(help="Do again: failed, all, or a failure kind.")
    ] = None,
    max_failures: Annotated[
        int | None, typer.Option(min=1, help="Stop after this many failures.")
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first.")] = False,
) -> None:
    """Run a study: evaluate what is not stored yet. Run it again to go on."""
    from dse.cli.progress import Progress  # noqa: PLC0415
    from dse.engine.run import Policy, Run  # noqa: PLC0415
    from dse.engine.work import Folders  # noqa: PLC0415
    from dse.errors import ToolMissingError, TooManyFailuresError  # noqa: PLC0415
    from dse.store.store import Store  # noqa: PLC0415

    binding, backends, made = _load(study, overrides)
    out = console(stderr=True)
    missing = _missing(made)
    for line in missing:
        out.print(f"skipped: backend {line}")
    if len(missing) == len(backends):
        raise ToolMissingError("no backend of this study can run here", hint="see dse doctor")
    store = Store(database)
    folders = Folders(cache.resolve(), cache.resolve().parent / "artifacts")
    policy = Policy(_rerun(rerun), 1 if fail_fast else max_failures)
    work = Run(binding, made, backends, store, folders, policy)
    count = len(work.pending())
    with Progress(out, binding.study.name) as progress:
        result = work.execute(lambda: _executor(executor, workers, ray_address, count), progress)
    store.close()
    tally = result.tally
    out.print(
        f"{binding.study.name}: {len(made.points)} points; {tally.done} evaluations done, "
        f"{tally.stored} were stored, {tally.failed} failed; results in {database}"
    )
    again = f"dse run {study}"
    if result.state == "interrupted":
        out.print(f"interrupted; nothing finished was lost. To go on: {again}")
        raise typer.Exit(130)
    if tally.failed:
        kinds = ", ".join(f"{kind}: {n}" for kind, n in tally.failures.items())
        out.print(
            f"failures: {kinds}; last: {tally.last_failure}\nto try again: {again} --rerun failed"
        )
    if result.state == "failed":
        raise TooManyFailuresError(
            f"stopped after {tally.failed} failures", hint=tally.last_failure
        )


def _rerun(kinds: list[str] | None) -> frozenset[str]:
    from dse.errors import FailureKind, UsageError, nearest  # noqa: PLC0415

    legal = {"failed", "all", *(kind.value for kind in FailureKind)}
    for kind in kinds or ():
        if kind not in legal:
            raise UsageError(f"--rerun {kind} is not legal", hint=nearest(kind, legal))
    return frozenset(kinds or ())


def _executor(name: str | None, workers: int | None, address: str | None, count: int) -> "Executor":
    from dse.engine.serial import SerialExecutor  # noqa: PLC0415

    if name == "serial" or (name is None and count <= 1 and not address):
        return SerialExecutor()
    from dse.engine.ray_executor import RayExecutor  # noqa: PLC0415

    return RayExecutor(workers, address)


def plan(
    study: StudyFile,
    overrides: Overrides = None,
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Say what `dse run` would do: points, evaluations, what is stored, what is missing."""
    binding, backends, made = _load(study, overrides)
    known = _known(database, list(made.jobs))
    rows = []
    for name, probe in made.probes.items():
        jobs = [job for job in made.jobs.values() if job.backend == name]
        todo = [job for job in jobs if job.key not in known]
        expected = sum(backends[name].plan(job).expected_s for job in todo)
        rows.append(
            {
                "backend": name,
                "available": probe.available,
                "tool": probe.tool,
                "evaluations": len(jobs),
                "stored": len(jobs) - len(todo),
                "to_do": len(todo),
                "expected_s": round(expected, 1),
                "missing": "" if probe.available else f"{probe.reason}: {probe.install}",
            }
        )
    summary = {"study": binding.study.name, "points": len(made.points), "backends": rows}
    if as_json:
        print_json(summary)
        return
    _print_plan(summary, rows)


def _known(database: str, keys: list[str]) -> set[str]:
    from dse.store.queries import Results  # noqa: PLC0415

    if "://" not in database and not Path(database).is_file():
        return set()
    return Results(database).known(keys)


def _print_plan(summary: dict[str, object], rows: list[dict[str, object]]) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=f"{summary['study']}: {summary['points']} points")
    for name in ("backend", "evaluations", "stored", "to_do", "expected_s"):
        table.add_column(name, justify="left" if name == "backend" else "right")
    table.add_column("tool")
    for row in rows:
        cells = [
            str(row[key]) for key in ("backend", "evaluations", "stored", "to_do", "expected_s")
        ]
        table.add_row(*cells, str(row["missing"] or row["tool"]))
    console().print(table)
