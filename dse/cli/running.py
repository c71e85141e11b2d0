"""`dse run`: evaluate what is not stored yet, with progress and a summary."""

import json
import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console
from dse.cli.study_options import (
    DEFAULT_CACHE,
    CacheFolder,
    Loaded,
    Overrides,
    StudyFile,
    load,
    run_command,
    warn_of_parts,
)
from dse.formatting import counted

if TYPE_CHECKING:
    from rich.console import Console

    from dse.contracts.backend import Probe
    from dse.engine.cluster_executor import ClusterExecutor
    from dse.engine.executor import Executor
    from dse.engine.progress import RunProgress
    from dse.engine.run import Run, RunContext, RunResult
    from dse.engine.search import Search


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(  # noqa: PLR0913, PLR0917  (options of the command)
    study: StudyFile,
    overrides: Overrides = None,
    database: Database = DEFAULT_DATABASE,
    cache: CacheFolder = DEFAULT_CACHE,
    executor: Annotated[
        Literal["ray", "processes", "serial"] | None,
        typer.Option(help="How tasks run; default: ray, or serial for a single task."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Evaluations at a time.")
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address of a Ray cluster.")
    ] = None,
    rerun: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND", help="Stored ones to run again: failed, all, or a failure kind."
        ),
    ] = None,
    max_failures: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Stop after this many failures.")
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first failure.")
    ] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run Python code from folders of other users too.")
    ] = False,
    licence: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=N", help="Licence tokens to use at a time, e.g. vivado=2."),
    ] = None,
) -> None:
    """Run a study: evaluate what is not stored yet. Run it again to continue."""
    from dse.cli.progress_bar import Progress, status_note
    from dse.engine.own_code import check_code
    from dse.engine.run import Policy, RunContext
    from dse.engine.worker import Folders
    from dse.runtime.cache import open_cache
    from dse.runtime.trust import VARIABLE as TRUST
    from dse.store.store import Store

    policy = Policy(_rerun(rerun), 1 if fail_fast else max_failures)
    _check_executor(executor, workers, ray_address)
    if trust:
        os.environ[TRUST] = "1"  # for the processes of the workers as well
    tokens = _tokens(licence, ray_address)
    out = console(stderr=True)
    cluster = _Cluster(ray_address, workers, out) if ray_address else None
    loaded = load(study, overrides, cache, cluster.probes if cluster else None)
    check_code(loaded.binding, (loaded.sample or loaded.plan).jobs.values())
    _check_tokens(tokens, loaded)
    _report_missing(out, loaded)
    warn_of_parts(loaded.unknown_parts())
    store = Store(database)
    loaded = loaded.stored_in(store)
    folders = Folders(open_cache(cache), store.database.artifacts)
    probes = loaded.plan.probes if cluster else None
    again = run_command(
        str(study),
        overrides or (),
        database,
        {
            "--cache": str(cache),
            "--executor": executor,
            "--workers": workers,
            "--ray-address": ray_address,
            "--licence": licence,
            "--trust": trust,
        },
    )
    context = RunContext(
        loaded.binding, loaded.backends, store, folders, policy, probes=probes, command=again
    )
    work, count = _work(loaded, context, database)
    note = status_note(folders.statuses, loaded.binding.study.name)
    with Progress(out, loaded.binding.study.name, note) as report:
        result = work.execute(
            lambda: cluster.joined if cluster else _executor(out, executor, workers, count, tokens),
            report,
        )
    store.close()
    _report_changed(out, loaded.binding.study.name, database)
    _report_overflows(out, loaded.binding.study.name, database)
    _report_coarse(out, loaded.binding.study.name, database)
    _report(out, loaded, result, database, again)


def _work(loaded: Loaded, context: "RunContext", database: str) -> "tuple[Run | Search, int]":
    """Return the run or search, and how many evaluations it needs: for a search, 2 or more."""
    from dse.engine.run import Run

    if loaded.chooses:
        from dse.engine.search import Search  # imports pandas, which takes a second
        from dse.store.queries import Results

        return Search(context, Results(database, waits=True)), 2
    run = Run(context, loaded.plan)
    return run, len(run.pending())


