"""Figures for publications: at the width of a column, with a chosen size of letters."""

from collections.abc import Mapping
from pathlib import Path

import plotly.graph_objects as go

from dashboards.browser_pictures import picture_of
from dashboards.narrow import laid_out
from dashboards.png import with_dots
from dse.contracts.errors import ToolMissingError, UsageError

WIDTHS_MM: Mapping[str, float] = {"column": 86.0, "page": 178.0}
"""Widths of one column and of the page of most journals in two columns (APS: 86 and 178 mm)."""
KINDS = ("pdf", "svg", "png")
_PX_PER_MM, _PX_PER_PT = 96 / 25.4, 96 / 72  # of CSS, which browsers draw by


def for_paper(
    figure: go.Figure, width: str | float = "column", height_mm: float = 0.0, font_pt: float = 8.0
) -> go.Figure:
    """Return a copy of a figure with the size and the letters of a publication.

    Args:
        figure: any figure of `dse.plot`.
        width: ``column``, ``page``, or millimetres.
        height_mm: height in millimetres; 0 for what panels and legend need.
        font_pt: size of the letters in points.

    Raises:
        UsageError: a size is not known or not positive.
    """
    width_mm = _width_mm(width)
    if font_pt <= 0 or height_mm < 0:
        raise UsageError("sizes have to be positive", hint="such as font_pt=8, height_mm=60")
    copy = go.Figure(figure)
    copy.update_layout(paper_bgcolor="white", plot_bgcolor="white")
    return lettered(copy, width_mm * _PX_PER_MM, font_pt * _PX_PER_PT, height_mm * _PX_PER_MM)


def lettered(figure: go.Figure, width: float, letter: float, height: float = 0.0) -> go.Figure:
    """Lay a figure out anew, as `laid_out` does, and give all its texts one size of letters."""
    size = {"size": letter}
    figure.update_layout(font=size, legend_font=size, legend_title_font=size)
    figure.update_layout(coloraxis_colorbar_title_font=size)
    figure.update_xaxes(title_font=size, tickfont=size, automargin=True)
    figure.update_yaxes(title_font=size, tickfont=size, automargin=True)
    figure.update_annotations(font=size)
    return laid_out(figure, width, letter, height)


def _width_mm(width: str | float) -> float:
    found = WIDTHS_MM.get(width) if isinstance(width, str) else width
    if found is None or not found > 0:
        raise UsageError(
            f"{width!r} is no width", hint=f"{', '.join(WIDTHS_MM)}, or a number of millimetres"
        )
    return float(found)


def write(figure: go.Figure, file: Path, dpi: float = 300.0) -> None:
    """Write a figure as PDF, SVG or PNG, by the ending of the file.

    Args:
        figure: the figure, with its size in its layout.
        file: what to write.
        dpi: dots per inch of a PNG.

    Raises:
        UsageError: the ending is another one.
        ToolMissingError: the package kaleido or a Chrome browser is missing.
    """
    kind = file.suffix.removeprefix(".").lower()
    if kind not in KINDS:
        raise UsageError(f"'{file.name}' is no picture", hint=f"end it in .{', .'.join(KINDS)}")
    file.write_bytes(drawn(figure, kind, dpi, file.stem))


def drawn(figure: go.Figure, kind: str, dpi: float = 300.0, title: str = "dse") -> bytes:
    """Return a figure as PDF, SVG or PNG.

    Args:
        figure: the figure, with its size in its layout.
        kind: one of `KINDS`.
        dpi: dots per inch of a PNG.
        title: title of a PDF.

    Raises:
        ToolMissingError: the package kaleido or a Chrome browser is missing, or does not draw.
    """
    try:
        picture = picture_of(figure, kind, dpi / 96 if kind == "png" else 1, title)
    except _failures() as error:
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        hint = "pip install kaleido, and a Chrome or Chromium: apt-get install chromium"
        raise ToolMissingError(f"no picture can be drawn: {said}", hint=hint) from error
    return with_dots(picture, dpi) if kind == "png" else picture


def _failures() -> tuple[type[Exception], ...]:
    """Return what Plotly and kaleido raise where they cannot draw."""
    known = (ValueError, ImportError, RuntimeError, TimeoutError)
    try:
        from kaleido.errors import KaleidoError
    except ImportError:
        return known
    return (*known, KaleidoError)
