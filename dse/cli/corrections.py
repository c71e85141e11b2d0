"""`dse corrections`: predict expensive metrics from cheap ones, with a tested error."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, JsonFlag, console, print_json
from dse.cli.results import StudyName
from dse.formatting import number

if TYPE_CHECKING:
    from dse.search.corrections import Correction

_MOST_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(corrections)


def corrections(
    study: StudyName = None,
    metric: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only this metric, with a prediction for every point."),
    ] = None,
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Show how well cheap metrics predict expensive ones.

    The errors are those of cross-validation.
    """
    from dse.analysis.points import Points
    from dse.contracts.errors import UsageError, nearest
    from dse.search import corrections as learned
    from dse.search.importance import DependentParameters, varying_axes
    from dse.store.queries import Results

    results = Results(database)
    summary = results.study(study)
    points = Points(results, summary.name).records()
    axes = (
        varying_axes(points, DependentParameters.of(results.source(summary.name))) if points else ()
    )
    found = learned.corrections(points, axes)
    if not found:
        message = f"no metric has two fidelities at {learned.LEAST_POINTS} points or more"
        hint = "run a second backend on some points, such as by search: {ladder: …}"
        raise UsageError(message, where=summary.name, hint=hint)
    names = {correction.cheap.metric for correction in found}
    if metric not in {None, *names}:
        raise UsageError(f"no correction for '{metric}'", hint=nearest(str(metric), names))
    chosen = [c for c in found if metric in {None, c.cheap.metric}]
    if as_json:
        print_json([_flat(correction, predict=metric is not None) for correction in chosen])
        return
    _print(summary.name, chosen)
    for correction in chosen:
        if metric and correction.predictions:
            _print_predictions(correction)


def _flat(correction: "Correction", *, predict: bool) -> dict[str, Any]:
    names = ("n_both", "relative", "model", "error_before", "error_after", "error_90")
    head: dict[str, Any] = {"metric": correction.cheap.metric, "unit": correction.cheap.unit}
    for name in ("cheap", "expensive"):
        column = getattr(correction, name)
        head[name] = {"backend": column.backend, "fidelity": column.fidelity}
    head |= {name: getattr(correction, name) for name in names}
    if predict:
        head["predictions"] = [
            {
                "point": p.point.number,
                "cheap": p.cheap,
                "value": p.value,
                "low": p.low,
                "high": p.high,
            }
            for p in correction.predictions
        ]
    return head


def _print(study: str, found: "list[Correction]") -> None:
    from rich.table import Table

    table = Table(title=f"{study}: from cheap to expensive numbers")
    for name in ("metric", "from", "to"):
        table.add_column(name)
    for name in ("points with both", "error before", "corrected", "90 % within"):
        table.add_column(name, justify="right")
    table.add_column("by")
    for c in found:
        errors = (_error(c, value) for value in (c.error_before, c.error_after, c.error_90))
        ends = (f"{column.backend} ({column.fidelity})" for column in (c.cheap, c.expensive))
        table.add_row(c.cheap.metric, *ends, str(c.n_both), *errors, c.model)
    out = console()
    out.print(table)
    out.print("errors: median over points that the correction was not fitted to (cross-validation)")


def _error(correction: "Correction", value: float) -> str:
    return f"{value:.1%}" if correction.relative else number(value, correction.cheap.unit)


def _print_predictions(correction: "Correction") -> None:
    from rich.table import Table

    cheap, expensive = correction.cheap, correction.expensive
    sign = -1 if cheap.direction == "maximise" else 1
    best = sorted(correction.predictions, key=lambda p: (sign * p.value, p.point.number))
    title = f"predicted, not computed: {cheap.metric} of {expensive.backend} ({expensive.fidelity})"
    table = Table(title=title)
    for name in ("point", cheap.backend, "predicted", "90 % between"):
        table.add_column(name, justify="right")
    for p in best[:_MOST_SHOWN]:
        low, high = sorted((p.low, p.high))
        values = (number(value, cheap.unit) for value in (p.cheap, p.value, low, high))
        shown = list(values)
        table.add_row(str(p.point.number), *shown[:2], f"{shown[2]} and {shown[3]}")
    out = console()
    out.print(table)
    if len(best) > _MOST_SHOWN:
        out.print(f"and {len(best) - _MOST_SHOWN} more")
