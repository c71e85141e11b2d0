"""Points of which a backend failed, although others may have given all that a front needs."""

import pandas as pd

from dse.analysis.points import Points


def failed_backends(points: Points) -> "pd.Series[str]":
    """Return, for the points where any failed, the names of the failed backends by number."""
    return points.once("failed backends", lambda: _failed(points))


def _failed(points: Points) -> "pd.Series[str]":
    found = points.failures[["point", "backend"]].drop_duplicates()
    if found.empty:
        return pd.Series(dtype=object)
    return found.groupby("point")["backend"].agg(lambda names: ", ".join(sorted(names)))


def failed_text(points: Points, number: int) -> str:
    """Return which backends failed on a point, such as ``open failed on it``; empty for none."""
    names = failed_backends(points).get(number, "")
    return f"{names} failed on it" if names else ""
