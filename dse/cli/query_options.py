"""Options of commands that query points, and what they select; errors name the option."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dse.analysis.columns import Column
    from dse.analysis.limits import StudyLimits
    from dse.analysis.points import Points, Selection
    from dse.store.queries import StudySummary

Part = Annotated[
    str | None,
    typer.Option(metavar="PART", help="FPGA part that utilisation refers to, from stored counts."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Keep points that meet this, e.g. total_bits<=16, effective=requested.",
    ),
]
Constraint = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CONDITION",
        help="As --where, for limits of a design, e.g. lut_pct<=100; both must hold.",
    ),
]
Metrics = Annotated[
    list[str] | None, typer.Option(metavar="NAMES", help="Metrics, separated by commas.")
]

NoLimits = Annotated[
    bool, typer.Option("--no-limits", help="Keep points that break the limits of the study.")
]


def limits_of(points: "Points", *, no_limits: bool) -> "StudyLimits":
    """Return the limits that the study sets; none where they are not wanted."""
    from dse.analysis.limits import StudyLimits, study_limits

    return StudyLimits() if no_limits else study_limits(points)


@contextmanager
def naming(option: str) -> Iterator[None]:
    """Put an option, with its value, before the place of a usage error.

    Raises:
        UsageError: the same error with that place.
    """
    from dse.contracts.errors import UsageError

    try:
        yield
    except UsageError as error:
        raise UsageError(error.message, where=option, hint=error.hint) from error


def select(
    points: "Points",
    options: Mapping[str, Sequence[str] | None],
    limits: "StudyLimits | None" = None,
) -> "Selection":
    """Return the points that meet all conditions and keep the limits.

    Args:
        points: the study's points.
        options: conditions by the name of their option, such as ``--where``.
        limits: limits of the study that hold, too.

    Raises:
        UsageError: a condition is wrong; the place is its option.
    """
    from dse.contracts.errors import UsageError

    named = {text: option for option, texts in options.items() for text in texts or ()}
    try:
        chosen = points.select([text for texts in options.values() for text in texts or ()])
    except UsageError as error:
        text = error.where  # the condition
        with naming(f"{named[text]} {text!r}"):
            raise
    if limits is None:
        return chosen
    from dse.analysis.limits import within

    return within(points, chosen, limits)


def metric_columns(
    points: "Points", given: Sequence[str] | None, study: "StudySummary", example: str
) -> "list[Column]":
    """Return the columns that `--metric` names, or else those of the study's objectives.

    Args:
        points: the study's points.
        given: values of `--metric`, each one or more names separated by commas.
        study: gives the objectives.
        example: a complete command, for the hint.

    Raises:
        UsageError: a name is empty, unknown, ambiguous or given twice, or there is none.
    """
    from dse.contracts.errors import UsageError

    names = [name.strip() for text in given or () for name in text.split(",")]
    if not (names or study.objectives):
        raise UsageError("no metric is given, and the study has no objectives", hint=example)
    what = "--metric" if given else "objective"
    columns: list[Column] = []
    for name in names or study.objectives:
        with naming(f"{what} {name or repr(name)} (study '{study.name}')"):
            column = _column(points, name, example)
            if column in columns:
                raise UsageError("the metric is named twice", hint="leave one out")
        columns.append(column)
    return columns


def _column(points: "Points", name: str, example: str) -> "Column":
    from dse.contracts.errors import UsageError

    if not name:
        raise UsageError("an empty name is no metric", hint=example)
    return points.column(name)


def unknown_note(count: int) -> str:
    """Return a note on points that lack a metric of a condition; empty for none."""
    lacks = "point lacks" if count == 1 else "points lack"
    was = "was" if count == 1 else "were"
    return f"{count} {lacks} a metric of a condition and {was} left out" if count else ""
