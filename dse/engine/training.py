"""How long the preparation of one network still takes, from what it says.

A workload's text such as ``epoch 13 of 60`` says how far a step is, and when it was seen says how
fast. A training that stops early takes less: its counts give the most that it may take.
"""

import re
from dataclasses import dataclass

_COUNTS = re.compile(r"(?<!\d)(\d{1,9}) of (\d{1,9})(?!\d)")
"""Counts of plug-ins too; bounded, as Python refuses to read numbers of thousands of digits."""


@dataclass
class _Steps:
    """Equal steps of a training, such as its epochs.

    Args:
        label: text before the counts, and the number of steps: other ones are another phase.
        first: steps that were done at the first look.
        first_at: time of that look.
        done: steps that are done.
        done_at: when the last of them was seen.
    """

    label: tuple[str, int]
    first: int
    first_at: float
    done: int
    done_at: float

    def left_s(self, now: float) -> float:
        """Return the seconds until the last step is done.

        A step that takes longer than those before raises the time of all; the one under way is
        then expected to be as late again as it is.
        """
        left, seen, quiet_s = self.label[1] - self.done, self.done - self.first, now - self.done_at
        if left <= 0:
            return quiet_s  # something follows that does not say how long it takes
        measured = (self.done_at - self.first_at) / seen if seen else 0.0
        each = max(measured, (now - self.first_at) / (seen + 1))
        return (left - 1) * each + abs(each - quiet_s)


@dataclass
class Training:
    """A network that is being prepared.

    Args:
        began_at: when that was seen.
        seen_at: when it was last seen.
        steps: of its present phase; None where it says nothing of them.
    """

    began_at: float
    seen_at: float
    steps: _Steps | None = None

    def see(self, text: str, now: float) -> None:
        """Take what the training says now; the last counts, as they change most."""
        self.seen_at = now
        found = next(reversed(list(_COUNTS.finditer(text))), None)
        if found is None:
            return
        done, label = int(found[1]), (text[: found.start()], int(found[2]))
        if self.steps is None or self.steps.label != label or done < self.steps.done:
            self.steps = _Steps(label, done, now, done, now)
        elif done > self.steps.done:
            self.steps.done, self.steps.done_at = done, now

    def left_s(self, expected_s: float, now: float) -> float:
        """Return the seconds until the network is prepared; late ones are as late again."""
        rest_s = expected_s - (now - self.began_at)
        # never less than expected: a training may be followed by another that has not begun
        return abs(rest_s) if self.steps is None else max(self.steps.left_s(now), rest_s)