def _check_executor(name: str | None, workers: int | None, address: str | None) -> None:
    from dse.contracts.errors import UsageError

    if name == "serial" and (workers or 1) > 1:
        raise UsageError(
            "--executor serial does one job at a time", hint="leave out --workers or --executor"
        )
    if name in {"serial", "processes"} and address:
        raise UsageError(
            f"--executor {name} uses this machine alone", hint="leave out it or --ray-address"
        )


def _report_missing(out: "Console", loaded: Loaded) -> None:
    """Print which backends are left out, and why.

    Raises:
        ToolMissingError: no backend of the first step can run here.
    """
    from dse.contracts.errors import ToolMissingError

    for name, text in loaded.missing.items():
        out.print(f"skipped: backend {name}: {text}")
    first, *_ = loaded.binding.study.search.rungs(loaded.backends)
    if loaded.missing.keys() >= set(first.backends):
        which = "the ladder's first step" if loaded.binding.study.search.ladder else "this study"
        raise ToolMissingError(f"no backend of {which} can run here", hint="see dse doctor")


def _report(out: "Console", loaded: Loaded, result: "RunResult", database: str, again: str) -> None:
    """Print how the run ended; raise what gives the command its exit code.

    Raises:
        typer.Exit: the run was interrupted; code 130, as shells give for Ctrl-C.
        TooManyFailuresError: failures stopped the run, or every evaluation failed of a backend that
            an objective needs.
    """
    from dse.contracts.errors import TooManyFailuresError
    from dse.store.database import Database as StoredDatabase
    from dse.store.queries import Results

    progress, study = result.progress, loaded.binding.study
    points = Results(database).study(study.name).points
    out.print(
        f"{study.name}: {counted(points, 'point')}; {progress.done} evaluations done, "
        f"{progress.stored} were stored, {progress.failed} failed; "
        f"results in {StoredDatabase.of(database).shown}"
    )
    if result.ended_by:
        how = "ladder" if study.search.method == "grid" else f"search by {study.search.method}"
        out.print(f"{how}: {result.ended_by}")
    if result.state == "interrupted":
        out.print(f"interrupted; finished evaluations are stored. To continue: {again}")
        raise typer.Exit(130)
    if progress.stored_failed:
        out.print(
            f"{progress.stored_failed} of the stored ones are failures (dse failures lists them); "
            f"to try again: {again} --rerun failed"
        )
    if progress.failed:
        kinds = ", ".join(f"{kind}: {n}" for kind, n in progress.failures.items())
        out.print(f"failures: {kinds}; last: {progress.last_failure}")
        if progress.last_hint:
            out.print(f"hint: {progress.last_hint}")
        out.print(f"all reasons: dse failures; to try again: {again} --rerun failed")
    if result.state == "failed":
        stopped = f"stopped after {counted(progress.failed, 'failure')}"
        raise TooManyFailuresError(stopped, hint="dse failures gives the reasons")
    _report_failing(out, loaded, progress)


def _report_failing(out: "Console", loaded: Loaded, progress: "RunProgress") -> None:
    """Print which backends gave no result at all.

    Raises:
        TooManyFailuresError: an objective needs one of them.
    """
    from dse.contracts.errors import TooManyFailuresError

    if failing := progress.always_failing:
        hint = "dse failures gives the reasons"
        if not progress.succeeding:
            raise TooManyFailuresError("every evaluation failed", hint=hint)
        if missed := loaded.binding.missed(failing, progress.succeeding):
            names = ", ".join(missed)
            raise TooManyFailuresError(f"every evaluation by {names} failed", hint=hint)
        out.print(f"every evaluation by {', '.join(failing)} failed; no objective needs it")


def _report_changed(out: "Console", study: str, database: str) -> None:
    """Warn about points at which a tool built something else than was requested."""
    from dse.analysis.effective import changed_points
    from dse.store.queries import Results

    changed = changed_points(Results(database), study)
    if changed:
        number, changes = next(iter(changed.items()))
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        out.print(
            f"not built as requested: {len(changed)} points, such as point {number}: "
            f"{changes[0]}{more}; see dse show {number}; "
            "leave out: dse pareto --where effective=requested"
        )


