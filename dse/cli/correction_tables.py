"""Tables of `dse calibrate`: how well cheap numbers of a study tell expensive ones."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dse.cli.console import console
from dse.formatting import number

if TYPE_CHECKING:
    from dse.search.corrections import Correction
    from dse.store.queries import Results

_MOST_SHOWN = 20


def corrections_of(results: "Results", study: str) -> "list[Correction]":
    """Return the corrections between the fidelities of a study's metrics."""
    from dse.analysis.points import Points
    from dse.search.corrections import corrections
    from dse.search.importance import DependentParameters, varying_axes

    points = Points(results, study).records()
    if not points:
        return []
    axes = varying_axes(points, DependentParameters.of(results.source(study)))
    return corrections(points, axes, results.networks(study))


def print_corrections(study: str, found: "Sequence[Correction]", *, predict: bool) -> None:
    """Print the table of errors, and what points without the expensive number would have."""
    if found:
        _print(study, found)
    for correction in found:
        if predict and correction.predictions:
            _print_predictions(correction)


def flat(correction: "Correction", *, predict: bool) -> dict[str, Any]:
    """Return a correction as JSON."""
    names = ("n_both", "relative", "model", "left_out", "error_before", "error_after", "error_90")
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


def _print(study: str, found: "Sequence[Correction]") -> None:
    from rich.table import Table

    table = Table(title=f"{study}: from cheap to expensive numbers")
    for name in ("metric", "from", "to"):
        table.add_column(name)
    for name in ("points with both", "error before", "corrected", "90 % within"):
        table.add_column(name, justify="right")
    for name in ("by", "left out"):
        table.add_column(name)
    for c in found:
        errors = (_error(c, value) for value in (c.error_before, c.error_after, c.error_90))
        ends = (f"{column.backend} ({column.fidelity})" for column in (c.cheap, c.expensive))
        table.add_row(c.cheap.metric, *ends, str(c.n_both), *errors, c.model, c.left_out)
    out = console()
    out.print(table)
    out.print("errors: medians of networks, or points, that the correction was not fitted to")


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
