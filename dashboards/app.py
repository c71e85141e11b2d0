"""The Dash application: the frame around all pages and the callbacks that they share."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import (
    ALL,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    dcc,
    html,
    no_update,
    page_container,
)

from dashboards import announcements, pictures, running
from dashboards.address import Address
from dashboards.callback_requests import checked
from dashboards.components import labelled
from dashboards.plotly_parts import BASIC, meta_tag
from dashboards.routing import LOCATION, STATES, is_at, linked_pages, routed, stays
from dashboards.source import Source
from dse.contracts.errors import DseError

LOOK_EVERY_MS = 2000
"""Interval at which the browser asks for news: that at which runs write their heartbeat."""


def create_app(source: Source) -> Dash:
    """Return the application with all pages on one database."""
    app = Dash(
        "dashboards",  # the package, so that files of pages get the names that imports give them
        use_pages=True,
        routing_callback_inputs=STATES,
        include_pages_meta=False,
        title="dse",
        update_title="",
        suppress_callback_exceptions=True,  # callbacks of pages that are not in the browser now
        assets_folder="assets",
        assets_ignore=BASIC,  # `plotly_parts.js` loads it
        meta_tags=[meta_tag()],
        serve_locally=True,  # nothing is loaded from other servers
        on_error=_ignore_dse_errors,
    )
    app.layout = lambda: _frame(source)  # a function, so that each load reads the current state
    _shared(app, source)
    running.register(app, source)
    announcements.register(app, source)
    routed(app, source)
    pictures.served(app.server)
    checked(app)
    return app


def _ignore_dse_errors(error: Exception) -> None:
    """Leave the outputs of a callback unchanged after a DseError, which the page or `look` shows.

    Raises:
        Exception: any other error, which is a fault of the dashboard.
    """
    if not isinstance(error, DseError):
        raise error


def _stamp(source: Source) -> tuple[str, str]:
    """Return the stamp of the stored data and what is wrong with the database (else empty)."""
    try:
        return source.stamp(), ""
    except DseError as error:
        problem = ". ".join(filter(None, (error.message, error.hint)))
        return problem, problem


_FOLDED = {"aria-expanded": "false", "aria-controls": "navigation"}


def _frame(source: Source) -> html.Div:
    """Return the frame: stores of the browser's state, header, error message and page."""
    database = source.results.database.shown
    stamp, problem = _stamp(source)
    return html.Div(
        [
            dcc.Store(id="written"),
            dcc.Store(id="entered"),
            dcc.Store(id="stamp", data=stamp),
            dcc.Store(id="theme", data="light"),
            dcc.Store(id="narrow", data=0),
            dcc.Interval(id="look", interval=LOOK_EVERY_MS),
            html.A("Skip to content", href="#page", className="skip"),
            html.Header(
                [
                    dcc.Link("dse", href="/", className="brand"),
                    html.Button("Menu", id="menu", type="button", **_FOLDED),
                    html.Nav(id="navigation", **{"aria-label": "Pages"}),
                    html.Div(id="chooser"),
                    html.Span(database.rpartition("/")[2], id="database", title=database),
                    html.Button("Copy link", id="copy-link", type="button"),
                    html.Button("Dark", id="switch-theme", n_clicks=0, type="button"),
                ]
            ),
            html.Div(problem, id="problem", role="alert"),
            *announcements.region(),
            html.Main(id="page", tabIndex="-1", children=page_container),
        ],
        id="frame",
    )


def _linked(path: str, address: Address) -> str:
    """Return the link of the menu to a page; the front shows chosen points as its selection."""
    if path == "/":
        return path
    points = address.text("points")
    own = {"points": "", "selection": points} if path == "/front" else {}
    return address.link(path.strip("/"), **own)


def _navigation(path: str, address: Address) -> list[Any]:
    return [
        dcc.Link(
            page["name"],
            id=f"menu-{page['path'].strip('/')}",
            href=_linked(page["path"], address),
            className="here" if is_at(path, page["path"]) else "",
        )
        for page in linked_pages()
    ]


