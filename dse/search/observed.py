"""What a search is told of an evaluated point."""

from dataclasses import dataclass

from dse.search.candidates import Rows


@dataclass(frozen=True)
class Observation:
    """The result of one evaluated point, as a sampler needs it.

    Args:
        rows: the point, as one row index per axis.
        values: one per objective; None if the evaluation failed or lacks an objective.
        violation: sum over limits of how far the point misses each, relative to the limit; 0 if
            it keeps them all.
        margins: by limit, how far the point misses it, relative to the limit; negative by how
            far it keeps it. Empty where they are not known one by one.
    """

    rows: Rows
    values: tuple[float, ...] | None
    violation: float = 0.0
    margins: tuple[float, ...] = ()
