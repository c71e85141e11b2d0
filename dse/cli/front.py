"""`dse pareto`."""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console, print_json
from dse.cli.hypervolume_options import Reference, volume_notes
from dse.cli.results import StudyName
from dse.formatting import number

if TYPE_CHECKING:
    from dse.analysis.select import Front, Row
    from dse.store.queries import Results, StoredPoint, StudySummary

Part = Annotated[str | None, typer.Option(help="Shares of another part, from stored counts.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", help="Only points with, e.g. total_bits<=16; also effective=requested."
    ),
]
Constraint = Annotated[
    list[str] | None, typer.Option(help="Only points that meet, e.g. lut_pct<=100.")
]
Metrics = Annotated[list[str] | None, typer.Option(help="Metrics, separated by commas.")]


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
    """Print the points that no other point beats in all of the given metrics."""
    from dse.analysis import select
    from dse.store.queries import Results

    results = Results(database)
    summary = results.study(study)
    names = metric_names(metric, summary, "dse pareto --metric auc,latency")
    kept = candidates(results, summary.name, [*(where or ()), *(constraint or ())], part)
    found = select.front(kept, names, summary.objectives)
    volume = volume_notes(found.comparison, reference or ())
    if output == "table":
        _print_front(summary.name, found, [*_notes(found, part), *volume])
    elif output == "json":
        print_json([_flat(found, row) for row in found.rows])
    else:
        _print_csv([_flat(found, row) for row in found.rows])


def metric_names(given: Sequence[str] | None, study: "StudySummary", example: str) -> list[str]:
    """The metrics of the options, or the study's objectives.

    Raises:
        UsageError: there are neither; the hint is the example.
    """
    from dse.contracts.errors import UsageError

    listed = [name.strip() for text in given or () for name in text.split(",")]
    names = [name for name in listed if name] or list(study.objectives)
    if not names:
        raise UsageError("which metrics?", hint=example)
    return names


def candidates(
    results: "Results", study: str, conditions: Sequence[str], part: str | None
) -> "list[StoredPoint]":
    """Points of a study that meet all conditions, with shares of another part if one is named.

    Raises:
        UsageError: a condition or the part makes no sense.
    """
    from dse.analysis import effective, select, what_if

    points = results.points(study, replicas=True)
    if part:
        points = what_if.on_part(points, part)
    kept, others = effective.filter_points(
        points, conditions, lambda: effective.changed_points(results, study)
    )
    return select.where(kept, others)


def _flat(found: "Front", row: "Row") -> dict[str, Any]:
    flat: dict[str, Any] = {"point": row.point.number, **row.point.parameters}
    for name, column, metric in zip(
        found.comparison.names, found.columns, row.metrics, strict=True
    ):
        flat[name] = metric.value
        flat[f"{name}_low"], flat[f"{name}_high"] = metric.low, metric.high
        flat[f"{name}_backend"] = column.backend
        flat[f"{name}_fidelity"] = column.fidelity.value
        flat[f"{name}_tool"] = metric.tool
    return flat


def _print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _print_front(study: str, found: "Front", notes: Iterable[str]) -> None:
    from rich.table import Table

    table = Table(title=f"{study}: {len(found.rows)} of {found.n_candidates} points on the front")
    parameters = list(dict.fromkeys(name for row in found.rows for name in row.point.parameters))
    table.add_column("point", justify="right")
    for name in parameters:
        table.add_column(name, justify="right")
    for name, column in zip(found.comparison.names, found.columns, strict=True):
        unit = f" ({column.unit})" if column.unit else ""
        table.add_column(f"{name}{unit}", justify="right")
    for row in found.rows:
        values = [str(row.point.parameters.get(name, "")) for name in parameters]
        table.add_row(str(row.point.number), *values, *_cells(row))
    out = console()
    out.print(table)
    for note in notes:
        out.print(note)


def _cells(row: "Row") -> list[str]:
    cells = []
    for metric, tie in zip(row.metrics, row.ties, strict=True):
        spread = ""
        if metric.low is not None and metric.high is not None:
            spread = f" [{number(metric.low)}, {number(metric.high)}]"
        cells.append(f"{'~' if tie else ''}{number(metric.value)}{spread}")
    return cells


def _notes(found: "Front", part: str | None) -> Iterator[str]:
    """What the table does not say."""
    from dse.analysis import select

    for name, column in zip(found.comparison.names, found.columns, strict=True):
        yield f"{name}: {column.direction}, {column.fidelity} from {column.backend}"
    if part:
        yield f"shares of {part}; counts, cycles and clock as evaluated, for each point's own part"
    if found.n_without:
        yield f"{found.n_without} points have no such numbers and were left out"
    if too_large := select.too_large([row.point for row in found.rows]):
        points = ", ".join(map(str, too_large))
        yield f"larger than their part: points {points}; leave out: --constraint dsp_pct<=100"
    if any(any(row.ties) for row in found.rows):
        yield "~ within the 95 % interval of the best (paired bootstrap)"
