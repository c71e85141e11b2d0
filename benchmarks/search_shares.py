"""Shares of hypervolume that searches have found, and what they tell over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.analysis.front import front_mask
from dse.analysis.hypervolume import Box, box_of, hypervolume
from dse.contracts.metrics import Direction
from dse.search.candidates import Rows

Floats = NDArray[np.float64]
Values = tuple[float, ...] | None

GOAL = 0.99
"""Share of the reference's hypervolume that counts as found."""

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Reference:
    """What searches are measured by: the best designs known.

    Args:
        values: objectives of designs by their rows; None for those that failed.
        box: in which volumes are measured.
        volume: of all these designs.
    """

    values: Mapping[Rows, Values]
    box: Box
    volume: float

    @classmethod
    def of(cls, values: Mapping[Rows, Values], directions: Sequence[Direction]) -> "Reference":
        """Return the reference of all designs that are known."""
        table = np.array([one for one in values.values() if one is not None], dtype=np.float64)
        box = box_of(table, directions)
        front = table[front_mask(table, directions)]
        return cls(values, box, hypervolume(front, box))

    def shares(self, rows: Sequence[Rows]) -> Floats:
        """Return the share of the volume after 1, 2, … evaluations, (n_evaluations,)."""
        found = np.zeros(len(rows))
        front = np.empty((0, len(self.box.ideal)))
        volume = 0.0
        for index, design in enumerate(rows):
            values = self.values[design]
            if values is not None:
                more = np.vstack([front, values])
                after = hypervolume(more, self.box)
                if after > volume + TOLERANCE:
                    front, volume = more, after
            found[index] = volume / self.volume
        return found


def summary(shares: Sequence[Floats], at: int) -> dict[str, object]:
    """Return what the shares of several seeds tell.

    Args:
        shares: by seed, after 1, 2, … evaluations.
        at: number of evaluations of the goal.

    Returns:
        `seeds`; `quartiles`, three lists of shares after 1, 2, …; `median` and `worst` after `at`
        evaluations; `reached`, how many seeds had the goal by then; `evaluations`, after how many
        each seed had it, where it had.
    """
    table = np.array([one[: min(map(len, shares))] for one in shares])
    quartiles = np.quantile(table, (0.25, 0.5, 0.75), axis=0)
    then = table[:, at - 1]
    ever = [one for one in table if one[-1] >= GOAL]
    return {
        "seeds": len(table),
        "quartiles": np.round(quartiles, 4).tolist(),
        "median": round(float(np.median(then)), 4),
        "worst": round(float(then.min()), 4),
        "reached": int((then >= GOAL).sum()),
        "evaluations": [int(np.argmax(one >= GOAL)) + 1 for one in ever],
    }
