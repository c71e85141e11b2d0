"""Seeds of place and route: a routed number holds for the seed that it was reached with."""

from collections.abc import Iterable

import pandas as pd

from dse.analysis.columns import Column
from dse.analysis.points import Points
from dse.contracts.metrics import Fidelity
from dse.store.queries import StoredPoint

_SEED = "seed"


def seed_of(points: Points, number: int, backend: str) -> int | None:
    """Return the seed of a point's routed numbers; None where its backend stores none."""
    value = _seeds(points, backend).get(number)
    return None if value is None or value != value else int(value)  # noqa: PLR0124


def _seeds(points: Points, backend: str) -> "pd.Series[float]":
    """Return the seeds of a backend by number of the point; not a number where there is none."""
    same = [c for c in points.columns if (c.metric, c.backend) == (_SEED, backend)]
    none = pd.Series(float("nan"), index=points.parameters.index)
    return points.numbers(same[0])["value"] if same else none


def seed_notes(points: Points, columns: Iterable[Column]) -> "pd.Series[str]":
    """Return by number of the point which seeds its routed numbers in some columns are of.

    Returns:
        Such as ``seed 2``; empty texts where nothing was routed.
    """
    notes = pd.Series("", index=points.parameters.index)
    routed = (c.backend for c in columns if c.fidelity is Fidelity.IMPLEMENTED)
    for backend in dict.fromkeys(routed):
        seeds = _seeds(points, backend).reindex(notes.index).dropna()
        texts = seeds.map("seed {:.0f}".format).astype(str)  # also where there is none
        found = texts.reindex(notes.index, fill_value="")
        notes = notes.where(notes == found, (notes + ", " + found).str.strip(", "))
    return notes


def seeds_text(points: list[StoredPoint]) -> str:
    """Return which seeds the routed numbers of points are of, such as ``seed 2``."""
    found = [
        f"{metric.value:.0f}"
        for point in points
        for metric in point.metrics
        if metric.name == _SEED and metric.fidelity is Fidelity.IMPLEMENTED
    ]
    return f"{'seed' if len(found) == 1 else 'seeds'} {', '.join(found)}" if found else ""
