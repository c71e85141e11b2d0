"""All generated pages, and the tables that hand-written pages ask for."""

import re
from collections.abc import Callable, Mapping

from generator import (
    commands,
    environment,
    failures,
    metrics,
    networks,
    parameters,
    store,
    study_file,
)

PAGES: Mapping[str, Callable[[], str]] = {
    "reference/commands.md": commands.page,
    "reference/study-file.md": study_file.page,
    "reference/parameters.md": parameters.page,
    "reference/metrics.md": metrics.page,
    "reference/failures.md": failures.page,
    "reference/store.md": store.page,
    "reference/environment.md": environment.page,
    "networks.md": networks.page,
}
"""What makes each page, by its path in the documentation."""

_TABLES: Mapping[str, Callable[[str], str]] = {
    "parameters": parameters.table_of,
    "metrics": metrics.table_of,
}
_MARK = re.compile(r"^<!-- (\w+) of (\w+) -->$", flags=re.MULTILINE)
"""Such as ``<!-- parameters of open -->``, on a line of its own; invisible where the page is read
without the site."""


_SOURCE = re.compile(r"^Source: \[.*\]\(.*\)\n", flags=re.MULTILINE)
"""Link to a file that the site shows in the block above; elsewhere the block is empty."""


def without_sources(markdown: str) -> str:
    """Return a page without the links to files that it shows."""
    return _SOURCE.sub("", markdown)


def with_tables(markdown: str) -> str:
    """Return a page with a table in the place of every mark.

    Raises:
        KeyError: there is no such table.
        StopIteration: there is no such plug-in.
    """
    return _MARK.sub(lambda mark: _TABLES[mark[1]](mark[2]), markdown)
