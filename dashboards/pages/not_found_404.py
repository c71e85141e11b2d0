"""Page for addresses that belong to no page; Dash Pages finds it by the name of this module."""

from typing import Any

from dashboards.address import Address
from dashboards.components import empty
from dashboards.routing import Page
from dashboards.source import Source


def layout(_source: Source, _address: Address) -> Any:
    """Return the page."""
    return empty("This page does not exist", "Choose a page in the navigation above.")


Page(path="/not-found", name="", order=99, make=layout, of_study=False).register_page(__name__)
