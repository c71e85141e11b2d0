"""`dse status`, `dse show` and `dse export`: what the store holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import (
    DEFAULT_DATABASE,
    Database,
    JsonFlag,
    Wide,
    console,
    grid,
    print_json,
    writing,
)
from dse.cli.study_options import run_command
from dse.formatting import counted, duration

if TYPE_CHECKING:
    from pandas import DataFrame

    from dse.engine.heartbeat import LiveRun
    from dse.store.queries import Results, StudySummary

_SAY_EVERY = 500
"""Trials between two lines of progress: about ten seconds of writing."""

StudyName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Name of the study; default: the last one that ran."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, show, export):
        app.command()(command)


def status(database: Database = DEFAULT_DATABASE, as_json: JsonFlag = False) -> None:
    """List studies, with points, failures and live runs."""
    from dse.engine.heartbeat import live_runs, state_now
    from dse.store.queries import Results

    results = Results(database)
    studies, runs = results.studies(), live_runs(results)
    of_study = {study.name: [run for run in runs if run.study == study.name] for study in studies}
    states = {study.name: state_now(study.state, of_study[study.name]) for study in studies}
    if as_json:
        print_json(
            [_status_row(study, states[study.name], of_study[study.name]) for study in studies]
        )
        return
    counts = ("points", "evaluations", "failures")
    with_owners = any(study.owner for study in studies)
    last = ("last change (UTC)", "owner") if with_owners else ("last change (UTC)",)
    table = grid("study", "state", *counts, *last, right=counts)
    for study in studies:
        when = f"{study.updated_at:%Y-%m-%d %H:%M}"
        numbers = (str(n) for n in (study.points, study.evaluations, study.failures))
        owner = [study.owner] if with_owners else []
        table.add_row(study.name, states[study.name], *numbers, when, *owner)
    out = console()
    out.print(table)
    for study in studies:
        for run in of_study[study.name]:
            out.print(f"{study.name}: {_run_line(run, study.path, database)}")


def _status_row(study: "StudySummary", state: str, runs: "list[LiveRun]") -> dict[str, object]:
    shown = [{**vars(run), "silent_s": run.silent_s} for run in runs]
    return {**vars(study), "state": state, "runs": shown}


def _run_line(run: "LiveRun", path: str, database: str) -> str:
    """Return what is known of a run that has not ended, as one line."""
    done = f"{run.finished} of {run.total} evaluations"
    who, ago = f"process {run.pid} on {run.host}", f"{duration(run.silent_s)} ago"
    if not run.lost:
        return f"{done}; {who}, last heartbeat {ago}"
    # what it stored after the last heartbeat is in the table only
    told = f"killed; {done} at its last heartbeat, {ago}: {who}"
    return f"{told}; to go on: {run.command or run_command(path, (), database)}"


def show(
    point: Annotated[int, typer.Argument(metavar="POINT", help="Number of the point.")],
    study: StudyName = None,
    wide: Wide = False,
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Show all about one point: metrics, and what the tools built."""
    from dse.cli import point_page
    from dse.store.queries import Results

    results = Results(database)
    name = results.study(study).name
    point_page.show(results, name, point, as_json=as_json, wide=wide)


def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Target: .csv, .json or .parquet.")
    ] = None,
    optuna: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="SQLite file to write for optuna-dashboard, instead."),
    ] = None,
    mlflow: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="MLflow server to log to, instead: http://host:5000, or sqlite:///mlflow.db.",
        ),
    ] = None,
    study: StudyName = None,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Write all points of a study to a file, one row each.

    Columns are the parameters and <backend>_<metric>.
    """
    from dse.contracts.errors import UsageError
    from dse.store.queries import Results

    if sum(target is not None for target in (file, optuna, mlflow)) != 1:
        hint = "dse export points.csv, --optuna trials.db, or --mlflow URI"
        raise UsageError("give one file", hint=hint)
    results = Results(database)
    summary = results.study(study)
    if file is not None:
        _export_frame(file, database, summary)
    elif optuna is not None:
        _export_trials(optuna, results, summary)
    elif mlflow is not None:
        from dse.cli.export_mlflow import export_mlflow

        export_mlflow(mlflow, results, summary)


def _export_frame(file: Path, database: str, summary: "StudySummary") -> None:
    from dse.contracts.errors import ToolMissingError, UsageError

    suffix = file.suffix.lower()
    if suffix not in {".csv", ".json", ".parquet"}:
        raise UsageError(f"cannot write {file.suffix or file}", hint="legal: .csv, .json, .parquet")
    from dse.analysis.points import load

    frame = load(database, summary.name)
    try:
        with writing(file):
            if suffix == ".csv":
                frame.to_csv(file, index=False)
            elif suffix == ".json":
                frame.to_json(file, orient="records", indent=1)
            else:
                one_type_each(frame).to_parquet(file, index=False)
    except ImportError as error:
        raise ToolMissingError(str(error), hint="pip install pyarrow, or export .csv") from error
    failed = f", {summary.failures} evaluations failed" if summary.failures else ""
    console(stderr=True).print(f"{len(frame)} points of {summary.name} in {file}{failed}")


def one_type_each(frame: "DataFrame") -> "DataFrame":
    """Return a frame for Parquet: lists, mappings and columns of mixed types become text.

    So do columns with whole numbers of more than 64 bits, which older versions could store.
    """
    from dse.contracts.parameters import LARGEST_INTEGER
    from dse.search.optuna_distributions import shown

    made = frame.copy()
    # A Parquet column has one type; a parameter may be a number in some points and text in others.
    for name in made.select_dtypes("object").columns:
        column = made[name].map(shown)
        kinds = {type(value) for value in column.dropna()}
        fits = kinds != {int} or column.dropna().abs().max() <= LARGEST_INTEGER
        made[name] = column if len(kinds) < 2 and fits else column.map(str, na_action="ignore")
    return made


def _export_trials(file: Path, results: "Results", summary: "StudySummary") -> None:
    from dse.search.optuna_file import write_storage
    from dse.search.optuna_trials import trials_of

    trials = trials_of(results, summary)
    total, say = len(trials.trials), console(stderr=True).print

    def progress(count: int) -> None:
        if count % _SAY_EVERY == 0 and count < total:
            say(f"{count} of {total} trials")

    with writing(file):
        write_storage(trials, file, progress)
    failed = f", {trials.n_failed} failed" if trials.n_failed else ""
    missing = (
        f", {counted(trials.n_missing, 'point')} not evaluated yet" if trials.n_missing else ""
    )
    say(f"{total} trials of {summary.name} in {file}{failed}{missing}")
    say(f"look at them: pip install optuna-dashboard; optuna-dashboard sqlite:///{file}")
