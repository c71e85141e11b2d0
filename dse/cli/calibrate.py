"""`dse calibrate`: correct cheap numbers by a user's own results, with the error left out."""

import math
from collections.abc import Callable, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, JsonFlag, console, print_json, writing
from dse.cli.results import StudyName

if TYPE_CHECKING:
    from dse.search.calibration import Calibration

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(calibrate)


def calibrate(
    study: StudyName = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the corrections to this YAML file."),
    ] = None,
    reported_by: Annotated[
        str, typer.Option(metavar="TOOL", help="Only reports of this tool; a part of its name.")
    ] = "",
    metric: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only this metric, with a prediction for every point."),
    ] = None,
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Learn from a study how to correct its cheap numbers.

    The errors are those of networks that were left out. Corrections of predicted reports can be
    kept in a file.
    """
    from dse.cli.correction_tables import corrections_of, flat, print_corrections
    from dse.search import calibration as learned
    from dse.store.queries import Results

    results = Results(database)
    name = results.study(study).name
    pairs = [p for p in learned.pairs_of(results, name) if reported_by in p.reported_by]
    fits = _of_metric(learned.calibrations(pairs), metric, lambda fit: fit.metric)
    known = corrections_of(results, name)
    shown = _of_metric(known, metric, lambda correction: correction.cheap.metric)
    _check_found(name, fits, shown, {c.cheap.metric for c in known}, metric)
    if out is not None:
        _check_fits(fits, name)
        _check_one_tool(fits, name)
        _write(out, fits)
    if as_json:
        both = [flat(correction, predict=metric is not None) for correction in shown]
        print_json({**learned.as_file(fits), "corrections": both})
        return
    if fits:
        _print(name, fits)
    print_corrections(name, shown, predict=metric is not None)
    if out is not None:
        console().print(f"a study takes them with: calibration: {out}")


def _of_metric(found: "list[T]", metric: str | None, name: "Callable[[T], str]") -> "list[T]":
    return [each for each in found if metric in {None, name(each)}]


def _check_found(
    study: str, fits: Sized, shown: Sized, known: set[str], metric: str | None
) -> None:
    """Raise UsageError where nothing was learnt."""
    from dse.contracts.errors import UsageError, nearest
    from dse.search.corrections import LEAST_POINTS

    if fits or shown:
        return
    if metric and known:
        raise UsageError(f"no correction for '{metric}'", where=study, hint=nearest(metric, known))
    message = f"no metric has two fidelities at {LEAST_POINTS} points or more"
    hint = "run a second backend on some points, or import the reports of a vendor's tool"
    raise UsageError(message, where=study, hint=hint)


def _check_fits(fits: Sized, study: str) -> None:
    """Raise UsageError where there is nothing that a study could name."""
    from dse.contracts.errors import UsageError
    from dse.search.calibration import LEAST_POINTS

    if not fits:
        message = f"no metric has a predicted and a reported number at {LEAST_POINTS} points"
        hint = "run estimate with a vendor's tool beside vivado or vitis, or import their reports"
        raise UsageError(message, where=study, hint=hint)


def _check_one_tool(found: "list[Calibration]", study: str) -> None:
    """Raise UsageError where predictions would be led to the reports of several tools at once."""
    from dse.contracts.errors import UsageError

    for one in found:
        others = [o.reported_by for o in found if (o.tool, o.part) == (one.tool, one.part)]
        if len(set(others)) > 1:
            message = f"reports of {' and '.join(sorted(set(others)))} beside {one.tool}"
            hint = "choose one with --reported-by"
            raise UsageError(message, where=study, hint=hint)


def _write(path: Path, found: "list[Calibration]") -> None:
    from ruamel.yaml import YAML

    from dse.search.calibration import as_file

    with writing(path), path.open("w", encoding="utf-8") as file:
        file.write("# corrections of predicted reports, written by dse calibrate\n")
        YAML().dump(as_file(found), file)


def _print(study: str, found: "list[Calibration]") -> None:
    from rich.table import Table

    table = Table(title=f"{study}: predicted reports against stored ones")
    for name in ("tool", "part", "metric", "reported by"):
        table.add_column(name)
    for name in ("points", "networks", "factor", "error before", "left out", "90 % within"):
        table.add_column(name, justify="right")
    for one in found:
        errors = (f"{value:.1%}" for value in (one.error_before, one.error_left_out))
        counts = (str(one.points), str(one.networks), f"{one.factor:g}")
        reach = f"×/÷ {math.exp(one.spread):.2f}"
        table.add_row(one.tool, one.part, one.metric, one.reported_by, *counts, *errors, reach)
    out = console()
    out.print(table)
    if any(one.left_out == "point" for one in found):
        out.print("of one network: points were left out, which says nothing of other networks")
