"""The convergence of a study as a Plotly figure."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dse.analysis.convergence import ConvergenceStep


def figure(study: str, steps: Sequence[ConvergenceStep], subtitle: str) -> go.Figure:
    """Return a plot of hypervolume against evaluated points, with those that entered the front.

    Args:
        study: name, for the title.
        steps: from `dse.analysis.convergence.converge`.
        subtitle: text that says which box the shares refer to.
    """
    entered = [step for step in steps if step.entered]
    page = go.Figure()
    curve = {"mode": "lines", "line": {"shape": "hv"}, "name": "hypervolume"}
    bends = corners(steps)  # a small page also for a long search: the curve is a staircase
    page.add_scatter(x=_counts(bends), y=_shares(bends), **curve)
    page.add_scatter(
        x=_counts(entered),
        y=_shares(entered),
        mode="markers",
        name="entered the front",
        customdata=[[step.point, f"{step.at:%Y-%m-%d %H:%M:%S}"] for step in entered],
        hovertemplate="point %{customdata[0]}<br>%{customdata[1]} UTC<br>%{y:.4~g}<extra></extra>",
    )
    page.update_layout(
        title={"text": f"{study}: convergence", "subtitle": {"text": subtitle}},
        xaxis={"title": "evaluated points", "rangemode": "tozero"},
        yaxis={"title": "hypervolume (share of the box)", "rangemode": "tozero"},
        template="plotly_white",
    )
    return page


def corners(steps: Sequence[ConvergenceStep]) -> list[ConvergenceStep]:
    """Return the first and last step and those that entered the front: the curve's corners."""
    ends = {1, len(steps)}
    return [step for step in steps if step.entered or step.n_evaluated in ends]


def _counts(steps: Sequence[ConvergenceStep]) -> list[int]:
    return [step.n_evaluated for step in steps]


def _shares(steps: Sequence[ConvergenceStep]) -> list[float]:
    return [step.hypervolume for step in steps]