def _report_overflows(out: "Console", study: str, database: str) -> None:
    """Warn about points whose values do not fit their types."""
    from dse.analysis.overflow import MEND, overflowing_points
    from dse.store.queries import Results

    found = overflowing_points(Results(database), study)
    if found:
        number, worst = max(found.items(), key=lambda pair: pair[1][0].share)
        out.print(f"overflow at {len(found)} points, most at point {number}: {worst[0]}; {MEND}")


def _report_coarse(out: "Console", study: str, database: str) -> None:
    """Warn about points with tables too coarse for their values."""
    from dse.analysis.coarse_tables import TABLE_MEND, coarse_points
    from dse.store.queries import Results

    found = coarse_points(Results(database), study)
    if found:
        point, worst = max(found.items(), key=lambda pair: pair[1][0].error)
        points = counted(len(found), "point")
        out.print(f"coarse tables at {points}, worst at point {point}: {worst[0]}; {TABLE_MEND}")


def _rerun(kinds: list[str] | None) -> frozenset[str]:
    """Check the values of `--rerun`."""
    from dse.contracts.errors import FailureKind, UsageError, nearest

    legal = {"failed", "all", *(kind.value for kind in FailureKind)}
    for kind in kinds or ():
        if kind not in legal:
            raise UsageError(f"--rerun {kind} is not legal", hint=nearest(kind, legal))
    return frozenset(kinds or ())


def _tokens(given: list[str] | None, address: str | None) -> dict[str, int]:
    """Return the licence tokens of `--licence` by name.

    Raises:
        UsageError: a value is malformed, or a cluster is used.
    """
    from dse.contracts.errors import UsageError

    tokens: dict[str, int] = {}
    for text in given or ():
        name, _, number = text.partition("=")
        if not (name.isidentifier() and number.isdecimal() and int(number) > 0):
            hint = "a name and how many, such as --licence vivado=2"
            raise UsageError(f"--licence {text} is not legal", hint=hint)
        tokens[name] = int(number)
    if tokens and address:
        hint = f"ray start --resources='{json.dumps(tokens)}' on the machines that have the tools"
        raise UsageError("a cluster declares its licence tokens itself", hint=hint)
    return tokens


def _check_tokens(tokens: dict[str, int], loaded: Loaded) -> None:
    """Refuse licence tokens that no backend of the study asks for: they would limit nothing."""
    from dse.contracts.errors import UsageError, nearest

    jobs = loaded.plan.jobs.values()
    legal = {name for job in jobs for name in loaded.backends[job.backend].plan(job).licences}
    for name in tokens:
        if jobs and name not in legal:
            hint = nearest(name, legal) or "this study's backends need none"
            raise UsageError(f"--licence {name}: no backend of this study asks for it", hint=hint)


class _Cluster:
    """A Ray cluster that is joined at its first use: a study with a mistake needs none."""

    def __init__(self, address: str, workers: int | None, out: "Console") -> None:
        self._address, self._workers, self._out = address, workers, out

    @cached_property
    def joined(self) -> "ClusterExecutor":
        """The executor on the cluster."""
        from dse.engine.cluster_executor import ClusterExecutor

        return ClusterExecutor(self._address, self._workers, self._out.print)

    def probes(self, backends: Sequence[str]) -> "dict[str, Probe]":
        """Return what the cluster has of some backends, and print which nodes can run them."""
        return self.joined.probes(backends)


def _executor(
    out: "Console",
    name: str | None,
    workers: int | None,
    count: int,
    tokens: dict[str, int],
) -> "Executor":
    """Return the executor that is asked for; without Ray, processes stand in for the default."""
    from dse.contracts.errors import ToolMissingError
    from dse.engine.process_executor import ProcessExecutor
    from dse.engine.serial import SerialExecutor

    # Ray takes 10 to 20 s to start: not worth it for one evaluation.
    if name == "serial" or (name is None and count <= 1):
        return SerialExecutor()
    if name == "processes":
        return ProcessExecutor(workers, tokens)
    from dse.engine.ray_executor import RayExecutor

    try:
        return RayExecutor(workers, tokens, out.print)
    except ToolMissingError as error:
        if name == "ray":
            raise
        out.print(f"{error}; the study runs on processes of this machine instead")
        return ProcessExecutor(workers, tokens)
