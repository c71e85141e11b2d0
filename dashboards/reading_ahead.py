"""The plot that is most likely to be asked for first, worked out while the browser starts."""

from contextlib import suppress
from threading import Thread

from dashboards.address import Address
from dashboards.figures.style import blank
from dashboards.front_page_state import FrontPageState, drawn, settled
from dashboards.source import Source
from dse.contracts.errors import DseError

MOST_POINTS = 200_000
"""Points of a study up to which this helps: reading more takes so long that pages would wait."""


def read_ahead(source: Source) -> Thread:
    """Start to draw the front of the study that changed last, for nobody; return the thread.

    What it needs is then read, and Plotly has loaded what it loads with its first figure.
    """
    # beside the other thread, which mostly waits for the database
    Thread(target=blank, args=("", "light"), daemon=True).start()
    thread = Thread(target=_draw, args=(source,), daemon=True)
    thread.start()
    return thread


def _draw(source: Source) -> None:
    with suppress(DseError):  # the page that shows it says what is wrong
        for last in source.studies()[:1]:
            if last.points <= MOST_POINTS:
                kept = {**settled(source, last.name), "study": last.name}
                drawn(source, FrontPageState.of(source, Address(kept)), "light", [])
