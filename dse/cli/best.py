"""`dse best`."""

from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import (
    DEFAULT_DATABASE,
    Database,
    JsonFlag,
    console,
    print_json,
)
from dse.cli.front import Part, Where, candidates
from dse.cli.results import StudyName
from dse.formatting import number

if TYPE_CHECKING:
    from dse.contracts.metrics import Direction


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(best)


def best(
    minimise: Annotated[str | None, typer.Option(help="The metric with the least.")] = None,
    maximise: Annotated[str | None, typer.Option(help="The metric with the most.")] = None,
    where: Where = None,
    study: StudyName = None,
    part: Part = None,
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Print the one design with the least or the most of a metric."""
    from dse.analysis import select
    from dse.contracts.errors import UsageError
    from dse.store.queries import Results

    metric = minimise or maximise
    if metric is None or (minimise and maximise):
        hint = "such as dse best --where auc>=0.98 --minimise lut"
        raise UsageError("give one of --minimise and --maximise", hint=hint)
    direction: Direction = "minimise" if minimise else "maximise"
    results = Results(database)
    name = results.study(study).name
    kept = candidates(results, name, list(where or ()), part)
    if not kept:
        raise UsageError("no point meets the conditions", hint="loosen --where")
    column = select.choose_column(metric, kept)
    found = select.front(kept, [metric], {column.metric: direction})
    row, value = found.rows[0], found.rows[0].metrics[0]
    if as_json:
        values = {column.metric: value.value, "backend": column.backend}
        values |= {"fidelity": column.fidelity.value, "tool": value.tool}
        print_json({"point": row.point.number, **row.point.parameters, **values})
        return
    parameters = ", ".join(f"{k} = {v}" for k, v in row.point.parameters.items())
    shown = f"{column.metric} = {number(value.value, value.unit)}"
    source = f"({column.fidelity} from {column.backend})"
    console().print(f"point {row.point.number} of {name}: {parameters}: {shown} {source}")
    if len(found.rows) > 1:
        others = ", ".join(str(other.point.number) for other in found.rows[1:])
        console().print(f"as good: points {others}")
