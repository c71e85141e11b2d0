"""`dse pareto`: the front of a study for chosen metrics."""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console, print_json
from dse.cli.hypervolume_options import Reference, volume_notes
from dse.cli.query_options import (
    Constraint,
    Metrics,
    Part,
    Where,
    metric_columns,
    select,
    unknown_note,
)
from dse.cli.results import StudyName
from dse.formatting import number, value_text

if TYPE_CHECKING:
    from dse.analysis.comparison import Cell, Front, Row
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
    kept = select(points, {"--where": where, "--constraint": constraint})
    compared = compare(points, columns, kept)
    found = front(points, compared)
    volume = volume_notes(compared, reference or ())
    if output == "table":
        _print_front(summary.name, found, [*_notes(points, found, part), *volume])
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


def _print_front(study: str, found: "Front", notes: Iterable[str]) -> None:
    from rich.table import Table

    compared = found.comparison
    table = Table(
        title=f"{study}: {len(found.rows)} of {compared.n_candidates} points on the front"
    )
    parameters = list(dict.fromkeys(name for row in found.rows for name in row.parameters))
    table.add_column("point", justify="right")
    for name in parameters:
        table.add_column(name, justify="right")
    for name, column in zip(compared.names, compared.columns, strict=True):
        unit = f" ({column.unit})" if column.unit else ""
        table.add_column(f"{name}{unit}", justify="right")
    for row in found.rows:
        values = [value_text(row.parameters.get(name, "")) for name in parameters]
        table.add_row(str(row.number), *values, *map(_cell_text, row.cells))
    out = console()
    out.print(table)
    for note in notes:
        out.print(note)


def _cell_text(cell: "Cell") -> str:
    spread = ""
    if cell.low is not None and cell.high is not None:
        spread = f" [{number(cell.low)}, {number(cell.high)}]"
    return f"{'~' if cell.tie else ''}{number(cell.value)}{spread}"


def _notes(points: "Points", found: "Front", part: str | None) -> Iterator[str]:
    """Yield what the table does not show: sources, points left out, and ties."""
    compared = found.comparison
    for name, column in zip(compared.names, compared.columns, strict=True):
        yield f"{name}: {column.direction}, {column.fidelity} from {column.backend}"
    if part:
        yield f"utilisation of {part}; counts, cycles and clock are those of each point's own part"
    if compared.n_unknown:
        yield unknown_note(compared.n_unknown)
    if compared.n_without:
        yield f"{compared.n_without} points lack one of the metrics and were left out"
    if too_large := _too_large(points, found):
        yield f"larger than their part: points {too_large}; leave out: --constraint dsp_pct<=100"
    if any(cell.tie for row in found.rows for cell in row.cells):
        yield "~ within the 95 % interval of the best (paired bootstrap)"


def _too_large(points: "Points", found: "Front") -> str:
    """Return the numbers of the front's points that need more than the whole part."""
    loads = points.loads.loc[[row.number for row in found.rows]]
    return ", ".join(map(str, loads.index[(loads > 1).any(axis=1)]))
