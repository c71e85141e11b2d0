"""The design that a front speaks for: among the best in the first metric, the cheapest."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

from dse.analysis.columns import Column, meant
from dse.analysis.comparison import Front, Row, is_tie
from dse.analysis.points import Points
from dse.contracts.metrics import SHARE_SUFFIX, Fidelity
from dse.formatting import number


@dataclass(frozen=True)
class Recommended:
    """One point of a front, and what speaks for it.

    Args:
        row: the point.
        quality: how good it is in the first metric.
        saving: what it costs relative to the best in the first metric; empty for that itself.
        shares: what it takes of its part, such as ``29 % of the LUT of xcku115``.
    """

    row: Row
    quality: str
    saving: str
    shares: tuple[str, ...]


def recommended(points: Points, front: Front) -> Recommended | None:
    """Return the point with the least `cost` among those as good as the best.

    Costs are the other compared metrics. None where there is only one metric or one point.
    """
    if len(front.comparison.columns) < 2 or len(front.rows) < 2:
        return None
    best = front.rows[0]
    equals = [row for row in front.rows if row is best or row.cells[0].tie]
    row = min(equals, key=lambda one: cost(front, one))
    return Recommended(
        row,
        _quality(points, front, row),
        _saving(front, row, best),
        tuple(_shares(points, front, row)),
    )


def cost(front: Front, row: Row) -> float:
    """Return the product of all costs, each plus 1; what is maximised divides.

    The 1 keeps a design without DSP slices from being the cheapest whatever else it takes.
    """
    pairs = zip(row.cells[1:], front.comparison.columns[1:], strict=True)
    factors = ((1 + max(cell.value, 0.0), column.direction) for cell, column in pairs)
    return prod(value if direction == "minimise" else 1 / value for value, direction in factors)


def _quality(points: Points, front: Front, row: Row) -> str:
    """Return how the point compares with the network in floating point, else with the best."""
    column, cell = front.comparison.columns[0], row.cells[0]
    shown = f"{front.comparison.names[0]} {number(cell.value, column.unit)}"
    exact = _in_float(points, column)
    if exact is not None:
        mine = points.stored.replicas(column, [row.number]).get(row.number)
        reference = points.stored.replicas(exact, [row.number]).get(row.number)
        if is_tie(mine, reference):
            return f"keeps the {column.metric} of floating point ({shown})"
    if cell.tie:
        return f"is as good as the best ({shown})"
    return f"is the best ({shown})"


def _in_float(points: Points, column: Column) -> Column | None:
    found = meant(column.metric, points.columns)
    return next((one for one in found if one.fidelity is Fidelity.FLOAT), None)


def _saving(front: Front, row: Row, best: Row) -> str:
    if row is best:
        return ""
    pairs = zip(front.comparison.names[1:], row.cells[1:], best.cells[1:], strict=True)
    ratios = {name: mine.value / theirs.value for name, mine, theirs in pairs if theirs.value > 0}
    parts = [f"{100 * r:.0f} % of its {name}" for name, r in ratios.items() if round(r, 2) != 1]
    return f" with {' and '.join(parts)}" if parts else ""


def _shares(points: Points, front: Front, row: Row) -> Iterator[str]:
    """Yield what the point takes of its part, for every compared count or share."""
    for column in front.comparison.columns:
        share = replace(column, metric=column.metric.removesuffix(SHARE_SUFFIX) + SHARE_SUFFIX)
        known = [
            c for c in points.columns if (c.metric, c.backend) == (share.metric, share.backend)
        ]
        parts = points.stored.parts(column.backend, [row.number])
        if known and len(parts) == 1:
            value = float(points.numbers(known[0])["value"].to_dict()[row.number])
            name = share.metric.removesuffix(SHARE_SUFFIX).upper()
            yield f"{number(value)} % of the {name} of {parts[0]}"
