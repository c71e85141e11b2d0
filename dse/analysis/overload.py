"""What a design needs more of than its part has, in words."""

from collections.abc import Iterator

from dse.analysis.columns import Column
from dse.analysis.points import Points
from dse.contracts.metrics import SHARE_SUFFIX
from dse.contracts.registry import installed_metrics
from dse.formatting import number


def overload_text(points: Points, point: int) -> str:
    """Return what runs out, the scarcest first, such as ``DSP 41 of 0 of gw1n-lv1``."""
    loads = {str(name): float(points.loads[name][point]) for name in points.loads}
    scarce = sorted((name for name in loads if loads[name] > 1), key=lambda name: -loads[name])
    return ", ".join(_one(points, point, name, loads[name]) for name in scarce)


def _one(points: Points, point: int, capacity: str, load: float) -> str:
    part = points.part or "its part"
    for column in _counts(points, capacity):
        count = float(points.numbers(column)["value"][point])
        if count == count:  # noqa: PLR0124  (not a number: another backend has it)
            title = installed_metrics()[column.metric].title
            has = number(round(count / load))  # an infinite load: the part has none
            return f"{title} {number(count)} of {has} of {_part(points, point, column) or part}"
    return f"{capacity} {load:.0%} of {part}"


def _counts(points: Points, capacity: str) -> Iterator[Column]:
    """Yield the counts that use a capacity, those of the highest fidelity first, as loads do."""
    for column in sorted(points.columns, key=lambda c: -c.fidelity.rank):
        info = installed_metrics().get(column.metric)
        if info and info.capacity == capacity and not column.metric.endswith(SHARE_SUFFIX):
            yield column


def _part(points: Points, point: int, column: Column) -> str:
    """Return the part that loads refer to: the one named, else that of the evaluation."""
    if points.part:
        return points.part
    return next(iter(points.stored.parts(column.backend, [point])), "")
