"""`dse pareto`: the front of a study for chosen metrics."""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dse.cli.console import (
    DEFAULT_DATABASE,
    Database,
    Wide,
    console,
    database_option,
    print_json,
)
from dse.cli.front_notes import answer, next_commands, notes
from dse.cli.front_picture import write_picture
from dse.cli.front_table import constants, print_table
from dse.cli.hypervolume_options import Reference, volume_notes
from dse.cli.query_options import (
    Constraint,
    Metrics,
    NoLimits,
    Part,
    Where,
    limits_of,
    metric_columns,
    select,
)
from dse.cli.results import StudyName
from dse.formatting import point_text

if TYPE_CHECKING:
    from rich.console import Console

    from dse.analysis.comparison import Front, Row
    from dse.analysis.points import Points


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(pareto)


def pareto(  # noqa: PLR0913, PLR0917  (options of the command)
    metric: Metrics = None,
    study: StudyName = None,
    where: Where = None,
    constraint: Constraint = None,
    part: Part = None,
    reference: Reference = None,
    no_limits: NoLimits = False,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="SVG file to draw the front into.")
    ] = None,
    wide: Wide = False,
    database: Database = DEFAULT_DATABASE,
    output: Annotated[Literal["table", "csv", "json"], typer.Option("--format")] = "table",
) -> None:
    """Print the points that no other beats in all given metrics."""
    from dse.analysis.comparison import compare, front
    from dse.analysis.points import Points
    from dse.store.queries import Results

    results = Results(database)
    summary = results.study(study)
    points = Points(results, summary.name, part or "")
    columns = metric_columns(points, metric, summary, "dse pareto --metric auc,latency")
    limits = limits_of(points, no_limits=no_limits)
    kept = select(points, {"--where": where, "--constraint": constraint}, limits)
    compared = compare(points, columns, kept)
    found = front(points, compared)
    volume = volume_notes(compared, reference or ())
    if picture is not None:
        write_picture(picture, summary.name, found)
    if output == "table":
        out = console(wide=wide)
        _print(out, points, found, [*notes(points, found, limits, part), *volume])
        _print_answer(out, points, found, database)
    elif output == "json":
        print_json([_flat(found, row) for row in found.rows])
    else:
        _print_csv([_flat(found, row) for row in found.rows])


def _flat(found: "Front", row: "Row") -> dict[str, Any]:
    flat: dict[str, Any] = {"point": row.number, **row.parameters}
    compared = found.comparison
    for name, column, cell in zip(compared.names, compared.columns, row.cells, strict=True):
        flat[name] = cell.value
        flat[f"{name}_low"], flat[f"{name}_high"] = cell.low, cell.high
        flat[f"{name}_backend"] = column.backend
        flat[f"{name}_fidelity"] = column.fidelity.value
        flat[f"{name}_tool"] = cell.tool
    return flat


def _print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _print(out: "Console", points: "Points", found: "Front", below: Iterable[str]) -> None:
    compared, varying = found.comparison, points.varying
    title = f"{points.study}: {len(found.rows)} of {compared.n_candidates} points on the front"
    left_out = print_table(out, title, found, varying)
    if same := constants(found, varying):
        out.print(f"the same at every point: {point_text(same)}")
    if left_out:
        out.print(f"left out for the terminal's width: {', '.join(left_out)}; all of it: --wide")
    for note in below:
        out.print(note)


def _print_answer(out: "Console", points: "Points", found: "Front", database: str) -> None:
    from dse.analysis.recommended import recommended

    best = recommended(points, found)
    if best is not None:
        out.print(answer(points, best))
    point = best.row.number if best is not None else found.rows[0].number if found.rows else None
    if point is not None:
        commands = next_commands(points.study, database_option(database), point)
        out.print(f"next: {'; '.join(commands)}")
