"""The points that need each evaluation of a plan."""

from collections.abc import Iterable, Sequence

from dse.engine.plan import Request
from dse.store.records import Point


class PointsByKey:
    """Positions in the plan, rows and numbers of the points that need the evaluation of a key.

    Args:
        requests: of the plan.
        points: rows of the plan's points, in the plan's order.
    """

    def __init__(self, requests: Iterable[Request] = (), points: Sequence[Point] = ()) -> None:
        self._points = points
        # The only mapping of its kind: one of a million keys takes two hundred megabytes.
        self._positions: dict[str, list[int]] = {}
        for request in requests:
            self._positions.setdefault(request.key, []).append(request.point)

    def positions(self, key: str) -> Sequence[int]:
        """Return positions in the plan; none for a key that no point needs."""
        return self._positions.get(key, ())

    def ids(self, key: str) -> list[int]:
        """Return ids of rows in the store."""
        return [self._points[position].id for position in self.positions(key)]

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return numbers in the study."""
        return tuple(self._points[position].number for position in self.positions(key))
