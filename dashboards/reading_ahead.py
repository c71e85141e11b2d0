"""The plot that is most likely to be asked for first, worked out while the browser starts."""

from contextlib import suppress
from threading import Thread

from dashboards.address import Address
from dashboards.front_page_state import FrontPageState, own_series, settled
from dashboards.source import Source
from dse.contracts.errors import DseError

MOST_POINTS = 200_000
"""Points of a study up to which this helps: reading more takes so long that pages would wait."""


def read_ahead(source: Source) -> Thread:
    """Start to read what the front of the study that changed last needs; return the thread."""
    thread = Thread(target=_read, args=(source,), daemon=True)
    thread.start()
    return thread


def _read(source: Source) -> None:
    with suppress(DseError):  # the page that shows it says what is wrong
        for last in source.studies()[:1]:
            if last.points <= MOST_POINTS:
                kept = {**settled(source, last.name), "study": last.name}
                own_series(FrontPageState.of(source, Address(kept)))
