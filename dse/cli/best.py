"""`dse best`: the design with the least or the most of one metric."""

from math import isnan
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import (
    DEFAULT_DATABASE,
    Database,
    JsonFlag,
    console,
    print_json,
)
from dse.cli.query_options import (
    NoLimits,
    Part,
    Where,
    limits_of,
    naming,
    select,
    unknown_note,
)
from dse.cli.results import StudyName
from dse.formatting import number, point_text

if TYPE_CHECKING:
    from dse.analysis.columns import Column
    from dse.analysis.points import Points
    from dse.contracts.metrics import Direction


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(best)


def best(  # noqa: PLR0913, PLR0917  (options of the command)
    minimise: Annotated[
        str | None,
        typer.Option("--minimise", "--minimize", metavar="NAME", help="Metric to minimise."),
    ] = None,
    maximise: Annotated[
        str | None,
        typer.Option("--maximise", "--maximize", metavar="NAME", help="Metric to maximise."),
    ] = None,
    where: Where = None,
    study: StudyName = None,
    part: Part = None,
    no_limits: NoLimits = False,
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
    limits = limits_of(points, no_limits=no_limits)
    kept = select(points, {"--where": where}, limits)
    with naming(f"--{direction} {metric} (study '{name}')"):
        column = points.column(metric)
    found = best_of(points, column, direction, kept)
    if not found.rows:
        raise UsageError(
            f"none of the remaining points has {points.written[column]}", hint="loosen --where"
        )
    row, value = found.rows[0], found.rows[0].cells[0]
    others = other_objectives(points, column, row.number)
    if as_json:
        values = {column.metric: value.value, "backend": column.backend}
        values |= {"fidelity": column.fidelity.value, "tool": value.tool}
        objectives = {"objectives": dict(others)}
        print_json({"point": row.number, **row.parameters, **values, **objectives})
        return
    shown = f"{column.metric} = {number(value.value, column.unit)}"
    source = f"({column.fidelity} from {column.backend})"
    console().print(f"point {row.number} of {name}: {point_text(row.parameters)}: {shown} {source}")
    if others:
        texts = (f"{name} = {number(other)}" for name, other in others)
        console().print(f"other objectives: {', '.join(texts)}")
    if len(found.rows) > 1:
        equal = ", ".join(str(other.number) for other in found.rows[1:])
        console().print(f"equally good: {'points' if len(found.rows) > 2 else 'point'} {equal}")
    if limits.texts:
        console().print(f"limits of the study: {', '.join(limits.texts)}")
    if note := unknown_note(kept.n_unknown):
        console().print(note)


def other_objectives(points: "Points", column: "Column", number: int) -> list[tuple[str, float]]:
    """Return the study's other objectives at a point, by name; without those it lacks."""
    from dse.contracts.errors import UsageError

    found = []
    for name in points.objectives:
        try:
            other = points.column(name)
        except UsageError:  # no point has it, or several backends do
            continue
        value = float(points.numbers(other)["value"].to_dict()[number])
        same = (other.metric, other.backend) == (column.metric, column.backend)
        if not same and not isnan(value):
            found.append((name, value))
    return found
