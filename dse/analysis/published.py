"""Numbers that others published, to lay over one's own; each with its source."""

from importlib.resources import files
from io import StringIO

import pandas as pd


def curves(parameter: str, figure: str = "") -> pd.DataFrame:
    """Published points over a parameter.

    Args:
        parameter: on the horizontal axis.
        figure: key of a figure, such as ``2-left``; of any without it.

    Returns:
        Columns x, y, metric, line (with the source), as `published.csv` beside this module
        has them; empty where nothing was published.
    """
    text = files("dse.analysis").joinpath("published.csv").read_text()
    rows = pd.read_csv(StringIO(text), comment="#")
    wanted = (rows["parameter"] == parameter) & ((rows["figure"] == figure) | (figure == ""))
    return rows.loc[wanted, ["x", "y", "metric", "line"]].reset_index(drop=True)
