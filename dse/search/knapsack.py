"""The best point of an additive model within budgets: one row per axis, by an integer programme."""

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from dse.search.candidates import Rows

Floats = NDArray[np.float64]

_NODES = 30
"""Nodes of the search tree, after which the best solution so far counts: unlike a limit on time,
it gives the same solution on every machine."""

_GAP = 0.01
"""Distance to the optimum, relative to it, that is near enough: the model is not that exact."""


@contextmanager
def _quiet_output() -> Iterator[None]:
    """Keep off standard output what HiGHS writes there by itself (a line of its MIP solver)."""
    saved, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # the buffer of C's own stdout
        os.dup2(saved, 1)
        os.close(saved)
        os.close(nowhere)


def best_rows(
    cost: Sequence[Floats], used: Sequence[Sequence[Floats]], budgets: Sequence[float]
) -> Rows | None:
    """Return the rows with the least cost that keep all budgets; None where there are none.

    Args:
        cost: by axis, what each row adds to the cost, (n_rows,).
        used: by budget and axis, what each row takes of it, (n_rows,).
        budgets: most that may be taken of each.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # slow to import

    lengths = [len(table) for table in cost]
    ends = np.cumsum(lengths)
    one_each = np.zeros((len(lengths), int(ends[-1])))
    for axis, (end, length) in enumerate(zip(ends, lengths, strict=True)):
        one_each[axis, end - length : end] = 1
    limits = [LinearConstraint(one_each, 1, 1)]
    if len(budgets):
        rows = np.array([np.concatenate(list(tables)) for tables in used])
        limits.append(LinearConstraint(rows, -np.inf, np.asarray(budgets)))
    with _quiet_output():
        found = milp(
            np.concatenate(list(cost)),
            integrality=np.ones(int(ends[-1])),
            bounds=Bounds(0, 1),
            constraints=limits,
            options={"node_limit": _NODES, "mip_rel_gap": _GAP},
        )
    if found.x is None:
        return None
    return tuple(int(np.argmax(part)) for part in np.split(found.x, ends[:-1]))
