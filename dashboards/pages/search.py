"""Search page: convergence of the hypervolume, and what is running."""

from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from dashboards import components as ui
from dashboards import running
from dashboards.address import Address
from dashboards.downloads import HEIGHT, plot_panel
from dashboards.figures.style import blank, styled
from dashboards.fitting import NARROW, fitted
from dashboards.parameter_view import settled
from dashboards.quantities import objective_names, quantities
from dashboards.routing import LOCATION, Page, is_at
from dashboards.source import Source
from dashboards.units import shown_titles
from dse.analysis import convergence
from dse.analysis.columns import meant
from dse.analysis.comparison import compare
from dse.analysis.convergence import ConvergenceStep
from dse.analysis.convergence_figure import corners, figure
from dse.analysis.hypervolume import MOST_METRICS, box_of
from dse.contracts.errors import DseError, UsageError
from dse.formatting import counted, share

PATH = "/search"
_SWITCHES = {"time": "against time"}


def _metrics(source: Source, address: Address) -> list[str]:
    """Return the metrics of the address that the study has; else its objectives."""
    table = source.table(source.study(address.text("study")).name)
    chosen = [name for name in address.items("metrics") if meant(name, table.columns)]
    return chosen or address.items("objectives", objective_names(table))


def layout(source: Source, address: Address) -> Any:
    """Return the page of a study."""
    study = address.text("study")
    table = source.table(study)
    metrics = {name: q for name, q in quantities(table).items() if q.column}
    known = shown_titles(metrics, table)
    if not known:
        return ui.nothing_yet(study)
    side = [
        ui.choices(
            "metrics",
            "metrics",
            known,
            address.items("metrics"),
            empty="the objectives",
        ),
        ui.switches("show", _SWITCHES, address.items("show"), []),
    ]
    content = [
        html.H1(study),
        running.place(),
        html.P(id="search-note", className="note", role="status"),
        plot_panel("search-figure", f"{study}-search"),
    ]
    return html.Div([ui.side(side), html.Div(content)], className="page")


def steps_of(source: Source, study: str, metrics: Sequence[str]) -> list[ConvergenceStep]:
    """Return one step per evaluated point.

    Raises:
        UsageError: if the metrics cannot be compared.
    """
    if not 0 < len(metrics) <= MOST_METRICS:
        raise UsageError(
            f"no hypervolume is computed for {len(metrics)} metrics",
            hint=f"choose one to {MOST_METRICS} metrics",
        )
    table = source.table(study)
    compared = compare(table, [table.column(name) for name in metrics], table.select(()))
    if not compared.numbers:
        raise UsageError("no point has all of these metrics", hint="choose fewer metrics")
    box = box_of(compared.values, compared.directions)
    finishes = source.results.finishes(study)
    ordered = convergence.order(finishes, {column.backend for column in compared.columns})
    return convergence.converge(compared.numbers, box.costs(compared.values), ordered)


def register(app: Dash, source: Source) -> None:
    """Register the callback of the page."""

    @app.callback(
        Output("search-figure", "figure"),
        Output("search-figure", "style"),
        Output("search-note", "children"),
        Input(LOCATION, "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        NARROW,
        State("settled", "data"),
        State(LOCATION, "pathname"),
    )
    def draw(
        search: str,
        _stamp: str,
        theme: Any,
        narrow: float | None,
        kept: dict[str, str] | None,
        path: str,
    ) -> Any:
        if not is_at(path, PATH):
            return no_update, no_update, no_update
        address = Address.parse(search, kept)
        try:
            summary, metrics = (
                source.study(address.text("study")),
                _metrics(source, address),
            )
            key = ("steps", summary.name, tuple(metrics))
            steps = source.kept(key, lambda: steps_of(source, summary.name, metrics), summary.name)
        except DseError as error:
            return blank(error.message, theme), no_update, error.hint
        known = quantities(source.table(summary.name))
        titles = (known[name].label if name in known else name for name in metrics)
        compared = f"Compared metrics: {', '.join(titles)}. "
        figure = drawn(summary.name, steps, "time" in address.items("show"), theme)
        return (
            figure,
            fitted(figure, narrow, HEIGHT),
            compared + convergence_text(steps, summary.points),
        )


def drawn(study: str, steps: Sequence[ConvergenceStep], over_time: bool, theme: Any) -> Any:
    """Return hypervolume against evaluated points, or against the time at which they ended."""
    page = styled(figure(study, steps, "share of the box from the best to the worst values"), theme)
    page.update_layout(title=None)
    page.update_xaxes(title={"text": "evaluated points"})
    if over_time:
        entered = [step.at for step in steps if step.entered]
        page.data[0].x, page.data[1].x = [step.at for step in corners(steps)], entered
        page.update_xaxes(title={"text": "time (UTC)"}, rangemode="normal", type="date")
    return page


def convergence_text(steps: Sequence[ConvergenceStep], n_points: int) -> str:
    """Return the end of the curve as a sentence."""
    if not steps:
        return "No point is evaluated yet."
    end, last = steps[-1], max((step.n_evaluated for step in steps if step.entered), default=0)
    text = f"{len(steps):,} of {n_points:,} points evaluated; hypervolume {share(end.hypervolume)}"
    front = f"{counted(end.n_front, 'point')} on the front"
    return f"{text}, {front}, which last changed after {counted(last, 'point')}."


Page(
    path=PATH,
    name="Search",
    order=8,
    make=layout,
    callbacks=register,
    settle=settled,
).register_page(__name__)
