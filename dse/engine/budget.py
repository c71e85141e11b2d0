"""What a search has spent of its budget."""

import time
from collections.abc import Collection, Mapping
from datetime import datetime

from dse.store.queries import Results, StudySummary, in_utc
from dse.study.models import Budget


class BudgetTracker:
    """Watches the budget of one study.

    Args:
        budget: of the study.
        results: the store.
        study: its name.
        licences: licence tokens that an evaluation of each backend takes.
        first: backends of the first step, on which points are chosen.
    """

    def __init__(
        self,
        budget: Budget,
        results: Results,
        study: str,
        licences: Mapping[str, int],
        first: Collection[str],
    ) -> None:
        self._budget = budget
        self._results = results
        self._study = study
        self._licences = licences
        self._first = first
        self._started = time.monotonic()

    def points_left(self) -> int | None:
        """Points that may still be chosen; None for any number.

        Points whose evaluations were all made before the study began cost nothing.
        """
        if self._budget.points is None:
            return None
        summary = self._results.study(self._study)
        return max(self._budget.points - (summary.points - len(self._known_before(summary))), 0)

    def _known_before(self, summary: StudySummary) -> set[int]:
        began = in_utc(summary.created_at)
        finishes = self._results.finishes(self._study)
        chosen_by = (
            (number, [end for backend, end in ends.items() if backend in self._first])
            for number, ends in finishes.items()
        )
        return {number for number, ends in chosen_by if ends and max(ends) < began}

    def stop_reason(self, points_left: int | None) -> str:
        """Which part of the budget is spent; empty while there is something left."""
        if points_left == 0:
            return f"the budget of {self._budget.points:,} points is spent"
        return self.time_stop_reason()

    def time_stop_reason(self) -> str:
        """The same without points, which are chosen on the first step of a ladder only."""
        hours, tokens = self._budget.hours, self._budget.licence_hours
        if hours is not None and time.monotonic() - self._started >= hours * 3600:
            return f"{hours:g} h are over"
        if tokens is not None and (spent := self.licence_hours()) >= tokens:
            return f"{spent:.2g} of {tokens:g} licence-hours are spent"
        return ""

    def licence_hours(self) -> float:
        """Licence-hours of evaluations made since the study began."""
        began: datetime = in_utc(self._results.study(self._study).created_at)
        seconds = {
            row_id: duration * self._licences.get(backend, 0)
            for _, backend, start, duration, row_id in self._results.durations(self._study)
            if start >= began
        }
        return sum(seconds.values()) / 3600
