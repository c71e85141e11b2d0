"""Legend of many lines: each value by its colour, each origin by its dash and marker.

A line per value and origin would fill the page with entries that say everything twice.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboards.figures.style import DASHES, SYMBOLS, escaped

BETWEEN = " &nbsp; "
"""Between two origins in the title of the legend, where a line may end."""
_GLYPHS = dict(zip(SYMBOLS, "●■◆▲✚✖★✶", strict=True))
_OPEN = {"circle-open": "○", "square-open": "□", "diamond-open": "◇", "triangle-up-open": "△",
         "cross-open": "✛", "x-open": "✕", "star-open": "☆", "hexagram-open": "✡"}  # fmt: skip
_STROKES = dict(zip(DASHES, ("──", "╌╌", "┈┈", "╌·", "━╌", "━·"), strict=True))


def is_crossed(lines: pd.DataFrame) -> bool:
    """Whether values and origins are fewer entries than lines.

    Args:
        lines: a row per line with the columns value and origin; an empty value stands for all.
    """
    values = lines["value"][lines["value"] != ""].nunique()
    return len(lines) > values + lines["origin"].nunique()


def add_values(page: go.Figure, lines: pd.DataFrame, styles: Mapping[str, Any]) -> None:
    """List each value with its colour; a click on it hides its lines, or a line without a value.

    Args:
        page: the figure; its lines are in the legend group of their value.
        lines: as for `is_crossed`, with the column line.
        styles: style of each line.
    """
    names = lines["value"].where(lines["value"] != "", lines["line"])
    entries = dict(zip(names[::-1], lines["line"][::-1], strict=True))  # the first line of each
    for rank, value in enumerate(names.drop_duplicates()):
        page.add_scatter(
            x=[None],
            y=[None],
            mode="lines",
            name=escaped(value),
            legendgroup=value,
            legendrank=1 + rank,
            line={"color": styles[entries[value]]["line"]["color"], "width": 4},
        )


def origins(lines: pd.DataFrame, styles: Mapping[str, Any]) -> str:
    """Return the title of the legend: dash and marker of each origin; arguments as above."""
    kinds = lines.drop_duplicates("origin")
    pairs = zip(kinds["line"], kinds["origin"], strict=True)
    return BETWEEN.join(f"{_glyphs(styles[line])} {escaped(origin)}" for line, origin in pairs)


def _glyphs(style: Mapping[str, Any]) -> str:
    symbol = style["marker"]["symbol"]
    filled = _GLYPHS[symbol.removesuffix("-open")]
    return _STROKES[style["line"]["dash"]] + _OPEN.get(symbol, filled)
