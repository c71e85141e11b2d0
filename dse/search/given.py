"""Objectives of candidates that need no evaluation, and which are left to be modelled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.search.candidates import Rows
from dse.search.observed import KnownObjectives

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Given:
    """Candidates and what is known of them.

    Args:
        pool: candidates, without those that are known to be refused.
        costs: their costs, (n_candidates, n_objectives); NaN where they are not known.
    """

    pool: list[Rows]
    costs: Floats

    @classmethod
    def of(cls, pool: list[Rows], known: KnownObjectives | None, signs: Floats) -> "Given":
        """Return what is known of candidates.

        Args:
            pool: candidates.
            known: gives objectives; None where all have to be evaluated.
            signs: by objective, 1 where it is minimised and -1 where it is maximised.
        """
        if known is None or not pool:
            return cls(pool, np.full((len(pool), len(signs)), np.nan))
        costs = known(pool) * signs
        kept = np.flatnonzero(~np.isinf(costs).any(axis=1))
        return cls([pool[index] for index in kept], costs[kept])

    def reach(self, told: Floats) -> Floats:
        """Return costs whose worst is that of evaluated designs and of candidates.

        Args:
            told: costs of evaluated designs, (n_points, n_objectives).
        """
        return np.vstack([told, np.where(np.isnan(self.costs), told[0], self.costs)])
