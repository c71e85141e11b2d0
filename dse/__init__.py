"""dse: design-space exploration for machine learning on FPGAs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__version__ = "0.1.0"


def load(database: str = "results.db", study: str | None = None, part: str = "") -> "pd.DataFrame":
    """Return all points of a study as a pandas frame; see `dse.analysis.points.load`."""
    from dse.analysis import points  # imports pandas, which is slow

    return points.load(database, study, part)