def _chooser(source: Source, address: Address) -> Any:
    """Return the selection of the study; empty if there are no studies."""
    names = {study.name: study.name for study in source.studies()}
    last = next(iter(names), "")
    name = address.text("study", last)
    if name not in names:  # the page shows the error; no other study is preselected
        names, name = {"": "choose", **names}, ""
    options = [{"label": text, "value": key} for key, text in names.items()]
    box = dbc.Select(id={"type": "study", "default": last}, options=options, value=name)
    return labelled("study", box) if names else []


def _shared(app: Dash, source: Source) -> None:
    @app.callback(
        Output("navigation", "children"),
        Output("chooser", "children"),
        inputs={
            "_entered": Input("entered", "data"),
            "path": State(LOCATION, "pathname"),
            "search": State(LOCATION, "search"),
            "states": STATES,
        },
    )
    def show_header(
        _entered: Any, path: str | None, search: str | None, states: dict[str, Any]
    ) -> Any:
        if stays(path, search, states):
            return no_update, no_update
        address = Address.parse(search)
        chooser = [] if is_at(path, "/") else _chooser(source, address)
        return _navigation(path or "/", address), chooser

    @app.callback(
        Output("stamp", "data"),
        Output("problem", "children"),
        Input("look", "n_intervals"),
        State("stamp", "data"),
    )
    def look(_: int, before: str) -> Any:
        stamp, problem = _stamp(source)
        return (no_update, no_update) if stamp == before else (stamp, problem)

    _browser_callbacks(app)


def _browser_callbacks(app: Dash) -> None:
    """Register the callbacks that run in the browser; they are in `assets/dse.js`."""
    app.clientside_callback(
        ClientsideFunction("dse", "write_address"),
        Output(LOCATION, "search"),
        Output("written", "data"),
        Input({"type": "control", "name": ALL, "default": ALL}, "value"),
        Input("selection", "data"),
        State({"type": "control", "name": ALL, "default": ALL}, "id"),
        State(LOCATION, "search"),
        State(LOCATION, "pathname"),
        prevent_initial_call=True,
    )
    # The header is not asked for at every change of a control: the server answers one at a time.
    app.clientside_callback(
        ClientsideFunction("dse", "entered"),
        Output("entered", "data"),
        Input(LOCATION, "pathname"),
        Input(LOCATION, "search"),
        State("written", "data"),
    )
    # A callback of its own: header and page are updated by separate callbacks. On going back to
    # another study the page must not take the study of a header that is not updated yet.
    app.clientside_callback(
        ClientsideFunction("dse", "choose_study"),
        Output(LOCATION, "search", allow_duplicate=True),
        Output("written", "data", allow_duplicate=True),
        Input({"type": "study", "default": ALL}, "value"),
        State({"type": "study", "default": ALL}, "id"),
        State(LOCATION, "search"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("dse", "enter_page"),
        Output("page", "data-path"),
        Input(LOCATION, "pathname"),
        State("page", "data-path"),
    )
    # What is ticked in the table of a front goes along with the menu, as with the table's button,
    # and so does what is typed on the page that compares designs.
    menu = [f"menu-{page['path'].strip('/')}" for page in linked_pages() if page["path"] != "/"]
    app.clientside_callback(
        ClientsideFunction("dse", "with_points"),
        *(Output(name, "href") for name in menu),
        Input("front-compare", "href"),
        *(State(name, "href") for name in menu),
    )
    app.clientside_callback(
        ClientsideFunction("dse", "with_points_of_address"),
        *(Output(name, "href", allow_duplicate=True) for name in menu),
        Input(LOCATION, "search"),
        State(LOCATION, "pathname"),
        *(State(name, "href") for name in menu),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("dse", "narrow"),
        Output("narrow", "data"),
        Input("narrow", "id"),
    )
    app.clientside_callback(
        ClientsideFunction("dse", "theme"),
        Output("theme", "data"),
        Output("switch-theme", "children"),
        Input("switch-theme", "n_clicks"),
    )
