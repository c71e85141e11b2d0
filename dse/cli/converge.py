"""`dse converge`: hypervolume of the front against the number of evaluated points."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console, writing
from dse.cli.hypervolume_options import Reference, box_text
from dse.cli.query_options import Constraint, Metrics, metric_columns, select, unknown_note
from dse.cli.results import StudyName
from dse.cli.text_plot import area
from dse.formatting import counted, share

if TYPE_CHECKING:
    from dse.analysis.comparison import Comparison
    from dse.analysis.convergence import ConvergenceStep

_FORMATS = (".html", ".csv")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(converge)


def converge(
    metric: Metrics = None,
    study: StudyName = None,
    constraint: Constraint = None,
    reference: Reference = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a page (.html) or .csv.")
    ] = None,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Show how the hypervolume of the front grew with the points."""
    from dse.analysis import convergence
    from dse.analysis.comparison import compare
    from dse.analysis.hypervolume_box import reference_box
    from dse.analysis.points import Points
    from dse.store.queries import Results, in_utc

    _check_format(out)
    results = Results(database)
    summary = results.study(study)
    points = Points(results, summary.name)
    columns = metric_columns(points, metric, summary, "dse converge --metric auc,lut")
    kept = select(points, {"--constraint": constraint})
    compared = compare(points, columns, kept)
    _check_metrics(compared)
    box = reference_box(compared, reference or ())
    ordered = convergence.order(
        results.finishes(summary.name), {column.backend for column in compared.columns}
    )
    steps = convergence.converge(compared.numbers, box.costs(compared.values), ordered)
    corners = box_text(compared, box, reference or ())
    _print(summary.name, steps)
    for note in _notes(compared, steps, corners, in_utc(summary.created_at), summary.points):
        console().print(note)
    if out:
        _write(out, summary.name, steps, corners)


def _check_format(out: Path | None) -> None:
    from dse.contracts.errors import UsageError

    if out and out.suffix.lower() not in _FORMATS:
        legal = ", ".join(_FORMATS)
        raise UsageError(f"cannot write {out.suffix or out}", hint=f"legal: {legal}")


def _check_metrics(compared: "Comparison") -> None:
    from dse.analysis.hypervolume import MOST_METRICS
    from dse.contracts.errors import UsageError

    names = ", ".join(compared.names)
    if not compared.numbers:
        raise UsageError(f"no point has all of {names}", hint="compare fewer: --metric")
    if len(compared.columns) > MOST_METRICS:
        message = f"the hypervolume of more than {MOST_METRICS} metrics takes too long"
        raise UsageError(message, where=names, hint="compare fewer: --metric auc,lut")


def _print(study: str, steps: "Sequence[ConvergenceStep]") -> None:
    from rich.table import Table

    table = Table(title=f"{study}: hypervolume after {len(steps)} evaluated points")
    for name in ("points", "hypervolume", "of the last", "on the front", "entered the front"):
        table.add_column(name, justify="left" if name.startswith("entered") else "right")
    before = 0
    for n in _shown_counts(len(steps)):
        step, last = steps[n - 1], steps[-1].hypervolume
        of_last = f"{step.hypervolume / last:.1%}" if last else ""
        entered = [s.point for s in steps[before:n] if s.entered]
        table.add_row(f"{n:,}", share(step.hypervolume), of_last, str(step.n_front), _few(entered))
        before = n
    out = console()
    out.print(table)
    out.print("hypervolume (share of the box) against evaluated points")
    for line in area([step.hypervolume for step in steps], top=_top(steps)):
        out.print(line)


def _shown_counts(n: int) -> list[int]:
    """Return the counts of points that get a row: 1, 2, 5, 10, 20, 50, … and the last."""
    round_numbers = (m * 10**power for power in range(len(str(n))) for m in (1, 2, 5))
    return [*(m for m in round_numbers if m < n), n]


def _few(points: Sequence[int], most: int = 8) -> str:
    more = f" and {len(points) - most} more" if len(points) > most else ""
    return ", ".join(map(str, points[:most])) + more


def _top(steps: "Sequence[ConvergenceStep]") -> float:
    """Return the last hypervolume rounded up to a tenth: the upper end of the axis."""
    # Rounded to thousandths first, so that 0.6000001 ends at 0.6 and not at 0.7.
    return -(-round(steps[-1].hypervolume * 1000) // 100) / 10 or 1.0


def _notes(
    compared: "Comparison",
    steps: "Sequence[ConvergenceStep]",
    corners: str,
    created: datetime,
    n_points: int,
) -> Iterator[str]:
    """Yield what the table does not show: the box, sources, and points that do not count."""
    yield f"the box goes from {corners}"
    for name, column in zip(compared.names, compared.columns, strict=True):
        yield f"{name}: {column.direction}, {column.fidelity} from {column.backend}"
    last = max(step.n_evaluated for step in steps if step.entered)
    if last < len(steps):
        yield f"nothing entered the front in the last {counted(len(steps) - last, 'point')}"
    if nothing := len(steps) - len(compared.numbers):
        yield f"{nothing} evaluated points add nothing: they failed or do not meet a constraint"
    if compared.n_unknown:
        yield unknown_note(compared.n_unknown)
    if known := sum(step.at < created for step in steps):
        yield f"{known} points were known before this study began and come first"
    if missing := n_points - len(steps):
        yield f"lacking one of the metrics: {counted(missing, 'point')}"


def _write(out: Path, study: str, steps: "Sequence[ConvergenceStep]", corners: str) -> None:
    with writing(out):
        if out.suffix.lower() == ".csv":
            _write_csv(out, steps)
        else:
            _write_page(out, study, steps, corners)
    console(stderr=True).print(f"{len(steps)} steps in {out}")


def _write_csv(out: Path, steps: "Iterable[ConvergenceStep]") -> None:
    rows: list[dict[str, Any]] = [asdict(step) | {"at": step.at.isoformat()} for step in steps]
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_page(out: Path, study: str, steps: "Sequence[ConvergenceStep]", corners: str) -> None:
    """Write a page that needs no network: plotly.js is part of it."""
    from dse.analysis.convergence_figure import figure

    page = figure(study, steps, f"share of the box from {corners}")
    page.write_html(out, include_plotlyjs=True)
