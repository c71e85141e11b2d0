"""`dse status`, `dse pareto`, `dse show` and `dse export`."""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dse.cli.console import (
    DEFAULT_DATABASE,
    Database,
    JsonFlag,
    console,
    number,
    print_json,
    writing,
)

if TYPE_CHECKING:
    from dse.analysis.select import Front, Row

StudyName = Annotated[str | None, typer.Option(help="Study; the last run without it.")]
Where = Annotated[
    list[str] | None, typer.Option("--where", help="Only points with, e.g. total_bits<=16.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, pareto, show, export):
        app.command()(command)


def status(database: Database = DEFAULT_DATABASE, as_json: JsonFlag = False) -> None:
    """List studies with their state, points and failures."""
    from rich.table import Table  # noqa: PLC0415

    from dse.store.queries import Results  # noqa: PLC0415

    studies = Results(database).studies()
    if as_json:
        print_json([vars(study) for study in studies])
        return
    table = Table()
    for name in ("study", "state", "points", "evaluations", "failures", "last change (UTC)"):
        table.add_column(name)
    for study in studies:
        when = f"{study.updated_at:%Y-%m-%d %H:%M}"
        counts = (str(n) for n in (study.points, study.evaluations, study.failures))
        table.add_row(study.name, study.state, *counts, when)
    console().print(table)


def pareto(
    metric: Annotated[list[str] | None, typer.Option(help="Metrics, separated by commas.")] = None,
    study: StudyName = None,
    where: Where = None,
    constraint: Annotated[
        list[str] | None, typer.Option(help="Only points that meet, e.g. lut_pct<=100.")
    ] = None,
    database: Database = DEFAULT_DATABASE,
    output: Annotated[Literal["table", "csv", "json"], typer.Option("--format")] = "table",
) -> None:
    """Print the points that no other point beats in all of the given metrics."""
    from dse.analysis import select  # noqa: PLC0415
    from dse.errors import UsageError  # noqa: PLC0415
    from dse.store.queries import Results  # noqa: PLC0415

    results = Results(database)
    summary = results.study(study)
    given = [name.strip() for text in metric or () for name in text.split(",")]
    names = [name for name in given if name] or list(summary.objectives)
    if not names:
        raise UsageError("which metrics?", hint="dse pareto --metric auc,latency")
    points = results.points(summary.name, replicas=True)
    kept = select.where(points, [*(where or ()), *(constraint or ())])
    found = select.front(kept, names, summary.objectives)
    parameters = list(dict.fromkeys(name for row in found.rows for name in row.point.parameters))
    if output == "table":
        _print_front(summary.name, found, parameters)
    elif output == "json":
        print_json([_flat(found, row) for row in found.rows])
    else:
        _print_csv([_flat(found, row) for row in found.rows])


def _flat(found: "Front", row: "Row") -> dict[str, Any]:
    flat: dict[str, Any] = {"point": row.point.number, **row.point.parameters}
    for column, metric in zip(found.columns, row.metrics, strict=True):
        flat[column.metric] = metric.value
        flat[f"{column.metric}_low"], flat[f"{column.metric}_high"] = metric.low, metric.high
        flat[f"{column.metric}_backend"] = column.backend
        flat[f"{column.metric}_fidelity"] = column.fidelity.value
        flat[f"{column.metric}_tool"] = metric.tool
    return flat


def _print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _print_front(study: str, found: "Front", parameters: Sequence[str]) -> None:
    from rich.table import Table  # noqa: PLC0415

    from dse.analysis import select  # noqa: PLC0415

    table = Table(title=f"{study}: {len(found.rows)} of {found.n_candidates} points on the front")
    table.add_column("point", justify="right")
    for name in parameters:
        table.add_column(name, justify="right")
    for column in found.columns:
        unit = f" ({column.unit})" if column.unit else ""
        table.add_column(f"{column.metric}{unit}", justify="right")
    for row in found.rows:
        values = [str(row.point.parameters.get(name, "")) for name in parameters]
        table.add_row(str(row.point.number), *values, *_cells(row))
    out = console()
    out.print(table)
    for column in found.columns:
        out.print(f"{column.metric}: {column.direction}, {column.fidelity} from {column.backend}")
    if found.n_without:
        out.print(f"{found.n_without} points have no such numbers and were left out")
    if too_large := select.too_large([row.point for row in found.rows]):
        points = ", ".join(map(str, too_large))
        out.print(f"larger than their part: points {points}; leave out: --constraint dsp_pct<=100")
    if any(any(row.ties) for row in found.rows):
        out.print("~ within the 95 % interval of the best (paired bootstrap)")


def _cells(row: "Row") -> list[str]:
    cells = []
    for metric, tie in zip(row.metrics, row.ties, strict=True):
        spread = ""
        if metric.low is not None and metric.high is not None:
            spread = f" [{number(metric.low)}, {number(metric.high)}]"
        cells.append(f"{'~' if tie else ''}{number(metric.value)}{spread}")
    return cells


def show(
    point: Annotated[int, typer.Argument(help="Number of the point.")],
    study: StudyName = None,
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Show everything about one point: parameters, metrics, what the tools really did."""
    from dse.cli import point_page  # noqa: PLC0415
    from dse.store.queries import Results  # noqa: PLC0415

    results = Results(database)
    name = results.study(study).name
    point_page.show(results, name, point, as_json=as_json)


def export(
    file: Annotated[Path, typer.Argument(help="Target: .csv, .json or .parquet.")],
    study: StudyName = None,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Write all points of a study, one row each, columns <backend>_<metric>."""
    from dse.errors import ToolMissingError, UsageError  # noqa: PLC0415
    from dse.store.queries import Results  # noqa: PLC0415

    suffix = file.suffix.lower()
    if suffix not in {".csv", ".json", ".parquet"}:
        raise UsageError(f"cannot write {file.suffix or file}", hint="legal: .csv, .json, .parquet")
    import pandas as pd  # noqa: PLC0415

    results = Results(database)
    summary = results.study(study)
    rows = [
        {"point": point.number, **point.parameters}
        | {f"{m.backend}_{m.name}": m.value for m in point.metrics}
        for point in results.points(summary.name)
    ]
    frame = pd.DataFrame(rows)
    try:
        with writing(file):
            if suffix == ".csv":
                frame.to_csv(file, index=False)
            elif suffix == ".json":
                frame.to_json(file, orient="records", indent=1)
            else:
                frame.to_parquet(file, index=False)
    except ImportError as error:
        raise ToolMissingError(str(error), hint="pip install pyarrow, or export .csv") from error
    failed = f", {summary.failures} evaluations failed" if summary.failures else ""
    console(stderr=True).print(f"{len(rows)} points of {summary.name} in {file}{failed}")
