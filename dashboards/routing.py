"""Routing by Dash Pages, and the three things that it does not do.

Dash Pages finds the files of `dashboards/pages`, matches addresses to them and sets the title
of the tab. It makes the page anew at every change of the address, knows one application per
process, and lets errors of a layout end in an empty page; `Page` wraps a layout so that
a page stays while its own controls write the address, reads the results of the application that
is asked, and shows errors.
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
"""Id of the component that holds the address of the browser."""

NOT_FOUND = "not_found_404"
"""Module that Dash Pages shows for an address that belongs to no page."""

PATH, SEARCH = f"{LOCATION}.pathname", f"{LOCATION}.search"

STATES: dict[str, Any] = {
    "stamp": Input("stamp", "data"),
    "written": State("written", "data"),
    "shown": State({"type": "shown", "of": ALL}, "data"),
}
"""What a layout is given besides the address.

`written` is the last address that controls wrote; `shown` is empty until the first page is there.
"""

_SOURCE = "dse_source"


def routed(app: Dash, source: Source) -> None:
    """Give `source` to the layouts of this application, and add the callbacks of its pages."""
    # The registry of Dash Pages is one per process: what belongs to an application is kept in
    # its server's settings, which Flask finds by the request.
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
    """Whether the page in the browser is still the right one and follows changes by itself.

    Args:
        path: of the address.
        search: its part behind the question mark.
        given: values of `STATES`.
    """
    if set(ctx.triggered_prop_ids) != {"stamp.data"}:
        return given["written"] is not None and given["written"] == f"{path}{search or ''}"
    # A page that says that there is nothing yet has no callbacks that would fill it. Until the
    # page of this address has arrived, asking once more takes nothing away: Dash drops an answer
    # that is still on its way when its callback is asked again.
    return bool(given["shown"] == [_shown(path, search, is_empty=False)])


def _shown(path: str | None, search: str | None, *, is_empty: bool) -> dict[str, Any]:
    return {"path": path, "study": Address.parse(search).text("study"), "empty": is_empty}


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page; a file of `dashboards/pages` makes one and registers it.

    Args:
        path: such as ``/front``.
        name: in the navigation and the title.
        order: in the navigation.
        make: returns the components of the page for an address.
        callbacks: adds the page's callbacks to an application.
        of_study: whether it shows one study: the one in the address, else the last changed.
        path_template: a short form such as ``/point/<study>/<point>``, which leads to `path`.
    """

    path: str
    name: str
    order: int
    make: Callable[[Source, Address], Any]
    callbacks: Callable[[Dash, Source], None] = lambda _app, _source: None
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
        """Title of the tab and of bookmarks."""
        study = Address.parse(ctx.inputs[SEARCH]).text("study") if self.of_study else ""
        return " · ".join(filter(None, (self.name, study, "dse")))

    # `self` is positional-only: a name in the address may be "self".
    def layout(self, /, **given: Any) -> Any:
        """Page of the browser's address, or `no_update`."""
        path, search = ctx.inputs[PATH], ctx.inputs[SEARCH]
        if stays(path, search, given):
            return no_update
        if self.path_template and not is_at(path, self.path):
            return self._redirected(given)
        address = Address.parse(search)
        page = self._content(address)
        is_empty = getattr(page, "className", "") == "empty"
        return [*_stores(path, search, address, is_empty=is_empty), page]

    def _redirected(self, given: Mapping[str, Any]) -> dcc.Location:
        """From the short form of an address to the one whose state is behind the question mark."""
        variables = {key: unquote(str(given[key])) for key in given if key not in STATES}
        href = Address(variables).link(self.path.strip("/"), **variables)
        return dcc.Location(id="redirected", href=href, refresh=True)

    def _content(self, address: Address) -> Any:
        source: Source = current_app.config[_SOURCE]
        try:
            if self.of_study:
                study = source.study(address.text("study")).name
                address = Address({**address.values, "study": study})
            return self.make(source, address)
        except DseError as error:
            return empty(error.message, error.hint or "Choose a study on the first page.")


def _stores(path: str, search: str, address: Address, *, is_empty: bool) -> Sequence[Any]:
    """State of the page in the browser, which is replaced with it."""
    shown = _shown(path, search, is_empty=is_empty)
    return (
        dcc.Store(id={"type": "shown", "of": "page"}, data=shown),
        dcc.Store(id="selection", data=address.numbers("selection")),
        dcc.Store(id="brushes", data=None),  # without `data`, dcc.Store keeps the last page's
    )
