"""`dse importance`: share of each parameter in the variation of each metric."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, JsonFlag, console, print_json
from dse.cli.query_options import Metrics, Where, metric_columns, select, unknown_note
from dse.cli.results import StudyName

if TYPE_CHECKING:
    from dse.analysis.columns import Column
    from dse.search.importance import DependentParameters
    from dse.store.queries import StoredPoint
    from dse.study.space import Axis

Shares = Mapping[str, float]
_EIGHTHS = " ▏▎▍▌▋▊▉"
_WIDTH = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(importance)


def importance(
    metric: Metrics = None,
    study: StudyName = None,
    where: Where = None,
    evaluator: Annotated[
        Literal["fanova", "ped-anova", "mdi"], typer.Option(help="Method, from Optuna.")
    ] = "fanova",
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Show how much each parameter changes each metric.

    The shares of a metric sum to 1.
    """
    from dse.analysis.comparison import short_titles
    from dse.analysis.points import Points
    from dse.search import importance as analysis
    from dse.store.queries import Results

    results = Results(database)
    summary = results.study(study)
    study_points = Points(results, summary.name)
    columns = metric_columns(study_points, metric, summary, "dse importance --metric auc,lut")
    kept = select(study_points, {"--where": where})
    numbers = study_points.chosen(kept)
    points = [point for point in study_points.records() if point.number in numbers]
    structure = analysis.DependentParameters.of(results.source(summary.name))
    axes = _axes(points, structure)
    shares = [analysis.importances(points, column, axes, evaluator) for column in columns]
    order = sorted(
        (",".join(axis.names) for axis in axes),
        key=lambda name: -sum(found.get(name, 0.0) for found in shares),
    )
    if as_json:
        pairs = zip(short_titles(columns), shares, strict=True)
        print_json({title: {name: s.get(name) for name in order} for title, s in pairs})
        return
    _print(f"{summary.name}: importance of parameters ({evaluator})", order, columns, shares)
    for note in (*_notes(points, structure, columns, shares), unknown_note(kept.n_unknown)):
        if note:
            console().print(note)


def _axes(points: "Sequence[StoredPoint]", structure: "DependentParameters") -> "tuple[Axis, ...]":
    from dse.contracts.errors import UsageError
    from dse.search.importance import varying_axes

    if not points:
        raise UsageError("no point is left", hint="loosen --where")
    axes = varying_axes(points, structure)
    if not axes:
        hint = "run the study with more than one value of a parameter"
        raise UsageError("no parameter differs between the points", hint=hint)
    return axes


def _print(
    heading: str, order: Sequence[str], columns: "Sequence[Column]", shares: Sequence[Shares]
) -> None:
    from rich.table import Table

    from dse.analysis.comparison import short_titles

    table = Table(title=heading)
    table.add_column("parameter")
    for title in short_titles(columns):
        table.add_column(title)
    for name in order:
        table.add_row(name, *(_cell(found.get(name)) for found in shares))
    console().print(table)


def _cell(share: float | None) -> str:
    """Return a share as a number and a bar of block characters; a dash for no share."""
    if share is None:
        return "–"
    eighths = round(share * _WIDTH * 8)
    return f"{share:.3f} {'█' * (eighths // 8)}{_EIGHTHS[eighths % 8]}".rstrip()


def _notes(
    points: "Sequence[StoredPoint]",
    structure: "DependentParameters",
    columns: "Sequence[Column]",
    shares: Sequence[Shares],
) -> Iterator[str]:
    """Yield what the table does not show: sources, and parameters that are left out."""
    from dse.analysis.comparison import short_titles

    for title, column, found in zip(short_titles(columns), columns, shares, strict=True):
        count = sum(column.of(point) is not None for point in points)
        nothing = "" if found else ": no parameter changes it"
        source = f"{column.fidelity} from {column.backend}"
        yield f"{title}: {source}, {count} points{nothing}"
    if coupled := sorted(structure.coupled & points[0].parameters.keys()):
        yield f"computed from other parameters, so left out: {', '.join(coupled)}"
    if some := sorted({name for p in points for name in p.parameters} - _common(points)):
        yield f"only some points have them, so left out: {', '.join(some)}"


def _common(points: "Sequence[StoredPoint]") -> set[str]:
    return set(points[0].parameters).intersection(*(point.parameters for point in points))
