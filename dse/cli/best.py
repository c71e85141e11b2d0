"""`dse best`: the design to build, for all objectives or for one metric."""

from collections.abc import Iterator
from math import isnan
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.best_answer import print_decision
from dse.cli.console import (
    DEFAULT_DATABASE,
    Database,
    JsonFlag,
    console,
    print_json,
)
from dse.cli.front_notes import targets
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
    from dse.analysis.comparison import Front
    from dse.analysis.limits import StudyLimits
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
    """Print the one design to build.

    It is the design with the least or the most of a metric. Without one it is the cheapest of
    those whose first objective cannot be told from the best, with its evidence and what lies
    beside it; designs that are larger than their part are left out.
    """
    from dse.analysis.comparison import best_of
    from dse.analysis.points import Points
    from dse.contracts.errors import UsageError
    from dse.store.queries import Results

    metric = minimise or maximise
    if minimise and maximise:
        hint = "such as dse best --where auc>=0.98 --minimise lut"
        raise UsageError("give one of --minimise and --maximise", hint=hint)
    direction: Direction = "minimise" if minimise else "maximise"
    results = Results(database)
    name = results.study(study).name
    points = Points(results, name, part or "")
    limits = limits_of(points, no_limits=no_limits)
    if metric is None:
        print_decision(points, where or (), limits, database, part=part, as_json=as_json)
        return
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
        objectives = {"objectives": {name: number for name, _, number in others}}
        print_json({"point": row.number, **row.parameters, **values, **objectives})
        return
    source = f"({column.fidelity} from {column.backend})"
    shown = f"{column.metric} = {number(value.value, column.unit)} {source}"
    console().print(f"point {row.number} of {name}: {point_text(row.parameters)}: {shown}")
    if others:
        named = ", ".join(f"{title} = {number(v, one.unit)}" for title, one, v in others)
        console().print(f"other objectives: {named}")
    backends = [column.backend, *(one.backend for _, one, _ in others)]
    below = targets(points, [row.number], backends, part)
    for note in (*below, *_notes(found, limits, kept.n_unknown)):
        console().print(note)


def _notes(found: "Front", limits: "StudyLimits", n_unknown: int) -> Iterator[str]:
    """Yield what stands below the answer."""
    if len(found.rows) > 1:
        equal = ", ".join(str(other.number) for other in found.rows[1:])
        yield f"equally good: {'points' if len(found.rows) > 2 else 'point'} {equal}"
    if limits.texts:
        yield f"limits of the study: {', '.join(limits.texts)}"
    if note := unknown_note(n_unknown):
        yield note


def other_objectives(
    points: "Points", column: "Column", number: int
) -> "list[tuple[str, Column, float]]":
    """Return the study's other objectives at a point, with names; without those it lacks."""
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
            found.append((name, other, value))
    return found
