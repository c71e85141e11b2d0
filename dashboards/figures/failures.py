"""Share of failures by value of each parameter."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.figures.style import Theme, blank, colour, escaped, styled
from dashboards.quantities import in_order, is_numeric

_IN_A_ROW = 3


def by_parameter(frame: pd.DataFrame, titles: dict[str, str], theme: Theme) -> go.Figure:
    """Return a panel per parameter: the share of points with each value that failed, by kind.

    Args:
        frame: one row per point: a column per parameter (texts or numbers) and `kind`, empty
            where nothing failed.
        titles: titles of the parameters, by name.
        theme: light or dark.
    """
    kinds = sorted(set(frame["kind"]) - {""})
    if not kinds or not titles:
        return blank("Nothing failed" if not kinds else "No parameter varies", theme)
    n_columns = min(_IN_A_ROW, len(titles))
    n_rows = -(-len(titles) // n_columns)
    page = make_subplots(rows=n_rows, cols=n_columns, vertical_spacing=0.25 / n_rows)
    for index, (name, title) in enumerate(titles.items()):
        place = {"row": index // n_columns + 1, "col": index % n_columns + 1}
        values = frame[name] if is_numeric(frame[name]) else frame[name].astype(str)
        order = sorted(values.unique()) if is_numeric(values) else in_order(values)
        shares = pd.crosstab(values, frame["kind"], normalize="index")
        for number, kind in enumerate(kinds):
            share = shares[kind].reindex(order).fillna(0)
            page.add_bar(
                x=[escaped(v) for v in order],
                y=share,
                name=kind,
                legendgroup=kind,
                showlegend=index == 0,
                marker={"color": colour(number, theme)},
                hovertemplate=f"{escaped(title)} %{{x}}<br>{kind}: %{{y:.0%}}<extra></extra>",
                **place,
            )
        page.update_xaxes(title={"text": escaped(title)}, type="category", **place)
        page.update_yaxes(
            range=[0, 1],
            tickformat=".0%",
            title={"text": "failed" if place["col"] == 1 else ""},
            **place,
        )
    styled(page, theme, barmode="stack", height=max(380, 280 * n_rows))
    return page
