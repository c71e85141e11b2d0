"""`dse calibrate`: correct predicted reports by a user's own, with the error left out."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, JsonFlag, console, print_json, writing
from dse.cli.results import StudyName

if TYPE_CHECKING:
    from dse.search.calibration import Calibration


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
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Correct predicted reports by stored ones of C synthesis.

    The errors are those of networks that were left out.
    """
    from dse.contracts.errors import UsageError
    from dse.search import calibration as learned
    from dse.store.queries import Results

    results = Results(database)
    name = results.study(study).name
    pairs = [p for p in learned.pairs_of(results, name) if reported_by in p.reported_by]
    found = learned.calibrations(pairs)
    if not found:
        least = learned.LEAST_POINTS
        message = f"no metric has a predicted and a reported number at {least} points"
        hint = "run estimate with a vendor's tool beside vivado or vitis, or import their reports"
        raise UsageError(message, where=name, hint=hint)
    if out is not None:
        _check_one_tool(found, name)
        _write(out, found)
    if as_json:
        print_json(learned.as_file(found))
        return
    _print(name, found)
    if out is not None:
        console().print(f"a study takes them with: calibration: {out}")


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
