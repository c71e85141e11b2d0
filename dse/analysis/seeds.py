"""Seeds of place and route: a routed number holds for the seed that it was reached with."""

from dse.analysis.points import Points
from dse.contracts.metrics import Fidelity
from dse.store.queries import StoredPoint

_SEED = "seed"


def seed_of(points: Points, number: int, backend: str) -> int | None:
    """Return the seed of a point's routed numbers; None where its backend stores none."""
    same = [c for c in points.columns if (c.metric, c.backend) == (_SEED, backend)]
    value = points.numbers(same[0])["value"].get(number) if same else None
    return None if value is None or value != value else int(value)  # noqa: PLR0124


def seeds_text(points: list[StoredPoint]) -> str:
    """Return which seeds the routed numbers of points are of, such as ``seed 2``."""
    found = [
        f"{metric.value:.0f}"
        for point in points
        for metric in point.metrics
        if metric.name == _SEED and metric.fidelity is Fidelity.IMPLEMENTED
    ]
    return f"{'seed' if len(found) == 1 else 'seeds'} {', '.join(found)}" if found else ""
