"""Studies as pandas frames, for notebooks and for `dse export`."""

import pandas as pd

from dse.store.queries import Results


def load(database: str = "results.db", study: str | None = None) -> pd.DataFrame:
    """All points of a study, one row each.

    Args:
        database: a file or a database URL.
        study: its name; the last that was run without it.

    Returns:
        Columns `point`, one per parameter, and `<backend>_<metric>` per number; numbers a point
        has not are NaN.

    Raises:
        dse.contracts.errors.StoreError: there is no such database or study.

    Example:
        >>> import dse
        >>> frame = dse.load(study="bitwidth")
        >>> frame.plot.scatter("total_bits", "bittrue_auc")
    """
    results = Results(database)
    rows = [
        {"point": point.number, **point.parameters}
        | {f"{metric.backend}_{metric.name}": metric.value for metric in point.metrics}
        for point in results.points(results.study(study).name)
    ]
    return pd.DataFrame(rows)
