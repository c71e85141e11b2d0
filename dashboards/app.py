"""The application: one frame around all pages, and the callbacks that they share."""

from types import ModuleType
from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    ctx,
    dcc,
    html,
    no_update,
)

from dashboards import running
from dashboards.address import Address
from dashboards.components import choice, empty
from dashboards.pages import failures, front, parameters, point, scans, search, studies
from dashboards.source import Source
from dse.contracts.errors import DseError

PAGES: dict[str, tuple[str, ModuleType]] = {
    "": ("Studies", studies),
    "front": ("Front", front),
    "scans": ("Scans", scans),
    "parameters": ("Parameters", parameters),
    "point": ("Point", point),
    "failures": ("Failures", failures),
    "search": ("Search", search),
}
LOOK_EVERY_MS = 2000


def create_app(source: Source) -> Dash:
    """All pages on one database."""
    app = Dash(
        __name__,
        title="dse",
        update_title="",
        suppress_callback_exceptions=True,
        assets_folder="assets",
        serve_locally=True,
        on_error=_leave,
    )
    app.layout = lambda: _frame(source)
    _shared(app, source)
    running.register(app, source)
    for _, page in PAGES.values():
        page.register(app, source)
    return app


def _leave(error: Exception) -> None:
    """Change nothing where there is no answer; the page says why, or `look` does.

    Raises:
        Exception: any other, which is a mistake of ours.
    """
    if not isinstance(error, DseError):
        raise error


def _stamp(source: Source) -> tuple[str, str]:
    """Of what is stored, and what is wrong with the database; empty for nothing."""
    try:
        return source.stamp(), ""
    except DseError as error:
        problem = ". ".join(filter(None, (error.message, error.hint)))
        return problem, problem


def _frame(source: Source) -> html.Div:
    database = source.results.database.shown
    stamp, problem = _stamp(source)
    return html.Div(
        [
            dcc.Location(id="url", refresh=False),
            dcc.Store(id="written"),
            dcc.Store(id="stamp", data=stamp),
            dcc.Store(id="theme", data="light"),
            dcc.Store(id="title"),
            dcc.Store(id="titled"),
            dcc.Store(id="vacant"),
            dcc.Store(id="selection", data=[]),
            dcc.Store(id="brushes"),
            dcc.Interval(id="look", interval=LOOK_EVERY_MS),
            html.A("Skip to the page", href="#page", className="skip"),
            html.Header(
                [
                    dcc.Link("dse", href="/", className="brand"),
                    html.Nav(id="navigation", **{"aria-label": "Pages"}),
                    html.Div(id="chooser"),
                    html.Span(database.rpartition("/")[2], id="database", title=database),
                    html.Button("Dark", id="switch-theme", n_clicks=0, type="button"),
                ]
            ),
            html.Div(problem, id="problem", role="alert"),
            html.Main(id="page", tabIndex="-1", children=html.H1("dse", className="quiet")),
        ],
        id="frame",
    )


def _navigation(path: str, address: Address) -> list[Any]:
    current = path.strip("/")
    return [
        dcc.Link(
            title,
            href=address.link(key) if key else "/",
            className="here" if key == current else "",
        )
        for key, (title, _) in PAGES.items()
    ]


def _title(path: str | None, address: Address) -> str:
    """Of the browser's tab and of bookmarks."""
    key = (path or "/").strip("/")
    name = PAGES[key][0] if key in PAGES else ""
    study = address.text("study") if key else ""
    return " · ".join(filter(None, (name, study, "dse")))


def _chooser(source: Source, address: Address) -> Any:
    """The study, to choose another."""
    names = {study.name: study.name for study in source.studies()}
    last = next(iter(names), "")
    name = address.text("study", last)
    if name not in names:  # the page says so; nothing else is chosen meanwhile
        names, name = {"": "choose", **names}, ""
    return choice("study", "study", names, name, last) if names else []


def page_at(source: Source, path: str | None, search: str | None) -> Any:
    """What an address shows; errors are pages too."""
    address, key = Address.parse(search), (path or "/").removeprefix("/")
    if key not in PAGES:
        return empty("There is no such page", "The pages are listed above.")
    try:
        page = PAGES[key][1]
        if page is studies:
            return page.layout(source, address)
        summary = source.study(address.text("study"))
        named = Address({**address.values, "study": summary.name})
        return page.layout(source, named)
    except DseError as error:
        return empty(error.message, error.hint or "Choose a study on the first page.")


def _shared(app: Dash, source: Source) -> None:
    @app.callback(
        Output("page", "children"),
        Output("vacant", "data"),
        Output("title", "data"),
        Output("navigation", "children"),
        Output("chooser", "children"),
        Output("selection", "data"),
        Output("brushes", "data", allow_duplicate=True),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("stamp", "data"),
        State("written", "data"),
        State("vacant", "data"),
        prevent_initial_call="initial_duplicate",
    )
    def show_page(
        path: str, search: str, _stamp: str, written: str | None, vacant: bool | None
    ) -> Any:
        if set(ctx.triggered_prop_ids) == {"stamp.data"}:
            stays = vacant is False  # what is on the page follows the store by itself
        else:
            stays = written is not None and written == f"{path}{search or ''}"
        if stays:
            return (no_update,) * 7
        address = Address.parse(search)
        page = page_at(source, path, search)
        chooser = [] if path in {"/", None} else _chooser(source, address)
        links = _navigation(path or "/", address)
        shown = (_title(path, address), links, chooser, address.numbers("selection"), None)
        return page, getattr(page, "className", "") == "empty", *shown

    @app.callback(
        Output("stamp", "data"),
        Output("problem", "children"),
        Input("look", "n_intervals"),
        State("stamp", "data"),
    )
    def look(_: int, before: str) -> Any:
        stamp, problem = _stamp(source)
        return (no_update, no_update) if stamp == before else (stamp, problem)

    app.clientside_callback(
        ClientsideFunction("dse", "write_address"),
        Output("url", "search"),
        Output("written", "data"),
        Input({"type": "control", "name": ALL, "default": ALL}, "value"),
        Input("selection", "data"),
        Input("brushes", "data"),
        State({"type": "control", "name": ALL, "default": ALL}, "id"),
        State("url", "search"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("dse", "title"), Output("titled", "data"), Input("title", "data")
    )
    app.clientside_callback(
        ClientsideFunction("dse", "theme"),
        Output("theme", "data"),
        Output("switch-theme", "children"),
        Input("switch-theme", "n_clicks"),
    )
