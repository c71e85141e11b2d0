"""Routing by Dash Pages, and three things that it does not do.

Dash Pages finds the modules of `dashboards/pages`, matches addresses to them and sets the title
of the tab. It rebuilds the page at every change of the address, supports one application per
process, and shows an empty page if a layout raises. `Page` wraps a layout so that a page is kept
while its own controls change the address, reads the database of the application that serves the
request, and shows errors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import dash
from dash import ALL, Dash, Input, State, ctx, dcc, no_update
from flask import current_app

from dashboards.address import Address
from dashboards.components import empty
from dashboards.source import Source
from dse.contracts.errors import DseError

LOCATION: str = next(c.id for c in dash.page_container.children if isinstance(c, dcc.Location))
"""Id of Dash's component for the address of the browser."""

NOT_FOUND = "not_found_404"
"""Name of the module that Dash Pages shows for an address that belongs to no page."""

PATH, SEARCH = f"{LOCATION}.pathname", f"{LOCATION}.search"

STATES: dict[str, Any] = {
    "stamp": Input("stamp", "data"),
    "written": State("written", "data"),
    "shown": State({"type": "shown", "of": ALL}, "data"),
}
"""Further inputs of a layout besides the address.

`stamp` changes with the stored data, `written` is the last address that controls wrote, and
`shown` describes the page in the browser; it is empty before the first page.
"""

_SOURCE = "dse_source"


def routed(app: Dash, source: Source) -> None:
    """Give `source` to the layouts of this application, and add the callbacks of its pages."""
    # The registry of Dash Pages is global to the process. What belongs to one application is kept
    # in the configuration of its server, which Flask finds by the request.
    app.server.config[_SOURCE] = source
    for page in dash.page_registry.values():
        page["callbacks"](app, source)


def linked_pages() -> list[Mapping[str, Any]]:
    """Return the pages of the navigation, in their order."""
    pages = dash.page_registry.values()
    return [page for page in pages if not page["module"].endswith(f".{NOT_FOUND}")]


def is_at(path: str | None, page: str) -> bool:
    """Whether the path of an address is that of `page`, such as ``/front``."""
    return (path or "/").rstrip("/") == page.rstrip("/")


def stays(path: str | None, search: str | None, given: Mapping[str, Any]) -> bool:
    """Whether the page in the browser is the right one and updates itself by its callbacks.

    Args:
        path: path of the address.
        search: query string of the address.
        given: values of `STATES`.
    """
    if set(ctx.triggered_prop_ids) != {"stamp.data"}:
        return given["written"] is not None and given["written"] == f"{path}{search or ''}"
    # An empty page has no callbacks that would fill it, so that it is rebuilt when data arrives.
    # Before the page of this address has arrived it is rebuilt too: Dash discards the answer of
    # a callback that is called again before it has answered.
    return bool(given["shown"] == [_shown(path, search, is_empty=False)])


def _shown(path: str | None, search: str | None, *, is_empty: bool) -> dict[str, Any]:
    return {"path": path, "study": Address.parse(search).text("study"), "empty": is_empty}


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the dashboard; each module of `dashboards/pages` registers one.

    Args:
        path: path of its address, such as ``/front``.
        name: name in the navigation and the title.
        order: position in the navigation.
        make: function that returns the components of the page for an address.
        callbacks: function that registers the callbacks of the page with an application.
        settle: function that returns the defaults of a study that the page keeps while it is open.
        of_study: whether it shows one study: that of the address, else the last changed.
        path_template: short form such as ``/point/<study>/<point>``, redirected to `path`.
    """

    path: str
    name: str
    order: int
    make: Callable[[Source, Address], Any]
    callbacks: Callable[[Dash, Source], None] = lambda _app, _source: None
    settle: Callable[[Source, str], Mapping[str, str]] = lambda _source, _study: {}
    of_study: bool = True
    path_template: str | None = None

    def register_page(self, module: str) -> None:
        """Register the page under its module's name with Dash Pages."""
        dash.register_page(
            module,
            path=self.path,
            path_template=self.path_template,
            name=self.name,
            order=self.order,
            title=self.title,
            layout=self.layout,
            callbacks=self.callbacks,
        )

    def title(self, **_variables: str) -> str:
        """Return the title of the tab and of bookmarks."""
        study = Address.parse(ctx.inputs[SEARCH]).text("study") if self.of_study else ""
        return " · ".join(filter(None, (self.name, study, "dse")))

    # `self` is positional-only, because Dash passes the names in the address as keywords and one
    # of them may be "self".
    def layout(self, /, **given: Any) -> Any:
        """Return the page for the address of the browser; `no_update` keeps the present one."""
        path, search = ctx.inputs[PATH], ctx.inputs[SEARCH]
        if stays(path, search, given):
            return no_update
        if self.path_template and not is_at(path, self.path):
            return self._redirected(given)
        address = Address.parse(search)
        page, settled = self._content(address)
        is_empty = getattr(page, "className", "") == "empty"
        return [*_stores(path, search, address, settled, is_empty=is_empty), page]

    def _redirected(self, given: Mapping[str, Any]) -> dcc.Location:
        """Return a redirection from the short form of an address to that with a query string."""
        variables = {key: unquote(str(given[key])) for key in given if key not in STATES}
        href = Address(variables).link(self.path.strip("/"), **variables)
        return dcc.Location(id="redirected", href=href, refresh=True)

    def _content(self, address: Address) -> tuple[Any, Mapping[str, str]]:
        """Return the page, and the defaults that it keeps while it is open."""
        source: Source = current_app.config[_SOURCE]
        try:
            if not self.of_study:
                return self.make(source, address), {}
            study = source.study(address.text("study")).name
            settled = self.settle(source, study)
            address = Address({**settled, **address.values, "study": study})
            return self.make(source, address), settled
        except DseError as error:
            return empty(error.message, error.hint or "Choose a study on the page Studies."), {}


def _stores(
    path: str, search: str, address: Address, settled: Mapping[str, str], *, is_empty: bool
) -> Sequence[Any]:
    """Return the stores of a page's state in the browser; they are replaced with the page."""
    shown = _shown(path, search, is_empty=is_empty)
    return (
        dcc.Store(id={"type": "shown", "of": "page"}, data=shown),
        dcc.Store(id="settled", data=dict(settled)),
        dcc.Store(id="selection", data=address.numbers("selection")),
    )
