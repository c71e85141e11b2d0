"""Pictures of figures, drawn by kaleido in a Chrome or Chromium without a screen."""

import re
from html import escape

import plotly.graph_objects as go

from dashboards.plotly_parts import BASIC_FILE, DRAWN_BY_BASIC, basic_fits
from dse import __version__

_SIZE = (700, 500)
"""Width and height in pixels of figures that have none."""


class Page:
    """The page in which kaleido draws.

    Kaleido's own page loads MathJax from another server, which a machine without a way there waits
    for, and all of Plotly, where the basic part is often enough.

    Args:
        basic: whether the basic part of Plotly draws the figure.
        title: title of the page, which becomes that of a PDF.
    """

    def __init__(self, *, basic: bool, title: str) -> None:
        self._basic, self._title = basic, title

    def generate_index(self) -> str:
        """Return the page."""
        from kaleido import PageGenerator

        # without a script it is all of Plotly
        script = (BASIC_FILE.as_uri(), "utf-8") if self._basic else None
        page: str = PageGenerator(plotly=script, mathjax=False).generate_index()
        title = f"<title>{escape(self._title)}</title>"
        return re.sub(r"<title>.*?</title>", lambda _: title, page, count=1, flags=re.DOTALL)


def picture_of(figure: go.Figure, kind: str, scale: float, title: str) -> bytes:
    """Return a figure as PDF, SVG or PNG.

    Args:
        figure: the figure, with its size in its layout.
        kind: ``pdf``, ``svg`` or ``png``.
        scale: pixels of a PNG per pixel of the figure.
        title: title of a PDF.

    Raises:
        ImportError: kaleido is missing.
        RuntimeError: a Chrome browser is missing.
    """
    from kaleido import calc_fig_sync

    basic = basic_fits() and {t.type for t in figure.data} <= DRAWN_BY_BASIC
    width, height = figure.layout.width or _SIZE[0], figure.layout.height or _SIZE[1]
    size = {"width": width, "height": height, "scale": scale}
    page = Page(basic=basic, title=title)
    options = {"page_generator": page}
    found: bytes = calc_fig_sync(figure.to_dict(), {"format": kind, **size}, kopts=options)
    return with_creator(found) if kind == "pdf" else found


def with_creator(pdf: bytes) -> bytes:
    """Return a PDF that names dse as its creator, instead of the browser.

    The entry keeps its length, because a PDF lists where its objects begin (ISO 32000-1, 7.5.4).
    """

    def named(entry: "re.Match[bytes]") -> bytes:
        ours = f"/Creator (dse {__version__})".encode()
        return ours.ljust(len(entry[0])) if len(ours) <= len(entry[0]) else entry[0]

    return re.sub(rb"/Creator \((?:\\.|[^\\()])*\)", named, pdf, count=1, flags=re.DOTALL)
