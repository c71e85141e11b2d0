"""`dse best`: the design with the least or the most of one metric."""

from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import (
    DEFAULT_DATABASE,
    Database,
    JsonFlag,
    console,
    print_json,
)
from dse.cli.query_options import Part, Where, naming, select, unknown_note
from dse.cli.results import StudyName
from dse.formatting import number, point_text

if TYPE_CHECKING:
    from dse.contracts.metrics import Direction


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(best)


def best(
    minimise: Annotated[
        str | None, typer.Option(metavar="NAME", help="Metric to minimise.")
    ] = None,
    maximise: Annotated[
        str | None, typer.Option(metavar="NAME", help="Metric to maximise.")
    ] = None,
    where: Where = None,
    study: StudyName = None,
    part: Part = None,
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Print the one design with the least or the most of a metric."""
    from dse.analysis.comparison import best_of
    from dse.analysis.points import Points
    from dse.contracts.errors import UsageError
    from dse.store.queries import Results

    metric = minimise or maximise
    if metric is None or (minimise and maximise):
        hint = "such as dse best --where auc>=0.98 --minimise lut"
        raise UsageError("give one of --minimise and --maximise", hint=hint)
    direction: Direction = "minimise" if minimise else "maximise"
    results = Results(database)
    name = results.study(study).name
    points = Points(results, name, part or "")
    kept = select(points, {"--where": where})
    with naming(f"--{direction} {metric} (study '{name}')"):
        column = points.column(metric)
    found = best_of(points, column, direction, kept)
    if not found.rows:
        raise UsageError(
            f"none of the remaining points has {points.written[column]}", hint="loosen --where"
        )
    row, value = found.rows[0], found.rows[0].cells[0]
    if as_json:
        values = {column.metric: value.value, "backend": column.backend}
        values |= {"fidelity": column.fidelity.value, "tool": value.tool}
        print_json({"point": row.number, **row.parameters, **values})
        return
    shown = f"{column.metric} = {number(value.value, column.unit)}"
    source = f"({column.fidelity} from {column.backend})"
    console().print(f"point {row.number} of {name}: {point_text(row.parameters)}: {shown} {source}")
    if len(found.rows) > 1:
        others = ", ".join(str(other.number) for other in found.rows[1:])
        console().print(f"equally good: {'points' if len(found.rows) > 2 else 'point'} {others}")
    if note := unknown_note(kept.n_unknown):
        console().print(note)
