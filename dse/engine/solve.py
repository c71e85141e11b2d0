"""`dse solve`: a search that ends when it has found what a budget asks for, and makes circuits."""

from collections.abc import Callable, Sequence

from dse.analysis.points import Points
from dse.analysis.solution import CIRCUIT, Design, Designs
from dse.analysis.wishes import Wishes
from dse.engine.batch_runner import BatchRunner
from dse.engine.budget import BudgetTracker
from dse.engine.run import RunContext
from dse.engine.search import Search
from dse.formatting import counted
from dse.store.queries import Results, StoredPoint
from dse.store.records import StudyState

FEWEST = 150
"""Designs that are evaluated at least; four per parameter in larger spaces."""

_WINDOW = 120
"""Designs, at least, over which nothing may improve before the search ends: two per parameter, and
later a third of all."""

_IMPROVED = 0.005
"""Share by which the goal, or the hypervolume of the front, has to improve to count."""

MOST_CIRCUITS = 6
"""Circuits that are made at most: each takes from seconds to minutes."""

_AT_ONCE = 2
"""Circuits made at a time, whatever the number of workers, so that a seed gives one answer."""


class Solve(Search):
    """One run of the study of a budget; goes on where an interrupted one was.

    Args:
        context: study, backends, store, folders and policy.
        results: the same store, for reading.
        wishes: the budget.
        tell: called with what is done next, one line each.
    """

    def __init__(
        self,
        context: RunContext,
        results: Results,
        wishes: Wishes,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(context, results)
        self._wishes, self._tell = wishes, tell
        self._unbuildable: dict[int, str] = {}

    def designs(self) -> Designs:
        """Return the designs as the store has them now."""
        return Designs(self._records(), self._wishes, self._unbuildable)

    def _records(self) -> list[StoredPoint]:
        return list(Points(self._results, self._study.name).records())

    def _why_converged(self, left: int | None) -> str:
        chosen = (self._search.budget.points or 0) - (left or 0)
        axes = len(self._space.names)
        # those that other studies have evaluated before do not count
        if chosen < max(FEWEST, 4 * axes):
            return ""
        points = sorted(self._records(), key=lambda point: point.number)
        window = max(_WINDOW, 2 * axes, len(points) // 3)
        before = Designs(points[:-window], self._wishes)
        now = Designs(points, self._wishes)
        if max(_progress(before, now), now.gained_since(before)) >= _IMPROVED:
            return ""
        what = "the best design and the front have" if now.kept else "the closest design has"
        return f"{what} not improved by {_IMPROVED:.1%} within the last {window} of {len(points)}"

    def _run_ladder(self, batches: BatchRunner, tracker: BudgetTracker) -> tuple[StudyState, str]:  # noqa: ARG002
        """Make circuits of the best designs until no other one may be better."""
        while (left := MOST_CIRCUITS - self._n_tried()) > 0:
            best = self.designs().to_make(min(left, _AT_ONCE))
            if not best:
                return "done", f"{self._made()}; no other design is expected to be better"
            state = self._make(batches, best)
            if state != "done":
                return state, ""
        return "done", self._made()

    def _n_tried(self) -> int:
        """Return how many circuits were made or could not be made, those of earlier calls too."""
        return sum(design.made for design in self.designs().all) + len(self._unbuildable)

    def _made(self) -> str:
        """Return how many circuits there are, those of earlier calls included, and what failed."""
        made = counted(sum(design.made for design in self.designs().all), "circuit")
        failed = (f"; not that of design {n}: {why}" for n, why in self._unbuildable.items())
        return f"{made} made{''.join(failed)}"

    def _make(self, batches: BatchRunner, designs: Sequence[Design]) -> StudyState:
        """Make circuits, and note those that could not be made."""
        self._tell(f"making {counted(len(designs), 'circuit')}")
        plan = batches.plan([dict(design.parameters) for design in designs], [CIRCUIT])
        state = batches.evaluate(plan)
        for number in (design.number for design in designs):
            of_point = self._results.evaluations(self._study.name, number)
            for one in of_point:
                if one.backend == CIRCUIT and one.status == "failed":
                    self._unbuildable[number] = str(one.failure["message"])
        return state


def _progress(before: Designs, now: Designs) -> float:
    """Return by what share the best design has become better; 1 where it became possible."""
    old, new = before.best, now.best
    if old is None or new is None or bool(before.kept) != bool(now.kept):
        return 0.0 if new is None else 1.0
    if not now.kept:
        limits = now.wishes.limits
        return old.missed(limits) - new.missed(limits)
    goal = now.wishes.goal
    change = abs(now.credited(new, goal) - before.credited(old, goal))
    if goal == now.wishes.score:  # a tenth of a percent of what is left to the best counts
        return change * 5
    return change / (abs(old.value(goal)) or 1.0)
