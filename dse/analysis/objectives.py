"""The columns that a study's objectives stand for, and which of them an overview shows.

A study may compute the same network in floating point on a processor too. Those numbers say what
could be reached; they are no property of a design, so no front is over them by default.
"""

from collections.abc import Collection, Sequence

from dse.analysis.columns import Column, meant, order_of
from dse.analysis.points import Points
from dse.contracts.errors import StudyError, UsageError
from dse.contracts.metrics import Fidelity
from dse.study.source import parse_yaml


def objective_columns(points: Points) -> list[Column]:
    """Return one column for each objective that has numbers, in the order of the study.

    A name that stands for several columns takes that of the highest fidelity whose numbers
    differ among the designs, and of equals the first by name. Columns of software in floating
    point are taken only where the study evaluates nothing else.
    """
    software = software_backends(points)
    wanted = (_column(points, name, software) for name in points.objectives)
    return list(dict.fromkeys(column for column in wanted if column is not None))


def software_backends(points: Points) -> frozenset[str]:
    """Return the backends that evaluate the network in floating point; none if no other does."""
    found = frozenset(c.backend for c in points.columns if c.fidelity is Fidelity.FLOAT)
    others = {c.backend for c in points.columns} | backends_of(points)
    return found if others - found else frozenset()


def backends_of(points: Points) -> frozenset[str]:
    """Return the backends that a study's file names; none where its text is not known."""
    try:
        tree, _ = parse_yaml(points.results.source(points.study), "study")
    except StudyError:  # the text of an import, or of a study of another version
        return frozenset()
    listed = tree.get("backends") if isinstance(tree, dict) else None
    names = (
        one.get("name") if isinstance(one, dict) else one
        for one in (listed if isinstance(listed, list) else ())
    )
    return frozenset(name for name in names if isinstance(name, str))


def _column(points: Points, name: str, software: Collection[str]) -> Column | None:
    found = [c for c in meant(name, points.columns) if c.backend not in software]
    if not found:
        return None
    try:
        exact = points.column(name)
    except UsageError:  # it stands for several
        exact = None
    return exact if exact in found else min(found, key=lambda column: _rank(points, column))


def _rank(points: Points, column: Column) -> tuple[bool, int, tuple[str, str, int]]:
    return spread(points, column) == 0, -column.fidelity.rank, order_of(column)


def spread(points: Points, column: Column) -> float:
    """Return how much a column varies: its range as a share of its largest magnitude."""
    extent = points.extent(column)
    largest = max(abs(extent.low), abs(extent.high))
    return (extent.high - extent.low) / largest if largest else 0.0


def most_varied(points: Points, columns: Sequence[Column]) -> list[Column]:
    """Return the two columns that a plot of a front shows: what is gained, then what it costs.

    Of the columns to maximise and of those to minimise, the one that varies most; where there
    is no such pair, the two that vary most. A column that does not vary is never returned.
    """
    varied = [column for column in columns if spread(points, column) > 0]
    ordered = sorted(varied, key=lambda column: -spread(points, column))
    gains = [column for column in ordered if column.direction == "maximise"]
    costs = [column for column in ordered if column.direction == "minimise"]
    chosen = [*gains[:1], *costs[:1]] if gains and costs else ordered[:2]
    return sorted(chosen, key=columns.index)
