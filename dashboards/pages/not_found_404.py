"""What an address shows that belongs to no page."""

from typing import Any

from dashboards.address import Address
from dashboards.components import empty
from dashboards.routing import Page
from dashboards.source import Source


def layout(_source: Source, _address: Address) -> Any:
    """Return the page."""
    return empty("There is no such page", "The pages are listed above.")


Page(path="/not-found", name="", order=99, make=layout, of_study=False).register_page(__name__)
