"""Page Paper: all panels of a publication, ours over theirs, with verdicts beside them."""

from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboards import components as ui
from dashboards.address import Address
from dashboards.downloads import plot_buttons, plot_config
from dashboards.fitting import NARROW, fitted
from dashboards.presets import is_given, who_gives
from dashboards.routing import LOCATION, Page, is_at
from dashboards.scan_view import ScanPageState, drawn
from dashboards.source import Source
from dashboards.verdict_table import verdict_table
from dse.analysis.references import Figure, Reference
from dse.contracts.errors import DseError

PATH = "/paper"


def layout(source: Source, address: Address) -> Any:
    """Return the page."""
    known = _known(source)
    if not known:
        return ui.empty("No publication is installed", "Packages bring them: see docs/extending.md")
    chosen = _chosen(source, address)
    titles = {key: reference.title for key, reference in known.items()}
    box = ui.choice("paper", "publication", titles, chosen, next(iter(known)))
    content = [html.H1(titles[chosen], id="paper-title"), html.Div("Loading …", id="paper")]
    return html.Div([ui.side([box]), html.Div(content)], className="page")


def _known(source: Source) -> dict[str, Reference]:
    """Return the publications that have figures."""
    return {key: one for key, one in source.references.all.items() if one.figures}


def _chosen(source: Source, address: Address) -> str:
    known = _known(source)
    return address.choice("paper", known, next(iter(known)))


def panels(
    source: Source, reference: Reference, theme: Any, narrow: float | None = None
) -> list[html.Div]:
    """Return a panel for every figure, with the verdicts of the study that gives it."""
    stored = [study.name for study in source.studies()]
    shown: set[str] = set()
    found = []
    for figure in reference.figures:
        study = next((name for name in figure.studies if name in stored), "")
        first = study not in shown
        found.append(_panel(source, reference, figure, study, theme, narrow, verdicts=first))
        shown.add(study)
    return found


def _panel(
    source: Source,
    reference: Reference,
    figure: Figure,
    study: str,
    theme: Any,
    narrow: float | None,
    *,
    verdicts: bool,
) -> html.Div:
    title = html.H2(figure.title)
    if not study or not is_given(source.table(study), figure):
        note = ui.note(who_gives(study or "This database", figure))
        return html.Div([title, note], className="panel")
    preset = f"{reference.key}.{figure.key}"
    address = Address({"study": study, "preset": preset})
    plot = drawn(source, ScanPageState.of(source, address), theme)
    link = dcc.Link(f"study {study}", href=address.link("scans", preset=preset))
    graph = dcc.Graph(figure=plot, config=plot_config(), style=fitted(plot, narrow))
    below = [verdict_table(source.table(study), source.references)] if verdicts else []
    buttons = plot_buttons(figure.title)
    return html.Div([title, html.P(link), buttons, graph, *below], className="panel")


def register(app: Dash, source: Source) -> None:
    """Register the callback of the page."""

    @app.callback(
        Output("paper", "children"),
        Output("paper-title", "children"),
        Input(LOCATION, "search"),
        Input("stamp", "data"),
        Input("theme", "data"),
        NARROW,
        State(LOCATION, "pathname"),
    )
    def show(search: str, _stamp: str, theme: Any, narrow: float | None, path: str) -> Any:
        if not is_at(path, PATH):
            return no_update, no_update
        try:
            reference = _known(source)[_chosen(source, Address.parse(search))]
            return panels(source, reference, theme, narrow), reference.title
        except DseError as error:
            return ui.note(error.message, "bad"), no_update


Page(
    path=PATH,
    name="Paper",
    order=10,
    make=layout,
    callbacks=register,
    of_study=False,
).register_page(__name__)
