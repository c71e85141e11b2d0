"""How much of a search's budget is spent: points, hours and licence-hours."""

from collections.abc import Mapping
from datetime import datetime
from math import inf
from time import monotonic

from dse.store.queries import Results, StudySummary, in_utc
from dse.study.models import Budget, LadderStep


class BudgetTracker:
    """Compares the budget of a study with what its search has used.

    Hours count from the creation of this object, so each `dse run` has the full time again;
    points and licence-hours count from the creation of the study, over all its runs.

    Args:
        budget: section `search.budget` of the study.
        results: the store, for reading.
        study: name of the study.
        licences: licence tokens that one evaluation takes, by backend.
        first: first step of the ladder, on whose results points are chosen.
    """

    def __init__(
        self,
        budget: Budget,
        results: Results,
        study: str,
        licences: Mapping[str, int],
        first: LadderStep,
    ) -> None:
        self._budget = budget
        self._results = results
        self._study = study
        self._licences = licences
        self._first = first
        self._started = monotonic()

    @property
    def deadline(self) -> float:
        """When the hours are spent, in seconds of `time.monotonic`; infinite without a limit."""
        hours = self._budget.hours
        return inf if hours is None else self._started + hours * 3600

    def points_left(self) -> int | None:
        """Return how many points may still be chosen; None if the budget limits no points.

        Points whose evaluations all finished before the study was created are free.
        """
        if self._budget.points is None:
            return None
        summary = self._results.study(self._study)
        known = self._known_before(summary)
        if not self._first.at:
            return max(self._budget.points - (summary.points - len(known)), 0)
        chosen = {
            p.number for p in self._results.points(self._study) if self._first.has(p.parameters)
        }
        return max(self._budget.points - len(chosen - known), 0)

    def _known_before(self, summary: StudySummary) -> set[int]:
        """Return the points whose first-step evaluations finished before the study was created."""
        created = in_utc(summary.created_at)
        finishes = self._results.finishes(self._study)
        first_step = (
            (number, [end for backend, end in ends.items() if backend in self._first.backends])
            for number, ends in finishes.items()
        )
        return {number for number, ends in first_step if ends and max(ends) < created}

    def stop_reason(self, points_left: int | None) -> str:
        """Return which part of the budget is spent; empty while nothing is."""
        if points_left == 0:
            return f"the budget of {self._budget.points:,} points is spent"
        return self.time_stop_reason()

    def time_stop_reason(self) -> str:
        """Return whether hours or licence-hours are spent; empty while neither is.

        Later steps of a ladder check only these: they choose no new points.
        """
        tokens = self._budget.licence_hours
        if monotonic() >= self.deadline:
            return f"the budget of {self._budget.hours:g} h is spent"
        if tokens is not None and (spent := self.licence_hours()) >= tokens:
            return f"{spent:.2g} of {tokens:g} licence-hours are spent"
        return ""

    def licence_hours(self) -> float:
        """Return the licence-hours (tokens x hours) of evaluations since the study's creation."""
        created: datetime = in_utc(self._results.study(self._study).created_at)
        # By row: an evaluation that several points share took its licence once.
        seconds = {
            row_id: duration * self._licences.get(backend, 0)
            for _, backend, start, duration, row_id in self._results.durations(self._study)
            if start >= created
        }
        return sum(seconds.values()) / 3600
